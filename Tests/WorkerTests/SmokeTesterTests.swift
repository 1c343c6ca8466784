import Testing

@testable import Worker

/// Whether a model's answer is what its smoke test expects.
@Suite struct SmokeTesterTests {
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
        #expect(Self.disappointment(Self.reply, pointer, check) == nil)
    }

    @Test(
        arguments: [
            ("/score", .between(low: 0.6, high: 1), "answered 0.5 at /score, and 0.6 to 1.0 is expected"),
            ("/score", .between(low: 0, high: 0.4), "answered 0.5 at /score, and 0.0 to 0.4 is expected"),
            ("/name", .between(low: 0, high: 1), "has no number at /name"),
            ("/ok", .between(low: 0, high: 1), "has no number at /ok"),
            ("/nothing", .between(low: 0, high: 1), "has no number at /nothing"),
            ("/list", .between(low: 0, high: 1), "has no number at /list"),
            ("/missing", .between(low: 0, high: 1), "has nothing at /missing"),
            ("/list/1", .equals(.number(1)), "has nothing at /list/1"),
            ("/name/x", .equals(.number(1)), "has nothing at /name/x"),
            ("/name", .equals(.text("fr")), "answered something else than fr at /name"),
            ("/count", .equals(.text("3")), "answered something else than 3 at /count"),
            ("/score", .equals(.number(0.25)), "answered something else than 0.25 at /score"),
            ("/name", .equals(.number(1)), "answered something else than 1.0 at /name"),
            ("/ok", .equals(.flag(false)), "answered something else than false at /ok"),
            ("/count", .equals(.flag(true)), "answered something else than true at /count"),
            ("/nothing", .equals(.flag(false)), "answered something else than false at /nothing"),
        ] as [(String, SmokeTest.Expectation.Check, String)]
    )
    func aBadAnswerIsSaid(_ pointer: String, _ check: SmokeTest.Expectation.Check, _ sentence: String) {
        #expect(Self.disappointment(Self.reply, pointer, check) == sentence)
    }

    @Test func thePointerMayBeTheWholeAnswer() {
        #expect(Self.disappointment("42", "", .equals(.number(42))) == nil)
        #expect(Self.disappointment("43", "", .equals(.number(42))) != nil)
    }

    @Test(arguments: ["", "score: 1", "{\"score\": NaN}", "{\"score\": 1} and more", "{\"score\": 1"])
    func whatIsNotJSONIsSaid(_ reply: String) throws {
        let sentence = try #require(Self.disappointment(reply, "/score", .between(low: 0, high: 1)))
        #expect(sentence.hasPrefix("answered something that is not JSON: "))
    }

    /// A test that expects nothing of the body is passed by any: the status was 2xx already.
    @Test func nothingExpectedIsNeverDisappointed() {
        #expect(SmokeTester.disappointment(with: [0xff, 0x00], []) == nil)
    }

    @Test func theFirstDisappointmentIsSaid() {
        let sentence = SmokeTester.disappointment(
            with: Array(Self.reply.utf8),
            [
                .init(place: .pointer("/ok"), check: .equals(.flag(true))),
                .init(place: .pointer("/name"), check: .equals(.text("fr"))),
                .init(place: .pointer("/missing"), check: .equals(.flag(true))),
            ]
        )
        #expect(sentence == "answered something else than fr at /name")
    }

    private static func disappointment(
        _ reply: String,
        _ pointer: String,
        _ check: SmokeTest.Expectation.Check
    ) -> String? {
        SmokeTester.disappointment(with: Array(reply.utf8), [.init(place: .pointer(pointer), check: check)])
    }
}
