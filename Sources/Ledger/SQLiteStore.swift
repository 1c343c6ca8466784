import Foundation
package import GRDB
import Glibc

/// The embedded ledger: one SQLite file in WAL mode, one worker at a time, any number of readers.
package final class SQLiteStore: Store {
    private let pool: DatabasePool
    /// The lock file's descriptor while this process is the ledger's worker, -1 for a reader.
    private let lock: Int32

    /// Opens the file, creating it and bringing its schema up to date where a worker asks for it.
    ///
    /// - Parameter isWorker: Takes the ledger's lock, so that two workers on one SQLite file are refused
    ///   rather than corrected: SQLite is the ledger of one machine.
    init(path: String, isWorker: Bool) throws {
        guard isWorker || FileManager.default.fileExists(atPath: path) else {
            throw LedgerError(
                "there is no ledger at \(path); `sluice worker --ledger sqlite:\(path)` makes one"
            )
        }
        let descriptor = isWorker ? try Self.lock(path + ".lock", ledger: path) : -1
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        configuration.publicStatementArguments = false
        // The command line and the worker read little; each further reader costs memory of its own.
        configuration.maximumReaderCount = 2
        configuration.prepareDatabase { database in
            // FULL makes a commit survive a power cut. Commits are grouped, so it is paid once a turn.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            // KiB of pages that a connection keeps. What it works with is small, and the kernel keeps the rest.
            try database.execute(sql: "PRAGMA cache_size = -512")
        }
        do {
            let opened = try DatabasePool(path: path, configuration: configuration)
            if isWorker { try Self.migrator.migrate(opened) }
            pool = opened
            lock = descriptor
        } catch {
            if descriptor >= 0 { close(descriptor) }
            throw LedgerError("the ledger at \(path) cannot be opened: \(Self.sentence(error))")
        }
    }

    deinit {
        if lock >= 0 { close(lock) }
    }

    private static func lock(_ path: String, ledger: String) throws -> Int32 {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LedgerError("the ledger at \(ledger) cannot be locked: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw LedgerError(
                "another worker uses the ledger at \(ledger). A SQLite ledger serves one worker; stop the other "
                    + "one, or give this one a ledger of its own."
            )
        }
        return descriptor
    }

    /// Brings a database's schema up to date.
    package static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for migration in Schema.migrations {
            migrator.registerMigration(migration.name) { try $0.execute(sql: migration.sql) }
        }
        return migrator
    }

    package func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value)
        async throws
        -> Value
    {
        try await Self.translating { try await self.pool.read { try body(SQLiteTransaction(database: $0)) } }
    }

    package func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value)
        async throws
        -> Value
    {
        // In a task of its own: whoever is cancelled still gets its last write recorded.
        try await Self.translating {
            try await Task { try await self.pool.write { try body(SQLiteTransaction(database: $0)) } }.value
        }
    }

    private static func translating<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch let error as DatabaseError {
            throw LedgerError("the ledger: \(sentence(error))")
        }
    }

    private static func sentence(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return String(describing: error) }
        return "\(error.message ?? "unknown") (SQLite \(error.extendedResultCode.rawValue))"
    }
}

/// Kept to the closure it is given to: a GRDB connection does not leave its queue.
package struct SQLiteTransaction: Transaction {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    package func run(_ sql: String, _ arguments: [any Storable]) throws -> Int {
        try database.cachedStatement(sql: sql).execute(
            arguments: StatementArguments(arguments.map(\.databaseValue))
        )
        return database.changesCount
    }

    package func rows(_ sql: String, _ arguments: [any Storable]) throws -> [Row] {
        let statement = try database.cachedStatement(sql: sql)
        return try GRDB.Row.fetchAll(statement, arguments: StatementArguments(arguments.map(\.databaseValue)))
            .map { row in
                Row(
                    columns: Dictionary(row.map { ($0, Stored($1)) }, uniquingKeysWith: { first, _ in first })
                )
            }
    }
}

extension Storable {
    fileprivate var databaseValue: DatabaseValue {
        switch stored {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .bytes(let value): Data(value).databaseValue
        }
    }
}

extension Stored {
    fileprivate init(_ value: DatabaseValue) {
        self =
            switch value.storage {
            case .null: .null
            case .int64(let value): .integer(value)
            case .double(let value): .text(String(value))
            case .string(let value): .text(value)
            case .blob(let value): .bytes([UInt8](value))
            }
    }
}
