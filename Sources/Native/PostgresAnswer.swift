import CPostgres

/// A value of a statement or of its answer.
public enum PostgresValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
}

/// What the server answered to one statement.
public struct PostgresAnswer: Sendable {
    public let columns: [String]
    public let rows: [[PostgresValue]]
    /// How many rows the statement inserted, changed or deleted.
    public let changed: Int
    /// What was done: `COMMIT`, or `ROLLBACK` where a transaction that had failed was to be committed.
    public let command: String

    init(_ result: PostgresResult) throws(PostgresError) {
        let pointer = result.pointer
        let width = PQnfields(pointer)
        columns = (0..<width).map { String(cString: PQfname(pointer, $0)) }
        var rows: [[PostgresValue]] = []
        for row in 0..<PQntuples(pointer) {
            var values: [PostgresValue] = []
            for column in 0..<width { values.append(try Self.value(pointer, row, column)) }
            rows.append(values)
        }
        self.rows = rows
        changed = Int(String(cString: PQcmdTuples(pointer))) ?? 0
        command = String(cString: PQcmdStatus(pointer))
    }

    /// Values come in their binary form: integers big-endian, texts and bytes as they are. The numbers of the
    /// types are those of [pg_type](https://www.postgresql.org/docs/15/catalog-pg-type.html).
    private static func value(_ result: OpaquePointer, _ row: Int32, _ column: Int32)
        throws(PostgresError) -> PostgresValue
    {
        guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else {
            return .null
        }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
        return switch (PQftype(result, column), bytes.count) {
        case (20, 8): .integer(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
        case (21, 2): .integer(Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self))))
        case (23, 4): .integer(Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))))
        case (17, _): .bytes([UInt8](bytes))
        // name, text, unknown, varchar, void
        case (19, _), (25, _), (705, _), (1043, _), (2278, _): .text(String(decoding: bytes, as: UTF8.self))
        default: throw PostgresError(.value, "a column is of a type that is not read here")
        }
    }
}

/// Owns a result of libpq's.
final class PostgresResult {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { PQclear(pointer) }

    /// What the server said, where it said no.
    var error: PostgresError? {
        switch PQresultStatus(pointer) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: nil
        default:
            PostgresError(
                state: Self.text(sluice_pq_state(pointer)) ?? "XX000",
                message: Self.text(sluice_pq_message(pointer)) ?? "the server gave no reason"
            )
        }
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}
