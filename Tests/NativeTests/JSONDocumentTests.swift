import Native
import Testing

@Suite struct JSONDocumentTests {
    @Test(arguments: [
        ("null", JSONValue.null),
        (" true\n", .bool(true)),
        ("0", .int(0)),
        ("-0", .int(0)),
        ("9223372036854775807", .int(.max)),
        ("-9223372036854775808", .int(.min)),
        ("1.5", .number(1.5)),
        ("-1E-2", .number(-0.01)),
        ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
        (#""a\u0000b""#, .string("a\0b")),
        (#""\ud83d\ude00 \u00e9 \/ \b""#, .string("😀 é / \u{8}")),
        ("\"\u{7f} \u{2028}\"", .string("\u{7f} \u{2028}")),
        ("[]", .array([])),
        ("{}", .object([:])),
        (
            #"{"a": [1, {"b": null}], "": "x"}"#,
            .object(["a": .array([.int(1), .object(["b": .null])]), "": .string("x")])
        ),
    ])
    func reads(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONDocument(parsing: Array(text.utf8)).root == value)
    }

    @Test(arguments: [
        ("", JSONError.Code.malformed), (" ", .malformed), ("{", .malformed), ("[1,]", .malformed),
        (#"{"a":1,}"#, .malformed), (#"{"a" 1}"#, .malformed), ("{a:1}", .malformed), ("['a']", .malformed),
        ("True", .malformed), ("NULL", .malformed), ("nul", .malformed), ("tru e", .malformed),
        ("/* c */ 1", .malformed), ("1 // c", .malformed), ("\"a", .malformed), (#""\x41""#, .malformed),
        (#""\u12g4""#, .malformed), (#""\u12"#, .malformed), ("\"a\nb\"", .malformed),
        ("\"\u{1}\"", .malformed),
        ("[1 2]", .malformed), ("\u{feff}1", .malformed), ("1\0", .malformed),
        ("1 2", .trailing), ("{} x", .trailing), ("[]]", .trailing), ("null,", .trailing),
        ("NaN", .number), ("[Infinity]", .number), ("-Infinity", .number), ("nan", .malformed),
        ("01", .number), ("-", .number), ("1.", .number), ("1e", .number), ("-01", .number),
        ("1e999", .number), ("-1e999", .number), ("9223372036854775808", .number),
        ("18446744073709551616", .number), ("-9223372036854775809", .number), ("+1", .malformed),
        (".5", .malformed), ("0x10", .trailing),
        (#""\ud800""#, .text), (#""\udc00x""#, .text), (#""\ud800\u0041""#, .text),
        (#"{"a\u0000b": 1}"#, .text),
        (#"{"a":1,"a":2}"#, .duplicateKey), (#"[{"x":{"a":[],"a":[]}}]"#, .duplicateKey),
        (#"{"a":{"b":1},"a":{"c":2}}"#, .duplicateKey), (#"{"a":1,"\u0061":2}"#, .duplicateKey),
        ("{\"\u{e9}\":1,\"e\u{301}\":2}", .duplicateKey),
    ])
    func refuses(_ text: String, _ code: JSONError.Code) {
        let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(text.utf8)) }
        #expect(error?.code == code)
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22],
        ] as [[UInt8]]
    )
    func refusesBytesThatAreNoUTF8(_ bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: bytes) }
        #expect(error?.code == .text)
    }

    @Test func saysWhereItStopped() {
        let error = #expect(throws: JSONError.self) {
            try JSONDocument(parsing: Array(#"{"a": [1, 2 3]}"#.utf8))
        }
        #expect(error == JSONError(.malformed, at: 12))
        #expect(error?.description == "not valid JSON at byte 12")
    }

    @Test func boundsDepthAndSize() throws {
        let limits = JSONLimits(bytes: 100, depth: 3)
        #expect(throws: Never.self) { try JSONDocument(parsing: Array("[[[1]]]".utf8), limits: limits) }
        #expect(throws: JSONError(.tooDeep, at: 3)) {
            try JSONDocument(parsing: Array("[[[[1]]]]".utf8), limits: limits)
        }
        #expect(throws: JSONError(.tooDeep, at: 3)) {
            try JSONDocument(parsing: Array("[[[[]]]]".utf8), limits: limits)
        }
        let large = [UInt8](repeating: 0x20, count: 100) + Array("1".utf8)
        #expect(throws: JSONError(.tooLarge, at: 100)) { try JSONDocument(parsing: large, limits: limits) }
        #expect(throws: JSONError.self) {
            try JSONDocument(parsing: Array(String(repeating: "[", count: 100_000).utf8))
        }
    }

    /// RFC 6901 section 5.
    @Test(
        arguments: [
            ("", nil), ("/foo/0", .string("bar")), ("/", .int(0)), ("/a~1b", .int(1)), ("/c%d", .int(2)),
            ("/ ", .int(7)), ("/m~0n", .int(8)), ("/foo/2", .absent), ("/foo/-", .absent),
            ("/foo/00", .absent),
            ("/x", .absent), ("/foo/0/x", .absent), ("/nothing", .null),
        ] as [(String, JSONValue?)]
    )
    func followsPointers(_ pointer: String, _ expected: JSONValue?) throws {
        let document = try JSONDocument(
            parsing: Array(
                #"{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, " ": 7, "m~n": 8, "nothing": null}"#.utf8
            )
        )
        let found = try document.value(at: pointer)
        #expect(found == (expected == .absent ? nil : expected ?? document.root))
    }

    @Test(arguments: ["a", "a/b", "/~", "/~2", "/a~", "/a\0"])
    func refusesWhatIsNoPointer(_ pointer: String) throws {
        let document = try JSONDocument(parsing: Array("{}".utf8))
        #expect(throws: JSONError.self) { try document.value(at: pointer) }
    }

    @Test func pointsIntoNull() throws {
        let document = try JSONDocument(parsing: Array("null".utf8))
        #expect(try document.value(at: "") == .null)
        #expect(try document.value(at: "/a") == nil)
    }

    @Test func accessorsFitTheirCases() {
        let value = JSONValue.object(["a": .array([.int(3), .number(0.5), .string("s"), .bool(false)])])
        #expect(value["a"]?[0]?.number == 3)
        #expect(value["a"]?[0]?.int == 3)
        #expect(value["a"]?[1]?.int == nil)
        #expect(value["a"]?[2]?.string == "s")
        #expect(value["a"]?[3]?.bool == false)
        #expect(value["a"]?[4] == nil)
        #expect(value[0] == nil)
    }
}

extension JSONValue {
    /// Stands for "nothing there" in a table of expectations.
    fileprivate static let absent = JSONValue.string("<absent>")
}
