#include <libpq-fe.h>

// The names of an error's fields are macros of characters, which Swift does not see.

static inline const char *sluice_pq_state(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static inline const char *sluice_pq_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

// libpq prints notices to standard error unless it is given somebody else to tell.

static inline void sluice_pq_ignore(void *context, const PGresult *result) {}

static inline void sluice_pq_ignore_notices(PGconn *connection) {
    PQsetNoticeReceiver(connection, sluice_pq_ignore, 0);
}
