import Foundation
import Native
import Synchronization
import TestTools
import Testing

@testable import AWS

/// Calls that an account is too slow for.
@Suite struct PacingTests {
    /// A refusal costs time and no place: who came later goes later.
    @Test func whoeverIsRefusedKeepsItsPlace() async throws {
        let server = try TestServer()
        let time = HeldTime()
        let client = AWSClient(
            http: HTTPClient(),
            credentials: CountingProvider(),
            region: "eu-west-1",
            environment: AWSEnvironment(["AWS_ENDPOINT_URL": server.url, "AWS_MAX_ATTEMPTS": "5"]),
            timing: Timing(elapsed: { time.elapsed }, sleep: { _ in await time.sleep() }, random: { 1 })
        )
        func call(_ name: String) async throws { try await SageMaker(client).deleteModel(name: name) }
        let refusal = TestReply(400, #"{"__type": "ThrottlingException", "message": "Rate exceeded"}"#)
        var late = refusal
        late.action = .hold

        // The first refusal shows what the account takes.
        try await server.reply(refusal, TestReply(200), late, TestReply(200), TestReply(200))
        async let first: Void = call("first")
        await time.wait(for: 1)
        time.pass()
        try await first

        async let second: Void = call("second")
        await time.wait(for: 1)
        async let third: Void = call("third")
        await time.wait(for: 2)
        time.pass()
        // The second is under way, and refused while the third waits.
        try await server.waitUntilHeld(1)
        await time.wait(for: 1)
        try await server.release()
        await time.wait(for: 2)
        time.pass()
        // One of them goes, and the other waits for what that leaves.
        await time.wait(for: 1)
        time.pass()
        try await second
        try await third

        let names = try await server.requests().map { request in
            try JSONDocument(parsing: Array(request.text.utf8)).root["ModelName"]?.string
        }
        #expect(names == ["first", "first", "second", "second", "third"])
    }
}

/// Time that stands still until it is moved, and lets nobody sleep through it.
private final class HeldTime: Sendable {
    private struct State {
        var elapsed = Duration.zero
        var sleepers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var elapsed: Duration { state.withLock { $0.elapsed } }

    func sleep() async {
        await withCheckedContinuation { sleeper in state.withLock { $0.sleepers.append(sleeper) } }
    }

    /// Returns once so many sleep.
    func wait(for count: Int) async {
        while state.withLock({ $0.sleepers.count }) < count { await Task.yield() }
    }

    /// Lets a minute pass, which is longer than any call waits for its turn here.
    func pass() {
        let sleepers = state.withLock { state in
            defer { state.sleepers = [] }
            state.elapsed += .seconds(60)
            return state.sleepers
        }
        for sleeper in sleepers { sleeper.resume() }
    }
}
