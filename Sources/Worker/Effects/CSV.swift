/// Reads CSV as RFC 4180 writes it, record by record. Lines without a byte are skipped.
///
/// See [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180).
struct CSVReader {
    /// One line of values; it is longer than a line of text where a quoted field holds line ends.
    struct Record: Equatable {
        /// The line it begins on, counted from 1.
        let line: Int
        let fields: [String]
    }

    /// What is no CSV, and on which line.
    struct Malformed: Error, Equatable, CustomStringConvertible {
        let line: Int
        let what: String

        var description: String { "line \(line): \(what)" }
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let newline = UInt8(ascii: "\n")
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: Self.byteOrderMark) { index = Self.byteOrderMark.count }
    }

    /// The next record, or nil after the last.
    mutating func next() throws(Malformed) -> Record? {
        while endLine() {}
        guard index < bytes.count else { return nil }
        let start = line
        var fields = [try field()]
        while index < bytes.count, bytes[index] == Self.comma {
            index += 1
            fields.append(try field())
        }
        _ = endLine()
        return Record(line: start, fields: fields)
    }

    /// How many bytes the line end here has; 0 where there is none.
    private var lineEnd: Int {
        if bytes[index...].starts(with: [Self.newline]) { return 1 }
        return bytes[index...].starts(with: [UInt8(ascii: "\r"), Self.newline]) ? 2 : 0
    }

    private var isFieldEnd: Bool { index == bytes.count || bytes[index] == Self.comma || lineEnd > 0 }

    private mutating func endLine() -> Bool {
        let length = lineEnd
        guard length > 0 else { return false }
        index += length
        line += 1
        return true
    }

    private mutating func field() throws(Malformed) -> String {
        if index < bytes.count, bytes[index] == Self.quote { return try quotedField() }
        let start = index
        while !isFieldEnd {
            guard bytes[index] != Self.quote else {
                throw Malformed(line: line, what: "a quote stands in a field that does not begin with one")
            }
            index += 1
        }
        return try text(bytes[start..<index])
    }

    private mutating func quotedField() throws(Malformed) -> String {
        let start = line
        var content: [UInt8] = []
        index += 1
        while true {
            guard index < bytes.count else {
                throw Malformed(line: start, what: "a quoted field does not end")
            }
            let byte = bytes[index]
            index += 1
            if byte == Self.quote {
                guard index < bytes.count, bytes[index] == Self.quote else { break }
                index += 1
            }
            if byte == Self.newline { line += 1 }
            content.append(byte)
        }
        guard isFieldEnd else { throw Malformed(line: line, what: "more follows a quoted field") }
        return try text(content[...])
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Malformed(line: line, what: "the text is not UTF-8")
        }
        return text
    }

    /// The fields as one line, without its end.
    static func line(of fields: [String]) -> String {
        fields.map { field in
            let isPlain = !field.utf8.contains { [quote, comma, newline, UInt8(ascii: "\r")].contains($0) }
            return isPlain ? field : "\"\(field.replacing("\"", with: "\"\""))\""
        }.joined(separator: ",")
    }
}
