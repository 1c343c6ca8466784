import Testing

@testable import Worker

@Suite struct CSVTests {
    @Test(
        arguments: [
            ("", []), ("\n\r\n", []), ("a", [["a"]]), ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
            ("a,b\r\n\r\nc,d", [["a", "b"], ["c", "d"]]), ("a,\n,b", [["a", ""], ["", "b"]]),
            (",", [["", ""]]),
            ("\"a,\"\"b\"\"\r\nc\",d", [["a,\"b\"\r\nc", "d"]]), ("\"\"", [[""]]),
            ("\"\",\"\"\n", [["", ""]]),
            ("\u{FEFF}a,b", [["a", "b"]]), (" a , b ", [[" a ", " b "]]), ("a\rb,é", [["a\rb", "é"]]),
        ] as [(String, [[String]])]
    )
    func recordsAreRead(_ text: String, _ records: [[String]]) throws {
        #expect(try Self.read(Array(text.utf8)).map(\.fields) == records)
    }

    /// A person looks for the line in an editor, where a quoted line end counts.
    @Test func linesAreCountedAsEditorsDo() throws {
        let records = try Self.read(Array("a\r\n\n\"b\nc\"\nd".utf8))
        #expect(records.map(\.line) == [1, 3, 5])
    }

    @Test(
        arguments: [
            (Array("a\n\"b\nc".utf8), 2, "a quoted field does not end"),
            (Array("a\n\"b\"c".utf8), 2, "more follows a quoted field"),
            (Array("a,b\"c\"".utf8), 1, "a quote stands in a field that does not begin with one"),
            ([0x61, 0x0A, 0xFF], 2, "the text is not UTF-8"),
        ] as [([UInt8], Int, String)]
    )
    func whatIsNoCSVIsRefused(_ bytes: [UInt8], _ line: Int, _ what: String) {
        #expect(throws: CSVReader.Malformed(line: line, what: what)) { try Self.read(bytes) }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let fields = ["", "1.5", "a,b", "say \"so\"", "two\nlines", " x "]
        let line = CSVReader.line(of: fields)
        #expect(line == ",1.5,\"a,b\",\"say \"\"so\"\"\",\"two\nlines\", x ")
        #expect(try Self.read(Array(line.utf8)).map(\.fields) == [fields])
    }

    private static func read(_ bytes: [UInt8]) throws -> [CSVReader.Record] {
        var reader = CSVReader(bytes)
        var records: [CSVReader.Record] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }
}
