/// The seam between what the ledger means and the database that keeps it.
///
/// The SQL above it is the common ground of SQLite and PostgreSQL: `?` placeholders in order, `ON
/// CONFLICT`, no functions of either. An engine gives transactions; the ledger gives the statements.
package protocol Store: Sendable {
    /// Runs the body in a transaction that sees one snapshot and changes nothing.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws
        -> Value
    /// Runs the body in a transaction that is committed when it returns and rolled back when it throws.
    func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws
        -> Value
    /// Whether other workers may write here at the same time.
    var isShared: Bool { get }
    /// An element whenever another worker has changed something; ends at once where there is no other.
    func changes() -> AsyncStream<Void>
}

extension Store {
    package var isShared: Bool { false }

    package func changes() -> AsyncStream<Void> {
        AsyncStream { $0.finish() }
    }
}

/// One transaction, on the engine's own thread.
package protocol Transaction {
    /// Runs a statement and answers how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: [any Storable]) throws -> Int
    func rows(_ sql: String, _ arguments: [any Storable]) throws -> [Row]
}

extension Transaction {
    @discardableResult
    func run(_ sql: String, _ arguments: (any Storable)?...) throws -> Int {
        try run(sql, arguments.map { $0 ?? Null() })
    }

    func rows(_ sql: String, _ arguments: (any Storable)?...) throws -> [Row] {
        try rows(sql, arguments.map { $0 ?? Null() })
    }

    func row(_ sql: String, _ arguments: (any Storable)?...) throws -> Row? {
        try rows(sql, arguments.map { $0 ?? Null() }).first
    }
}

/// A value that both engines can hold.
package protocol Storable: Sendable {
    var stored: Stored { get }
}

package enum Stored: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
}

struct Null: Storable {
    var stored: Stored { .null }
}

extension String: Storable {
    package var stored: Stored { .text(self) }
}

extension Int: Storable {
    package var stored: Stored { .integer(Int64(self)) }
}

extension Int64: Storable {
    package var stored: Stored { .integer(self) }
}

extension [UInt8]: Storable {
    package var stored: Stored { .bytes(self) }
}

/// One row of an answer, by column name.
package struct Row: Sendable {
    let columns: [String: Stored]

    package init(columns: [String: Stored]) {
        self.columns = columns
    }

    func text(_ name: String) throws -> String {
        guard case .text(let value) = columns[name] else { throw unexpected(name) }
        return value
    }

    func optionalText(_ name: String) throws -> String? {
        columns[name] == .null ? nil : try text(name)
    }

    func integer(_ name: String) throws -> Int64 {
        guard case .integer(let value) = columns[name] else { throw unexpected(name) }
        return value
    }

    func optionalInteger(_ name: String) throws -> Int64? {
        columns[name] == .null ? nil : try integer(name)
    }

    func bytes(_ name: String) throws -> [UInt8] {
        guard case .bytes(let value) = columns[name] else { throw unexpected(name) }
        return value
    }

    private func unexpected(_ name: String) -> LedgerError {
        LedgerError(
            "the ledger holds something unexpected in column \(name); was it written by another version?"
        )
    }
}

/// The ledger could not be opened, read or written. The sentence never holds an SQL argument.
public struct LedgerError: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
