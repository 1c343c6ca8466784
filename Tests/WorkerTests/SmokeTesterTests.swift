import AWS
import Promotion
import Testing

@testable import Worker

/// How models are asked: how often, how patiently, and what is said of those that fail.
@Suite struct SmokeTesterTests {
    private static let de = "demand-de.tar.gz"
    private static let fr = "demand-fr.tar.gz"

    // MARK: How often

    @Test(arguments: [(1, 2), (2, 2), (3, 3)])
    func everyInstanceIsAskedAndAtLeastTwice(_ instances: Int, _ times: Int) async throws {
        let models = Models()
        let event = try await models.test(Self.request(), instances: instances)
        #expect(models.asked == Array(repeating: Self.de, count: times))
        #expect(event == .modelsAnswered(evidence: "\(Self.de): \(times) invocations"))
    }

    @Test func aTestMaySayHowOften() async throws {
        let models = Models()
        let event = try await models.test(Self.request(invocations: 1))
        #expect(models.asked.count == 1)
        #expect(event == .modelsAnswered(evidence: "\(Self.de): 1 invocation"))
    }

    /// A model that answers well once and then nonsense is no good model.
    @Test func everyReplyIsJudged() async throws {
        let models = Models { _, number in (number < 3 ? "0.5" : "7", .zero) }
        let event = try await models.test(Self.request(invocations: 3))
        #expect(Self.sentence(event).contains("answered `7` in column 0, and 0.0 to 1.0 is expected"))
    }

    @Test func csvIsAskedForWhereAColumnIsRead() async throws {
        let models = Models()
        _ = try await models.test(Self.request())
        #expect(models.accepted == ["text/csv", "text/csv"])
    }

    // MARK: Patience

    @Test func aModelThatIsNotReadyIsWaitedFor() async throws {
        let models = Models { _, number in
            if number <= 6 { throw Self.error(.modelNotReady, "loading") }
            return ("0.5", .zero)
        }
        #expect(try await models.test(Self.request()).name == "modelsAnswered")
        #expect(models.pauses == [1, 2, 4, 8, 10, 10].map { .seconds($0) })
    }

    @Test func aModelThatIsNeverReadyFails() async throws {
        let models = Models { _, _ in throw Self.error(.modelNotReady, "still loading") }
        let event = try await models.test(Self.request())
        #expect(
            Self.sentence(event).contains(
                "of \(Self.de) in account staging: it was not ready after 6 minutes: still loading"
            )
        )
        #expect(Self.blamed(event) == [Self.de])
        let waited = models.pauses.reduce(.zero, +)
        #expect(waited <= .seconds(360) && waited > .seconds(340))
    }

    /// A worker that is stopped must not go on waiting, and has not found anything out.
    @Test func aStoppedWaitIsInterrupted() async throws {
        let models = Models { target, _ in
            if target == Self.fr { throw Self.error(.modelError, "broken") }
            throw CancellationError()
        }
        await #expect(throws: CancellationError.self) {
            try await models.test(Self.request(), targets: [Self.de, Self.fr])
        }
    }

    @Test func onlyTheFirstReplyMayBeLate() async throws {
        let slowFirst = Models { _, number in ("0.5", number == 1 ? .seconds(30) : .milliseconds(100)) }
        #expect(try await slowFirst.test(Self.request(within: .seconds(2))).name == "modelsAnswered")

        let slowLater = Models { _, number in ("0.5", number == 1 ? .zero : .milliseconds(2500)) }
        let event = try await slowLater.test(Self.request(within: .seconds(2)))
        #expect(Self.sentence(event).contains("it answered in 2.5 s, and is given 2.0 s once it is loaded"))
    }

    // MARK: Failures

    @Test func aModelErrorFailsAtOnce() async throws {
        let models = Models { _, _ in
            throw Self.error(
                .modelError,
                "Received server error (500): \u{1B}[1m" + String(repeating: "x", count: 900)
            )
        }
        let event = try await models.test(Self.request())
        #expect(models.asked.count == 1)
        let sentence = Self.sentence(event)
        #expect(sentence.contains(#"it failed: Received server error (500): \u{1B}[1mxxx"#))
        #expect(sentence.hasSuffix("x…") && sentence.count < 500)
    }

    @Test func everyModelThatFailsIsNamed() async throws {
        let models = Models { target, _ in
            if target == "c.tar.gz" { return ("0.5", .zero) }
            if target == "b.tar.gz" { throw Self.error(.modelError, "boom") }
            return ("7", .zero)
        }
        let event = try await models.test(Self.request(), targets: ["c.tar.gz", "b.tar.gz", "a.tar.gz"])
        #expect(Self.blamed(event) == ["a.tar.gz", "b.tar.gz"])
        #expect(
            Self.sentence(event)
                == "smoke test of a.tar.gz in account staging: it answered `7` in column 0, and 0.0 to 1.0 is "
                + "expected; smoke test of b.tar.gz in account staging: it failed: boom"
        )
    }

    /// What AWS does is no model's fault, and what is known of a bad model is not thrown away for it.
    @Test func troubleIsNoVerdict() async throws {
        let throttled = Models { _, _ in throw Self.error(.throttled, "slow down") }
        await #expect(throws: AWSError.self) { try await throttled.test(Self.request()) }

        let both = Models { target, _ in
            if target == Self.de { throw Self.error(.throttled, "slow down") }
            return ("7", .zero)
        }
        let event = try await both.test(Self.request(), targets: [Self.de, Self.fr])
        #expect(Self.blamed(event) == [Self.fr])
    }

    @Test func atMostEightModelsAreAskedAtATime() async throws {
        let models = Models()
        let targets = (10..<40).map { "\($0).tar.gz" }
        let event = try await models.test(Self.request(), targets: targets)
        #expect(Set(models.asked) == Set(targets))
        #expect((1...8).contains(models.most))
        #expect(
            event == .modelsAnswered(evidence: targets.map { "\($0): 2 invocations" }.joined(separator: ". "))
        )
    }

    // MARK: What lies in S3

    @Test func aBodyForAllTargetsIsReadOnce() async throws {
        let object = SmokeTest.S3Object(bucket: "b", key: "row.csv")
        let models = Models(objects: [object: "1,2"])
        _ = try await models.test(Self.request(body: .object(object)), targets: [Self.de, Self.fr])
        #expect(models.read == [object])
        #expect(models.bodies == Array(repeating: "1,2", count: 4))
    }

    @Test(
        arguments: [
            (
                .notFound(.object), "NoSuchKey", .invalid,
                "there is no s3://b/row.csv, the body of a smoke test of endpoint demand"
            ),
            (.denied, "AccessDenied", .denied, "Let the role of account staging read s3://b/row.csv"),
            (.unreadable, "ReplyTooLarge", .invalid, "has more than 6 MiB"),
            (.transient, "InternalError", .transient, "InternalError"),
        ] as [(AWSError.Kind, String, Failure.Class, String)]
    )
    func anObjectThatCannotBeReadIsNoModelsFault(
        _ kind: AWSError.Kind,
        _ code: String,
        _ expected: Failure.Class,
        _ part: String
    ) async throws {
        let object = SmokeTest.S3Object(bucket: "b", key: "row.csv")
        for target in [nil, Self.de] {
            let models = Models(missing: Self.error(kind, "no", code: code))
            let error = await #expect(throws: (any Error).self) {
                try await models.test(Self.request(target: target, body: .object(object)))
            }
            let failure = Failure(try #require(error))
            #expect(failure.kind == expected)
            #expect(failure.sentence.contains(part))
            #expect(models.asked.isEmpty)
        }
    }

    @Test func aGoldenSetIsAskedRowByRow() async throws {
        let object = SmokeTest.S3Object(bucket: "b", key: "golden.csv")
        let rows = (1...20).map { "\($0),\(Double($0) / 2)" }
        let models = Models(objects: [object: "x,price\n" + rows.joined(separator: "\n")]) { _, number in
            // The first is alone until the model is loaded.
            ("\(Double(number) / 2 + 1)", .zero)
        }
        let golden = SmokeTest.GoldenSet(
            data: object,
            label: "price",
            threshold: .mae(atMost: 100),
            prediction: .column(0)
        )
        let event = try await models.test(SmokeTest(question: .golden(golden)))
        #expect(models.bodies.first == "1")
        #expect(Set(models.bodies) == Set((1...20).map { "\($0)" }))
        #expect((1...8).contains(models.most))
        guard case .modelsAnswered(let evidence) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(evidence.hasPrefix("\(Self.de): golden set 20 rows, MAE ") && evidence.hasSuffix(" ≤ 100"))
    }

    @Test func nothingAskedIsSaid() async throws {
        let models = Models()
        let event = try await models.test(nil)
        #expect(models.asked.isEmpty)
        #expect(event == .modelsAnswered(evidence: "\(Self.de): asked nothing, as `smoke: none` says"))
    }

    // MARK: Making

    private static func request(
        target: String? = nil,
        body: SmokeTest.Body = .bytes([0x31]),
        invocations: Int? = nil,
        within: Duration? = nil
    ) -> SmokeTest {
        let requests = SmokeTest.Requests(
            contentType: "text/csv",
            body: body,
            invocations: invocations,
            expect: [.init(place: .column(0), check: .between(low: 0, high: 1))]
        )
        return SmokeTest(target: target, question: .requests(requests), within: within)
    }

    private static func error(_ kind: AWSError.Kind, _ message: String, code: String = "Code") -> AWSError {
        AWSError(kind: kind, code: code, message: message, service: "S", operation: "Op")
    }

    private static func sentence(_ event: Attempt.Event) -> String {
        if case .checkFailed(_, let sentence) = event { sentence } else { "no failure: \(event)" }
    }

    private static func blamed(_ event: Attempt.Event) -> [String] {
        if case .checkFailed(.targets(let targets), _) = event { targets } else { [] }
    }
}
