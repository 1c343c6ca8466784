import Foundation
import Synchronization
import Testing

@testable import AWS

@Suite struct ExpiringCredentialsTests {
    @Test func fetchesOnceForAllWhoWait() async throws {
        let source = Source()
        let provider = source.provider()
        let callers = (0..<50).map { _ in Task { try await provider.credentials().accessKeyID } }
        await source.answer(lifetime: 3600)
        for caller in callers { #expect(try await caller.value == "AK1") }
        #expect(source.fetches == 1)
    }

    @Test func keepsWhatIsFresh() async throws {
        let source = Source()
        let provider = source.provider()
        try await source.fill(provider, lifetime: 3600)
        source.pass(seconds: 3600 - 901)
        #expect(try await provider.credentials().accessKeyID == "AK1")
        #expect(source.fetches == 1)
    }

    @Test func refreshesBehindTheCallersBacks() async throws {
        let source = Source()
        let provider = source.provider()
        try await source.fill(provider, lifetime: 3600)
        source.pass(seconds: 3600 - 899)
        // The old ones come at once although nobody has answered yet, and only one fetch begins.
        for _ in 0..<3 { #expect(try await provider.credentials().accessKeyID == "AK1") }
        await source.answer(lifetime: 3600)
        while try await provider.credentials().accessKeyID == "AK1" { await Task.yield() }
        #expect(try await provider.credentials().accessKeyID == "AK2")
        #expect(source.fetches == 2)
    }

    @Test func waitsWhenLittleIsLeft() async throws {
        let source = Source()
        let provider = source.provider()
        try await source.fill(provider, lifetime: 3600)
        source.pass(seconds: 3600 - 599)
        let caller = Task { try await provider.credentials().accessKeyID }
        await source.answer(lifetime: 3600)
        #expect(try await caller.value == "AK2")
    }

    @Test func aFailureBehindTheirBacksIsNotTheirs() async throws {
        let source = Source()
        let provider = source.provider()
        try await source.fill(provider, lifetime: 3600)
        source.pass(seconds: 3600 - 899)
        #expect(try await provider.credentials().accessKeyID == "AK1")
        await source.refuse()
        // Not every call of the next five minutes asks a source that is out of order.
        for _ in 0..<5 { #expect(try await provider.credentials().accessKeyID == "AK1") }
        #expect(source.fetches == 2)
        source.pass(seconds: 10)
        while source.fetches == 2 { #expect(try await provider.credentials().accessKeyID == "AK1") }
        await source.answer(lifetime: 3600)
    }

    @Test func whatStillWorksIsHandedOutAfterAFailure() async throws {
        let source = Source()
        let provider = source.provider()
        try await source.fill(provider, lifetime: 3600)
        source.pass(seconds: 3600 - 300)
        let caller = Task { try await provider.credentials().accessKeyID }
        await source.refuse()
        #expect(try await caller.value == "AK1")
    }

    @Test func aFailureIsNotRemembered() async throws {
        let source = Source()
        let provider = source.provider()
        let first = Task { try await provider.credentials() }
        await source.refuse()
        await #expect(throws: CredentialsError.self) { try await first.value }
        let second = Task { try await provider.credentials().accessKeyID }
        await source.answer(lifetime: 3600)
        #expect(try await second.value == "AK2")
    }

    @Test func oneCallersCancellationIsItsOwn() async throws {
        let source = Source()
        let provider = source.provider()
        let impatient = Task { try await provider.credentials() }
        await source.waitForFetch()
        let patient = Task { try await provider.credentials().accessKeyID }
        impatient.cancel()
        // It does not wait for the fetch, which nobody has answered yet.
        await #expect(throws: CancellationError.self) { try await impatient.value }
        await source.answer(lifetime: 3600)
        #expect(try await patient.value == "AK1")
        #expect(source.fetches == 1)
    }

    @Test func expiredOnesAreNeverHandedOut() async throws {
        let source = Source()
        let provider = source.provider()
        try await source.fill(provider, lifetime: 3600)
        source.pass(seconds: 3601)
        let caller = Task { try await provider.credentials() }
        await source.refuse()
        await #expect(throws: CredentialsError.self) { try await caller.value }
    }

    @Test func anAnswerThatHasEndedIsNone() async throws {
        let source = Source()
        let provider = source.provider()
        let caller = Task { try await provider.credentials() }
        await source.answer(lifetime: 0)
        let error = await #expect(throws: CredentialsError.self) { try await caller.value }
        #expect(
            error?.reason
                == "what it handed out had ended at 2026-01-02T03:04:05Z by this machine's clock"
        )
        // It does not take the place of one that still works.
        try await source.fill(provider, lifetime: 3600)
        source.pass(seconds: 3300)
        let next = Task { try await provider.credentials().accessKeyID }
        await source.answer(lifetime: -10)
        #expect(try await next.value == "AK2")
    }

    @Test func invalidOnesAreReplaced() async throws {
        let source = Source()
        let provider = source.provider()
        try await source.fill(provider, lifetime: 3600)
        let used = try await provider.credentials()
        await provider.invalidate(used)
        let caller = Task { try await provider.credentials().accessKeyID }
        await source.answer(lifetime: 3600)
        #expect(try await caller.value == "AK2")
        // The second caller with the old ones does not throw the new ones away.
        await provider.invalidate(used)
        #expect(try await provider.credentials().accessKeyID == "AK2")
    }

    @Test(arguments: [
        (3600.0, 901.0, Freshness.fresh), (3600, 900, .advisory), (3600, 601, .advisory),
        (3600, 600, .mandatory),
        (900, 226, .fresh), (900, 225, .advisory), (900, 151, .advisory), (900, 150, .mandatory),
        (43_200, 901, .fresh), (43_200, 900, .advisory), (3600, -1, .mandatory),
    ])
    func margins(_ lifetime: Double, _ left: Double, _ expected: Freshness) {
        let start = Date(timeIntervalSince1970: 1_000_000)
        let value = Credentials(
            accessKeyID: "",
            secretAccessKey: "",
            expiration: start.addingTimeInterval(lifetime)
        )
        let now = start.addingTimeInterval(lifetime - left)
        #expect(Freshness(value, fetchedAt: start, now: now) == expected)
    }
}

/// A clock in the test's hand, and fetches that wait until the test answers them.
private final class Source: Sendable {
    private struct State {
        var now = Date(timeIntervalSince1970: 1_767_323_045)
        var fetches = 0
        var pending: [CheckedContinuation<Credentials, any Error>] = []
    }

    private let state = Mutex(State())

    var fetches: Int { state.withLock { $0.fetches } }

    func provider() -> ExpiringCredentials {
        ExpiringCredentials(now: { self.state.withLock { $0.now } }) {
            try await withCheckedThrowingContinuation { continuation in
                self.state.withLock { state in
                    state.fetches += 1
                    state.pending.append(continuation)
                }
            }
        }
    }

    func pass(seconds: Double) { state.withLock { $0.now += seconds } }

    func waitForFetch() async {
        while state.withLock({ $0.pending.isEmpty }) { await Task.yield() }
    }

    /// Answers the fetch that is, or next gets, under way with keys named after its number.
    func answer(lifetime: Double) async {
        await waitForFetch()
        let (pending, fetches, now) = take()
        let value = Credentials(
            accessKeyID: "AK\(fetches)",
            secretAccessKey: "s",
            expiration: now.addingTimeInterval(lifetime)
        )
        for continuation in pending { continuation.resume(returning: value) }
    }

    func refuse() async {
        await waitForFetch()
        for continuation in take().pending {
            continuation.resume(throwing: CredentialsError(source: "a test", reason: "refused"))
        }
    }

    func fill(_ provider: ExpiringCredentials, lifetime: Double) async throws {
        let caller = Task { try await provider.credentials() }
        await answer(lifetime: lifetime)
        _ = try await caller.value
    }

    private func take() -> (pending: [CheckedContinuation<Credentials, any Error>], fetches: Int, now: Date) {
        state.withLock { state in
            defer { state.pending = [] }
            return (state.pending, state.fetches, state.now)
        }
    }
}
