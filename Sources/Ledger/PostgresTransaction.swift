import Native

/// The ledger's statements on a PostgreSQL connection, kept to the thread that the connection is used on.
final class PostgresTransaction: Transaction {
    private let connection: PostgresConnection
    /// How many rows were changed so far.
    private(set) var changes = 0

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    func run(_ sql: String, _ arguments: [any Storable]) throws -> Int {
        try execute(sql, arguments).changed
    }

    func rows(_ sql: String, _ arguments: [any Storable]) throws -> [Row] {
        let answer = try execute(sql, arguments)
        return answer.rows.map { values in
            let columns = zip(answer.columns, values.map(Stored.init))
            return Row(columns: Dictionary(columns, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// Runs statements that are written here and take no arguments.
    func script(_ sql: String) throws {
        try connection.script(sql)
    }

    private func execute(_ sql: String, _ arguments: [any Storable]) throws -> PostgresAnswer {
        let answer = try connection.execute(Self.numbered(sql), arguments.map(\.postgresValue))
        // An INSERT may answer with rows, and a SELECT counts those it found.
        if !answer.command.hasPrefix("SELECT") { changes += answer.changed }
        return answer
    }

    /// The statement with `$1`, `$2`, … in place of each `?` that is not within quotes.
    static func numbered(_ sql: String) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(sql.utf8.count + 32)
        var quote: UInt8?
        var count = 0
        for byte in sql.utf8 {
            if byte == quote {
                // A doubled quote ends a text and begins it again, which comes to the same.
                quote = nil
            } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if quote == nil, byte == UInt8(ascii: "?") {
                count += 1
                text += "$\(count)".utf8
                continue
            }
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Storable {
    fileprivate var postgresValue: PostgresValue {
        switch stored {
        case .null: .null
        case .integer(let value): .integer(value)
        // PostgreSQL holds no NUL in a text. What people send must not stop the ledger, so it is shown as
        // what it is: a character that cannot be represented.
        case .text(let value): .text(value.utf8.contains(0) ? value.replacing("\0", with: "\u{FFFD}") : value)
        case .bytes(let value): .bytes(value)
        }
    }
}

extension Stored {
    fileprivate init(_ value: PostgresValue) {
        self =
            switch value {
            case .null: .null
            case .integer(let value): .integer(value)
            case .text(let value): .text(value)
            case .bytes(let value): .bytes(value)
            }
    }
}
