import AWS
import Foundation
import Native
import Promotion

/// Asks the changed target models the smoke test's questions and judges their answers.
struct SmokeTester {
    let endpoint: EndpointDocument
    let session: Sessions.Session

    /// A target model's answer that was not what the smoke test expects.
    private struct Refusal: Error {
        let target: String
        let sentence: String
    }

    func test(_ targets: [String]) async throws -> Attempt.Event {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for target in targets {
                    group.addTask {
                        for test in endpoint.smokeTests(for: target) { try await ask(target, test) }
                    }
                }
                try await group.waitForAll()
            }
        } catch let refusal as Refusal {
            return .checkFailed(blame: .targets([refusal.target]), sentence: refusal.sentence)
        }
        return .modelsAnswered(evidence: "")
    }

    private func ask(_ target: String, _ test: SmokeTest) async throws {
        guard case .requests(let requests) = test.question else { return }
        var (body, took) = try await invoke(target, requests)
        if let within = test.within, took > within {
            // The first answer may have waited for the model to load; the limit is for a loaded one.
            (body, took) = try await invoke(target, requests)
            guard took <= within else {
                throw refusal(target, "answered in \(Self.text(took)), and is given \(Self.text(within))")
            }
        }
        if let sentence = Self.disappointment(with: body, requests.expect) { throw refusal(target, sentence) }
    }

    private func refusal(_ target: String, _ what: String) -> Refusal {
        Refusal(
            target: target,
            sentence: "smoke test of \(target) in account \(session.account.name): it \(what)"
        )
    }

    private func invoke(_ target: String, _ test: SmokeTest.Requests) async throws -> ([UInt8], Duration) {
        guard case .bytes(let question) = test.body else { return ([], .zero) }
        let start = ContinuousClock.now
        do {
            let answer = try await SageMakerRuntime(session.client).invokeEndpoint(
                name: endpoint.name,
                targetModel: target,
                contentType: test.contentType,
                body: question
            )
            return (answer.body, .now - start)
        } catch let error as AWSError {
            switch error.kind {
            case .modelError: throw refusal(target, "failed: \(error.message)")
            case .invalid, .notFound: throw refusal(target, "could not be invoked: \(error.message)")
            default: throw error
            }
        }
    }

    private static func text(_ duration: Duration) -> String {
        "\(Double(duration.wholeMilliseconds) / 1000) s"
    }

    /// Why an answer is not what is expected, or nil where it is.
    static func disappointment(with body: [UInt8], _ expectations: [SmokeTest.Expectation]) -> String? {
        guard !expectations.isEmpty else { return nil }
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: body, limits: JSONLimits(bytes: 6 << 20, depth: 64))
        } catch {
            return "answered something that is not JSON: \(error)"
        }
        for expectation in expectations {
            guard case .pointer(let pointer) = expectation.place else { continue }
            let value = try? document.value(at: pointer)
            guard let value else { return "has nothing at \(pointer)" }
            if let sentence = disappointment(with: value, expectation, at: pointer) { return sentence }
        }
        return nil
    }

    private static func disappointment(
        with value: JSONValue,
        _ expectation: SmokeTest.Expectation,
        at pointer: String
    ) -> String? {
        switch expectation.check {
        case .between(let low, let high):
            guard let number = value.number else { return "has no number at \(pointer)" }
            return (low...high).contains(number)
                ? nil : "answered \(number) at \(pointer), and \(low) to \(high) is expected"
        case .equals(.text(let text)):
            return value.string == text ? nil : "answered something else than \(text) at \(pointer)"
        case .equals(.number(let number)):
            return value.number == number ? nil : "answered something else than \(number) at \(pointer)"
        case .equals(.flag(let flag)):
            return value.bool == flag ? nil : "answered something else than \(flag) at \(pointer)"
        }
    }
}
