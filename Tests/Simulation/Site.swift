import GRDB
import Ledger
import Promotion
import Worker

/// A ledger and the workers over it: one where a worker drives every account, and one more for each account
/// that has a queue of its own.
///
/// Like the world that it is of, it is touched on the thread of the world's loom alone.
final class Site: @unchecked Sendable {
    /// What its workers drive, and who they are.
    let part: Scene.Part
    let database: DatabaseQueue
    /// How many of its workers there are at a time.
    let staff: Int
    /// How far the rules have read the ledger.
    var lastVerified: Int64 = 0
    var lastRelease: Int64 = 0
    var lastRequest: Int64 = 0
    var lastEvidenceAt: Int64 = 0
    var lastSentAt: Int64 = 0

    init(_ part: Scene.Part, staff: Int) throws {
        self.part = part
        self.staff = staff
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        database = try DatabaseQueue(configuration: configuration)
        try SQLiteStore.migrator.migrate(database)
    }

    var settings: Settings { part.settings }

    func composes(_ endpoint: String) -> Bool {
        settings.plans.contains { $0.name == endpoint && $0.composes }
    }

    /// One transaction, all at once. GRDB's asynchronous ways would leave the loom.
    func transact<Value>(_ body: (any Transaction) throws -> Value) throws -> (Value, hasChanged: Bool) {
        try database.write { database in
            let before = database.totalChangesCount
            let value = try body(SQLiteTransaction(database: database))
            return (value, database.totalChangesCount != before)
        }
    }

    /// Changes the ledger behind its back.
    func plant(_ sql: String) throws { try database.write { try $0.execute(sql: sql) } }
}
