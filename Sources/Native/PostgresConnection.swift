import CPostgres
import Glibc

/// One connection to a PostgreSQL server, which is opened when it is needed and opened again when it was lost.
///
/// It blocks its thread and is used by one thread alone: see `PostgresThread`.
public final class PostgresConnection {
    /// How long the server may take for one statement before it gives it up by itself.
    public static let statementTimeout = Duration.seconds(10)
    /// How long it is waited for an answer: longer than the server's own limit, so that silence means that the
    /// connection is dead.
    static let patience = Duration.seconds(15)
    /// The longest pause between two attempts to connect.
    static let ceiling = Duration.seconds(2)

    private let address: PostgresAddress
    /// libpq's connection while there is one.
    private var handle: OpaquePointer?
    /// The names of the statements that are prepared on this connection, by their text.
    private var statements: [String: String] = [:]
    private var failures = 0
    private var retryAt = ContinuousClock.now
    private var lastFailure: PostgresError?

    init(to address: PostgresAddress) {
        self.address = address
    }

    deinit { close() }

    public var isOpen: Bool { handle != nil }

    public func close() {
        PQfinish(handle)
        handle = nil
        statements = [:]
    }

    /// Connects if there is no connection.
    ///
    /// - Throws: Soon after an attempt that failed what that one threw, so that a server that is down is not
    ///   asked by every caller: each pause is twice the last one.
    public func open() throws(PostgresError) {
        guard handle == nil else { return }
        if let lastFailure, ContinuousClock.now < retryAt { throw lastFailure }
        do throws(PostgresError) {
            try connect()
            failures = 0
            lastFailure = nil
        } catch {
            close()
            failures += 1
            lastFailure = error
            retryAt = .now + min(.milliseconds(50) * (1 << min(failures, 10)), Self.ceiling)
            throw error
        }
    }

    /// Parameters are given by keyword, and the URL is one of them, which libpq takes apart: what stands before
    /// it holds where the URL says nothing, what stands after it holds in any case. See
    /// [PQconnectdbParams](https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PQCONNECTDBPARAMS).
    private func connect() throws(PostgresError) {
        let parameters = [
            ("connect_timeout", "5"), ("fallback_application_name", "sluice"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "15000"),
            ("dbname", address.url), ("client_encoding", "UTF8"),
        ]
        let words = (parameters.map(\.0) + parameters.map(\.1)).map { strdup($0) }
        defer { words.forEach { free($0) } }
        let keywords = words.prefix(parameters.count).map { UnsafePointer($0) } + [nil]
        let values = words.suffix(parameters.count).map { UnsafePointer($0) } + [nil]
        // libpq speaks TLS with it.
        guard OpenSSL.isReady else { throw PostgresError(.couldNotConnect, "OpenSSL could not begin") }
        handle = PQconnectdbParams(keywords, values, 1)
        guard let handle, PQstatus(handle) == CONNECTION_OK else {
            throw PostgresError(.couldNotConnect, message())
        }
        sluice_pq_ignore_notices(handle)
        let encoding = PQparameterStatus(handle, "server_encoding").map { String(cString: $0) } ?? "unknown"
        guard encoding == "UTF8", PQsetnonblocking(handle, 1) == 0 else {
            throw PostgresError(
                .couldNotConnect,
                "the database at \(address) is of encoding \(encoding); create one of encoding UTF8"
            )
        }
        // A client that is paused or cut off in a transaction does not hold its locks for longer than a
        // statement may take, and a commit that was answered survives a power cut.
        let limit = "\(Self.statementTimeout.components.seconds * 1000)"
        _ = try execute(
            """
            SELECT set_config('statement_timeout', $1, false),
                set_config('idle_in_transaction_session_timeout', $1, false),
                set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                    WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
            """,
            [.text(limit)]
        )
    }

    /// Runs a statement, which is prepared once per connection. Arguments are never part of its text.
    public func execute(_ sql: String, _ arguments: [PostgresValue] = []) throws(PostgresError)
        -> PostgresAnswer
    {
        let name = try prepare(sql)
        let packed = try PostgresArguments(arguments)
        let results = try ask { handle in
            packed.withPointers { PQsendQueryPrepared(handle, name, packed.count, $0, $1, $2, 1) }
        }
        guard let result = results.last else { throw lose() }
        return try PostgresAnswer(result)
    }

    /// Runs several statements without arguments, separated by semicolons; what they answer is not read.
    public func script(_ sql: String) throws(PostgresError) {
        _ = try ask { PQsendQuery($0, sql) }
    }

    private func prepare(_ sql: String) throws(PostgresError) -> String {
        if let name = statements[sql] { return name }
        // A statement with a list in it has a text for each length; more than these are nobody's habit.
        if statements.count >= 1000 {
            try script("DEALLOCATE ALL")
            statements = [:]
        }
        let name = "s\(statements.count)"
        _ = try ask { PQsendPrepare($0, name, sql, 0, nil) }
        statements[sql] = name
        return name
    }

    // MARK: Asking and waiting

    /// Sends something and reads all answers to it. Whatever fails below the SQL closes the connection.
    private func ask(_ send: (OpaquePointer) -> Int32) throws(PostgresError) -> [PostgresResult] {
        guard let handle, send(handle) == 1 else { throw lose() }
        let deadline = ContinuousClock.now + Self.patience
        var results: [PostgresResult] = []
        try flush(handle, until: deadline)
        while true {
            while PQisBusy(handle) == 1 {
                try wait(handle, for: POLLIN, until: deadline)
                guard PQconsumeInput(handle) == 1 else { throw lose() }
            }
            guard let result = PQgetResult(handle) else { break }
            results.append(PostgresResult(result))
        }
        let error = results.lazy.compactMap(\.error).first
        guard PQstatus(handle) == CONNECTION_OK else { throw lose(error) }
        if let error {
            // Plans of before a migration, and a server that has become a standby: a new connection knows better.
            if [.refused("0A000"), .refused("25006")].contains(error.code) { close() }
            throw error
        }
        return results
    }

    private func flush(_ handle: OpaquePointer, until deadline: ContinuousClock.Instant) throws(PostgresError)
    {
        while true {
            let left = PQflush(handle)
            if left == 0 { return }
            guard left == 1 else { throw lose() }
            // A server that cannot go on sending to us stops reading.
            if try wait(handle, for: POLLIN | POLLOUT, until: deadline) & POLLIN != 0,
                PQconsumeInput(handle) != 1
            {
                throw lose()
            }
        }
    }

    @discardableResult
    private func wait(_ handle: OpaquePointer, for events: Int32, until deadline: ContinuousClock.Instant)
        throws(PostgresError) -> Int32
    {
        var waiting = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
        while true {
            let left = (deadline - .now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            let count = poll(&waiting, 1, Int32(clamping: max(milliseconds, 0)))
            if count > 0 { return Int32(waiting.revents) }
            guard count < 0, errno == EINTR else {
                throw lose(PostgresError(.lost, "\(address) fell silent"))
            }
        }
    }

    private func lose(_ reason: PostgresError? = nil) -> PostgresError {
        let said = reason?.description ?? message()
        close()
        return PostgresError(.lost, "the connection to \(address) was lost: \(said)")
    }

    /// What libpq says of the connection, on one line.
    private func message() -> String {
        guard let handle else { return "there is none" }
        let lines = String(cString: PQerrorMessage(handle)).split(separator: "\n")
        return lines.isEmpty ? "for no known reason" : address.redact(lines.joined(separator: "; "))
    }

    // MARK: Notices

    /// Waits until the server sends something or the other descriptor can be read, and answers the payloads of
    /// the notices that came.
    func notices(orReadable stop: Int32) throws(PostgresError) -> [String] {
        guard let handle else { throw lose() }
        var waiting = [
            pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0),
            pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&waiting, 2, -1)
        guard PQconsumeInput(handle) == 1 else { throw lose() }
        var payloads: [String] = []
        while let notice = PQnotifies(handle) {
            payloads.append(String(cString: notice.pointee.extra))
            PQfreemem(notice)
        }
        return payloads
    }
}
