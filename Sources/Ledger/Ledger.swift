import Foundation
import Native
public import Promotion

/// The durable record of everything that happened and everything still owed.
///
/// Each public operation is one transaction: it reads the state of the endpoints concerned, lets the
/// core draw the consequences, and writes the new state, what is owed and the journal together.
public struct Ledger: Sendable {
    let store: any Store
    let plans: [String: EndpointPlan]
    let pace: Pace
    let announces: Bool

    /// Opens a ledger.
    ///
    /// - Parameters:
    ///   - url: `sqlite:PATH` or `postgresql://…`.
    ///   - plans: The endpoints of the accounts folder; empty for a reader, which decides nothing, and for a worker
    ///     that does not know them yet.
    ///   - isWorker: Whether to create, migrate and lock the ledger. A reader only reads.
    ///   - announces: Whether decisions are kept for announcing on a bus.
    ///   - connections: How many connections to a PostgreSQL ledger there may be.
    /// - Throws: `LedgerError` where the URL means nothing or the database cannot be opened.
    public static func open(
        _ url: String,
        plans: [EndpointPlan] = [],
        pace: Pace = Pace(),
        isWorker: Bool = false,
        announces: Bool = false,
        connections: Int = 4
    ) async throws -> Ledger {
        let store: any Store
        if url.hasPrefix("sqlite:"), url.count > "sqlite:".count {
            store = try SQLiteStore(path: String(url.dropFirst("sqlite:".count)), isWorker: isWorker)
        } else if url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") {
            store = try await PostgresStore(url: url, isWorker: isWorker, connections: connections)
        } else {
            // What was meant for a URL may hold a password.
            let shown = url.contains("@") ? "this" : url
            throw LedgerError("\(shown) is no ledger; a ledger is named sqlite:PATH or postgresql://…")
        }
        let ledger = Ledger(store, plans: plans, pace: pace, announces: announces)
        if isWorker { try await ledger.start() }
        return ledger
    }

    /// The same ledger for a worker that begins anew with other plans.
    public func begun(with plans: [EndpointPlan]) async throws -> Ledger {
        let ledger = Ledger(store, plans: plans, pace: pace, announces: announces)
        try await ledger.start()
        return ledger
    }

    /// A ledger in a store that is open and has the schema. A worker begins with `start()`.
    package init(_ store: any Store, plans: [EndpointPlan], pace: Pace = Pace(), announces: Bool = false) {
        self.store = store
        self.plans = Dictionary(plans.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.pace = pace
        self.announces = announces
    }

    /// An element whenever another worker on the same ledger has changed something.
    public func changes() -> AsyncStream<Void> { store.changes() }

    /// Makes a row for every endpoint and gives back the claims of a worker that was killed: holding the lock
    /// of a ledger that serves one worker proves that it is gone. On a shared ledger the claims may be those of
    /// one that lives; there the claims of a dead one end by themselves.
    package func start() async throws {
        try await store.write { transaction in
            for name in plans.keys.sorted() {
                try transaction.run("INSERT INTO endpoints (name) VALUES (?) ON CONFLICT DO NOTHING", name)
                // Settings may have changed while nobody worked, so every endpoint is decided anew.
                try transaction.run("UPDATE endpoints SET due_at = 0 WHERE name = ?", name)
            }
            if store.isShared { return }
            try transaction.run(
                "UPDATE attempts SET claimant = NULL, claim_until = NULL WHERE claimant IS NOT NULL"
            )
            try transaction.run("UPDATE looks SET claim_until = NULL")
            try transaction.run("UPDATE alarm_watches SET claim_until = NULL")
        }
    }

    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw LedgerError(
                "the ledger holds a \(Value.self) that cannot be read: was it written by another version?"
            )
        }
    }

    static func moment(_ milliseconds: Int64) -> Moment { Moment(milliseconds: milliseconds) }
}
