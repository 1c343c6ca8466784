import Native

/// The ledger of several workers: a PostgreSQL schema, in which one transaction writes at a time.
///
/// The ledger's operations read an endpoint whole, decide, and write it back, and one operation may concern
/// several endpoints; so two of them must not run side by side. Every write transaction begins by taking one
/// advisory lock of the schema, which orders them as SQLite does: nothing has to be tried again because of
/// another, no two can deadlock, claims need no `SKIP LOCKED`, and the journal's numbers are in the order of
/// the commits. What that costs is that the writes of all workers together are as fast as one connection;
/// as all outcomes of a turn are one write and effects take far longer, workers still add up. Write
/// transactions are READ COMMITTED: a statement's snapshot is newer than the lock, whereas REPEATABLE READ would
/// take its one snapshot before it has waited. Readers take no lock and see one snapshot.
final class PostgresStore: Store {
    private let address: PostgresAddress
    /// Names this store among the writers of the schema.
    private let id: String
    private let writer: PostgresWriter
    private let readers: PostgresReaders
    private let schema: String

    /// - Parameter connections: How many connections there may be, of which one writes; a worker has one more,
    ///   which listens.
    init(url: String, isWorker: Bool, connections: Int) async throws {
        let address: PostgresAddress
        do {
            address = try PostgresAddress(url)
        } catch {
            throw LedgerError("the ledger cannot be opened: \(error)")
        }
        self.address = address
        id = String((0..<16).compactMap { _ in "0123456789abcdef".randomElement() })
        writer = PostgresWriter(address, id: id)
        readers = PostgresReaders(address, count: max(connections - 1, 1))
        do {
            if isWorker { try await writer.write(Self.migrate) }
            schema = try await readers.read { try Self.schema(of: $0, at: address) }
        } catch let error as PostgresError {
            throw LedgerError("the ledger at \(address) cannot be opened: \(error)")
        }
    }

    let isShared = true

    func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws
        -> Value
    {
        try await Self.translating { try await readers.read(body) }
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws
        -> Value
    {
        try await Self.translating { try await writer.write(body) }
    }

    func changes() -> AsyncStream<Void> {
        let (own, others) = ("\(schema) \(id)", "\(schema) ")
        return PostgresNotices.stream(from: address, channel: PostgresWriter.channel) { payload in
            payload != own && payload.hasPrefix(others)
        }
    }

    /// Makes the tables that are missing. Workers that start together wait for each other at the lock.
    private static func migrate(_ transaction: any Transaction) throws {
        guard let transaction = transaction as? PostgresTransaction else { return }
        try transaction.script(PostgresSchema.own)
        let done = try transaction.rows("SELECT name FROM migrations").map { try $0.text("name") }
        for migration in Schema.migrations where !done.contains(migration.name) {
            try transaction.script(PostgresSchema.translate(migration.sql))
            try transaction.run("INSERT INTO migrations (name) VALUES (?)", migration.name)
        }
        // Nobody asks any more what became of a write of days ago.
        try transaction.run("DELETE FROM writers WHERE at < now() - interval '7 days'")
    }

    private static func schema(of transaction: any Transaction, at address: PostgresAddress) throws -> String
    {
        let row = try transaction.row(
            "SELECT current_schema()::text AS name, to_regclass(quote_ident(current_schema()) || '.migrations')::text AS made"
        )
        guard let schema = try row?.optionalText("name") else {
            throw LedgerError(
                "the ledger at \(address) cannot be opened: its search_path names no schema that exists"
            )
        }
        guard try row?.optionalText("made") != nil else {
            throw LedgerError(
                "there is no ledger at \(address); `sluice worker` with this --ledger makes one"
            )
        }
        return schema
    }

    private static func translating<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let error as PostgresError {
            throw LedgerError("the ledger: \(error)")
        }
    }
}
