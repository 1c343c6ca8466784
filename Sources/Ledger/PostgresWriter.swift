import Glibc
import Native
import Synchronization

/// The one connection that writes, and what is done where it is lost.
///
/// A connection that is lost before COMMIT was sent has taken its transaction along, and the transaction runs
/// once more. One that is lost while COMMIT is under way leaves it open whether anything was written; so each
/// transaction leaves its number in `writers`, and the next connection looks it up, under the lock that the lost
/// one held until its end. Thus an answer is given once and is right. Where no server answers in time, the
/// caller is told that the write failed although it may not have: recorded again, outcomes come under a claim
/// that was given back and are late reports, messages and requests meet their unique keys, and work that was
/// handed out to nobody is handed out again once its claim ends.
final class PostgresWriter: Sendable {
    /// What a transaction that changed something is told on.
    static let channel = "sluice"
    /// How long a write that lost its connection is attended to. Short, because the moment for which it
    /// was decided passes, and its caller knows a newer one.
    private static let patience = Duration.seconds(5)

    /// The SQLSTATE of a statement about a table that is not there.
    private static let undefinedTable = "42P01"

    private enum Attempt<Value> {
        case committed(Value)
        case lost(PostgresError)
        case unknown(Value, write: Int64, PostgresError)
    }

    private let id: String
    private let thread: PostgresThread
    private let count = Atomic<Int64>(0)

    /// - Parameter id: Names this writer among those of the schema.
    init(_ address: PostgresAddress, id: String) {
        self.id = id
        thread = PostgresThread(to: address)
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws
        -> Value
    {
        try await thread.run { connection in
            let deadline = ContinuousClock.now + Self.patience
            while true {
                let failure: PostgresError
                switch try self.attempt(body, on: connection) {
                case .committed(let value): return value
                case .lost(let error): failure = error
                case .unknown(let value, let write, let error):
                    switch self.wasCommitted(write, on: connection, until: deadline) {
                    case true?: return value
                    case false?: failure = error
                    case nil: throw error
                    }
                }
                if ContinuousClock.now >= deadline { throw failure }
            }
        }
    }

    private func attempt<Value>(
        _ body: (any Transaction) throws -> Value,
        on connection: PostgresConnection
    ) throws -> Attempt<Value> {
        try connection.open()
        let write = count.add(1, ordering: .relaxed).newValue
        let value: Value
        do {
            try begin(on: connection)
            let transaction = PostgresTransaction(connection)
            value = try body(transaction)
            if transaction.changes > 0 { try mark(write, on: connection) }
        } catch {
            if !connection.isOpen, let error = error as? PostgresError { return .lost(error) }
            connection.rollback()
            throw error
        }
        do {
            let command = try connection.execute("COMMIT").command
            guard command == "COMMIT" else {
                throw LedgerError("the ledger: a transaction that had failed was to be committed")
            }
            return .committed(value)
        } catch let error as PostgresError where !connection.isOpen {
            return .unknown(value, write: write, error)
        }
    }

    private func begin(on connection: PostgresConnection) throws(PostgresError) {
        try connection.script(
            "BEGIN ISOLATION LEVEL READ COMMITTED; "
                + "SELECT pg_advisory_xact_lock(hashtext('sluice'), hashtext(current_schema()))"
        )
    }

    /// Leaves the number of the write, and tells the other workers once it is committed.
    private func mark(_ write: Int64, on connection: PostgresConnection) throws(PostgresError) {
        _ = try connection.execute(
            """
            WITH marked AS (INSERT INTO writers (id, last) VALUES ($1, $2)
                ON CONFLICT (id) DO UPDATE SET last = excluded.last, at = excluded.at RETURNING id)
            SELECT pg_notify('\(Self.channel)', current_schema() || ' ' || id) FROM marked
            """,
            [.text(id), .integer(write)]
        )
    }

    /// Whether a write was committed; nil where no server says so in time.
    private func wasCommitted(
        _ write: Int64,
        on connection: PostgresConnection,
        until deadline: ContinuousClock.Instant
    ) -> Bool? {
        repeat {
            do {
                try connection.open()
                try begin(on: connection)
                let rows = try connection.execute("SELECT last FROM writers WHERE id = $1", [.text(id)]).rows
                connection.rollback()
                return rows.first == [.integer(write)]
            } catch let error where error.code == .refused(Self.undefinedTable) {
                connection.rollback()
                // The first write of all makes the table, and went with it.
                return false
            } catch {
                connection.rollback()
                // On the connection's own thread, which has nothing else to do.
                usleep(50_000)
            }
        } while ContinuousClock.now < deadline
        return nil
    }
}

extension PostgresConnection {
    /// Ends a transaction without its changes. A connection that cannot do that is closed by the attempt.
    func rollback() {
        if isOpen { try? script("ROLLBACK") }
    }
}
