import AWS
import Promotion

/// Asks the changed target models what the smoke tests ask, and judges their answers.
///
/// Every model is tested to its own end, so that one that fails hides no other.
struct SmokeTester: Sendable {
    let endpoint: EndpointDocument
    /// The name of the account, for sentences.
    let account: String
    /// How often a model is asked where the test does not say.
    let invocations: Int
    let calls: SmokeCalls

    /// How many models are tested at a time.
    private static let breadth = 8

    init(endpoint: EndpointDocument, stage: String, account: String, calls: SmokeCalls) {
        self.endpoint = endpoint
        self.account = account
        self.calls = calls
        // Each instance of a multi-model endpoint loads a model on its own.
        invocations = max(2, endpoint.stage(named: stage)?.variant.count ?? 1)
    }

    /// What became of one target model's tests.
    private enum Verdict {
        case answered(evidence: String)
        case refused(sentence: String)
        /// The tests could not be carried out, which says nothing of the model.
        case broken(any Error)
    }

    func test(_ targets: [String]) async throws -> Attempt.Event {
        let targets = targets.sorted()
        let shared = try await objects(sharedBy: targets)
        let verdicts = try await targets.concurrentMap(atMost: Self.breadth) { await verdict(on: $0, shared) }
        var refused: [(target: String, sentence: String)] = []
        var evidence: [String] = []
        var obstacle: (any Error)?
        for (target, verdict) in zip(targets, verdicts) {
            switch verdict {
            case .answered(let what): evidence.append("\(target): \(what)")
            case .refused(let sentence): refused.append((target, sentence))
            // Who is stopped in the middle starts again, and then finds every model that fails.
            case .broken(let error as CancellationError): throw error
            case .broken(let error): obstacle = obstacle ?? error
            }
        }
        // A model that has failed is taken out also where another could not be asked.
        guard refused.isEmpty else {
            return .checkFailed(
                blame: .targets(refused.map(\.target)),
                sentence: refused.map(\.sentence).joined(separator: "; ")
            )
        }
        if let obstacle { throw obstacle }
        return .modelsAnswered(evidence: evidence.joined(separator: ". "))
    }

    private func verdict(on target: String, _ shared: [SmokeTest: [UInt8]]) async -> Verdict {
        let tests = endpoint.smokeTests(for: target)
        guard !tests.isEmpty else { return .answered(evidence: "asked nothing, as `smoke: none` says") }
        do {
            var interview = Interview(target: target, calls: calls)
            var evidence: [String] = []
            for test in tests {
                var content: [UInt8] = []
                if let object = test.object {
                    content = if let read = shared[test] { read } else { try await self.content(of: object) }
                }
                interview.within = test.within
                switch test.question {
                case .requests(let requests):
                    evidence.append(try await ask(requests, object: content, in: &interview))
                case .golden(let set):
                    evidence.append(try await GoldenTest(set, content).ask(in: &interview))
                }
            }
            return .answered(evidence: evidence.joined(separator: "; "))
        } catch let disappointment as Disappointment {
            return .refused(
                sentence: "smoke test of \(target) in account \(account): it \(disappointment.sentence)"
            )
        } catch {
            return .broken(error)
        }
    }

    private func ask(
        _ requests: SmokeTest.Requests,
        object: [UInt8],
        in interview: inout Interview
    ) async throws -> String {
        var body = object
        if case .bytes(let bytes) = requests.body { body = bytes }
        let question = SmokeCalls.Question(
            contentType: requests.contentType,
            accept: requests.expect.map(\.place).accept,
            body: body
        )
        let times = requests.invocations ?? invocations
        for _ in 0..<times {
            try Reply.check(try await interview.ask(question), requests.expect)
        }
        return "\(times) invocation\(times == 1 ? "" : "s")"
    }

    /// The objects of the tests that are for several targets, so that each is read once.
    private func objects(sharedBy targets: [String]) async throws -> [SmokeTest: [UInt8]] {
        var contents: [SmokeTest: [UInt8]] = [:]
        let used = Set(targets.flatMap(endpoint.smokeTests))
        for test in endpoint.smoke where test.target == nil && used.contains(test) {
            if let object = test.object { contents[test] = try await content(of: object) }
        }
        return contents
    }

    /// What is in an object. That it cannot be read is no fault of any model.
    private func content(of object: SmokeTest.NeededObject) async throws -> [UInt8] {
        let name = "\(object.place), \(object.purpose) of a smoke test of endpoint \(endpoint.name)"
        do {
            return try await calls.read(object.place, object.limit)
        } catch let error as AWSError where error.isMissing {
            throw FailureError(
                .invalid,
                "there is no \(name), as account \(account) sees it. Upload it there, then retry this release."
            )
        } catch let error as AWSError where error.kind == .denied {
            throw FailureError(
                .denied,
                "\(error). Let the role of account \(account) read \(name), and look whether it is there: S3 "
                    + "denies what is missing to who may not list the bucket. The rollout then goes on by itself"
            )
        } catch let error as AWSError where error.code == "ReplyTooLarge" {
            throw FailureError(
                .invalid,
                "\(name), has more than \(object.limit >> 20) MiB. Put a smaller one there, then retry this release."
            )
        }
    }
}

extension SmokeTest {
    /// An object in S3 that a test cannot do without.
    fileprivate struct NeededObject {
        let place: S3Object
        let purpose: String
        /// In bytes. A body is as large as SageMaker takes it.
        let limit: Int
    }

    fileprivate var object: NeededObject? {
        switch question {
        case .golden(let set): NeededObject(place: set.data, purpose: "the golden set", limit: 64 << 20)
        case .requests(let requests):
            if case .object(let place) = requests.body {
                NeededObject(place: place, purpose: "the body", limit: 6 << 20)
            } else {
                nil
            }
        }
    }
}
