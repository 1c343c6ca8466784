import Foundation

/// Lets only so many tests be in their worlds at once. Each has a worker of its own, and a machine that runs
/// all of them together is too slow for any.
actor Turnstile {
    static let shared = Turnstile(places: max(4, ProcessInfo.processInfo.activeProcessorCount * 2))
    /// For worlds that mostly wait: for a timeout, or for the claims of a dead worker.
    static let patient = Turnstile(places: max(8, ProcessInfo.processInfo.activeProcessorCount * 5))

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) {
        free = places
    }

    nonisolated func pass(_ body: () async throws -> Void) async throws {
        await enter()
        do {
            try await body()
        } catch {
            await leave()
            throw error
        }
        await leave()
    }

    private func enter() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
