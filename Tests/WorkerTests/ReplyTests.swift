import Testing

@testable import Worker

/// Whether a model's answer is what its smoke test expects.
@Suite struct ReplyTests {
    private static let reply =
        #"{"score":0.5,"count":3,"name":"de","ok":true,"no":false,"nothing":null,"list":[{"a/b":1}],"":7}"#

    @Test(
        arguments: [
            ("/score", .between(low: 0.5, high: 0.5)), ("/score", .between(low: 0, high: 1)),
            ("/count", .between(low: 2.5, high: 3)), ("/score", .equals(.number(0.5))),
            ("/count", .equals(.number(3))), ("/name", .equals(.text("de"))), ("/ok", .equals(.flag(true))),
            ("/no", .equals(.flag(false))), ("/list/0/a~1b", .equals(.number(1))), ("/", .equals(.number(7))),
        ] as [(String, SmokeTest.Expectation.Check)]
    )
    func aGoodAnswerDisappointsNobody(_ pointer: String, _ check: SmokeTest.Expectation.Check) {
        #expect(Self.disappointment(Self.reply, .pointer(pointer), check) == nil)
    }

    @Test(
        arguments: [
            ("/score", .between(low: 0.6, high: 1), "answered 0.5 at /score, and 0.6 to 1.0 is expected"),
            ("/score", .between(low: 0, high: 0.4), "answered 0.5 at /score, and 0.0 to 0.4 is expected"),
            ("/name", .between(low: 0, high: 1), "has no number at /name, but `de`"),
            ("/ok", .between(low: 0, high: 1), "has no number at /ok, but true"),
            ("/nothing", .between(low: 0, high: 1), "has no number at /nothing, but null"),
            ("/list", .between(low: 0, high: 1), "has no number at /list, but an array"),
            ("/missing", .between(low: 0, high: 1), "has nothing at /missing"),
            ("/list/1", .equals(.number(1)), "has nothing at /list/1"),
            ("/name/x", .equals(.number(1)), "has nothing at /name/x"),
            ("/name", .equals(.text("fr")), "answered `de` at /name, and `fr` is expected"),
            ("/count", .equals(.text("3")), "answered 3 at /count, and `3` is expected"),
            ("/score", .equals(.number(0.25)), "answered 0.5 at /score, and 0.25 is expected"),
            ("/name", .equals(.number(1)), "answered `de` at /name, and 1.0 is expected"),
            ("/ok", .equals(.flag(false)), "answered true at /ok, and false is expected"),
            ("/count", .equals(.flag(true)), "answered 3 at /count, and true is expected"),
            ("/nothing", .equals(.flag(false)), "answered null at /nothing, and false is expected"),
        ] as [(String, SmokeTest.Expectation.Check, String)]
    )
    func aBadAnswerIsSaid(_ pointer: String, _ check: SmokeTest.Expectation.Check, _ sentence: String) {
        #expect(Self.disappointment(Self.reply, .pointer(pointer), check) == sentence)
    }

    /// CSV has no types, so that a field is whatever it is compared with.
    @Test(
        arguments: [
            (0, .equals(.number(0.5))), (0, .equals(.text("0.50"))), (0, .between(low: 0, high: 1)),
            (1, .equals(.text("a, \"b\""))), (2, .equals(.flag(true))), (3, .equals(.text(""))),
            (4, .between(low: -3, high: -3)),
        ] as [(Int, SmokeTest.Expectation.Check)]
    )
    func aGoodColumnDisappointsNobody(_ column: Int, _ check: SmokeTest.Expectation.Check) {
        let reply = "0.50,\"a, \"\"b\"\"\",True,, -3 \r\n9,9,9,9,9\n"
        #expect(Self.disappointment(reply, .column(column), check) == nil)
    }

    @Test(
        arguments: [
            (
                "0.5,de", 0, .between(low: 1, high: 2),
                "answered `0.5` in column 0, and 1.0 to 2.0 is expected"
            ),
            ("0.5,de", 1, .between(low: 1, high: 2), "has no number in column 1, but `de`"),
            ("0.5,de", 1, .equals(.text("fr")), "answered `de` in column 1, and `fr` is expected"),
            ("nan", 0, .between(low: 1, high: 2), "has no number in column 0, but `nan`"),
            ("1e999", 0, .between(low: 1, high: 2), "has no number in column 0, but `1e999`"),
            ("yes", 0, .equals(.flag(true)), "answered `yes` in column 0, and true is expected"),
            (
                "0.5,de\n1,2,3", 2, .equals(.number(3)),
                "has nothing in column 2, counted from 0: its answer has 2 in the first line"
            ),
            (
                "", 0, .equals(.text("")),
                "has nothing in column 0, counted from 0: its answer has 0 in the first line"
            ),
            (
                "\"0.5", 0, .equals(.number(3)),
                "answered something that is not CSV: line 1: a quoted field does not end"
            ),
        ] as [(String, Int, SmokeTest.Expectation.Check, String)]
    )
    func aBadColumnIsSaid(
        _ reply: String,
        _ column: Int,
        _ check: SmokeTest.Expectation.Check,
        _ sentence: String
    ) {
        #expect(Self.disappointment(reply, .column(column), check) == sentence)
    }

    /// A model's words end up on terminals and in chats.
    @Test func whatAModelSaysIsCutAndEscaped() throws {
        let text = "\u{1B}[31mred" + String(repeating: "é", count: 10_000)
        let sentence = try #require(Self.disappointment(text, .column(0), .equals(.number(1))))
        #expect(sentence.hasPrefix(#"answered `\u{1B}[31mredééé"#))
        #expect(sentence.hasSuffix("é…` in column 0, and 1.0 is expected"))
        #expect(sentence.count < 200)
    }

    @Test func thePointerMayBeTheWholeAnswer() {
        #expect(Self.disappointment("42", .pointer(""), .equals(.number(42))) == nil)
        #expect(
            Self.disappointment("43", .pointer(""), .equals(.number(42)))
                == "answered 43 as the whole answer, and 42.0 is expected"
        )
    }

    @Test(arguments: ["", "score: 1", "{\"score\": NaN}", "{\"score\": 1} and more", "{\"score\": 1"])
    func whatIsNotJSONIsSaid(_ reply: String) throws {
        let sentence = try #require(
            Self.disappointment(reply, .pointer("/score"), .between(low: 0, high: 1))
        )
        #expect(sentence.hasPrefix("answered something that is not JSON: "))
    }

    /// A test that expects nothing of the body is passed by any: the status was 2xx already.
    @Test func nothingExpectedIsNeverDisappointed() throws {
        try Reply.check([0xff, 0x00], [])
    }

    @Test func theFirstDisappointmentIsSaid() {
        #expect(throws: Disappointment("answered `de` at /name, and `fr` is expected")) {
            try Reply.check(
                Array(Self.reply.utf8),
                [
                    .init(place: .pointer("/ok"), check: .equals(.flag(true))),
                    .init(place: .pointer("/name"), check: .equals(.text("fr"))),
                    .init(place: .pointer("/missing"), check: .equals(.flag(true))),
                ]
            )
        }
    }

    private static func disappointment(
        _ reply: String,
        _ place: SmokeTest.Place,
        _ check: SmokeTest.Expectation.Check
    ) -> String? {
        do throws(Disappointment) {
            try Reply.check(Array(reply.utf8), [.init(place: place, check: check)])
            return nil
        } catch {
            return error.sentence
        }
    }
}
