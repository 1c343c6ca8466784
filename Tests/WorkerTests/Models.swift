import AWS
import Promotion
import Synchronization

@testable import Worker

/// Made-up models behind a made-up endpoint, with a clock of their own.
final class Models: Sendable {
    private struct Seen {
        var elapsed = Duration.zero
        var asked: [String] = []
        var questions: [SmokeCalls.Question] = []
        var numbers: [String: Int] = [:]
        var pauses: [Duration] = []
        var read: [SmokeTest.S3Object] = []
        var atOnce = 0
        var most = 0
    }

    typealias Answer = @Sendable (_ target: String, _ number: Int) throws -> (String, Duration)

    private let seen = Mutex(Seen())
    private let objects: [SmokeTest.S3Object: String]
    private let missing: AWSError?
    private let answer: Answer

    /// - Parameter answer: What a target answers to its so-manieth question, the first being 1.
    init(
        objects: [SmokeTest.S3Object: String] = [:],
        missing: AWSError? = nil,
        _ answer: @escaping Answer = { _, _ in ("0.5", .zero) }
    ) {
        self.objects = objects
        self.missing = missing
        self.answer = answer
    }

    var asked: [String] { seen.withLock { $0.asked } }
    var bodies: [String] { seen.withLock { $0.questions.map { String(decoding: $0.body, as: UTF8.self) } } }
    var accepted: [String?] { seen.withLock { $0.questions.map(\.accept) } }
    var pauses: [Duration] { seen.withLock { $0.pauses } }
    var read: [SmokeTest.S3Object] { seen.withLock { $0.read } }
    /// The most questions that were open at one time.
    var most: Int { seen.withLock { $0.most } }

    func test(
        _ test: SmokeTest?,
        targets: [String] = ["demand-de.tar.gz"],
        instances: Int = 1
    ) async throws -> Attempt.Event {
        let variant = VariantDocument(instance: "ml.m5.large", count: instances)
        let endpoint = EndpointDocument(
            name: "demand",
            models: [:],
            smoke: test.map { [$0] } ?? [],
            stages: [StageDocument(name: "staging", accounts: [], variant: variant)]
        )
        let calls = SmokeCalls(
            invoke: { target, question in
                let number = self.seen.withLock { seen in
                    seen.asked.append(target)
                    seen.questions.append(question)
                    seen.numbers[target, default: 0] += 1
                    seen.atOnce += 1
                    seen.most = max(seen.most, seen.atOnce)
                    return seen.numbers[target] ?? 0
                }
                defer { self.seen.withLock { $0.atOnce -= 1 } }
                // Whoever else may run now does.
                for _ in 0..<10 { await Task.yield() }
                let (body, took) = try self.answer(target, number)
                return SmokeCalls.Reply(body: Array(body.utf8), took: took)
            },
            read: { object, _ in
                self.seen.withLock { $0.read.append(object) }
                if let missing = self.missing { throw missing }
                return Array((self.objects[object] ?? "").utf8)
            },
            timing: Timing(
                elapsed: { self.seen.withLock { $0.elapsed } },
                sleep: { pause in
                    self.seen.withLock { seen in
                        seen.pauses.append(pause)
                        seen.elapsed += pause
                    }
                }
            )
        )
        return try await SmokeTester(endpoint: endpoint, stage: "staging", account: "staging", calls: calls)
            .test(targets)
    }
}
