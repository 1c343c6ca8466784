import Foundation
import Simulation
import Testing

/// The whole worker against a simulated AWS, people and machines: whatever happens, the invariants hold.
@Suite struct WholeWorkerTests {
    @Test func noSeedBreaksAnInvariant() async throws {
        let count: UInt64 = 50
        // Two at a time, each on a thread of its own.
        let runs = try await withThrowingTaskGroup(of: [Run].self) { group in
            for lane in 0..<UInt64(2) {
                group.addTask {
                    var runs: [Run] = []
                    for seed in stride(from: lane, to: count, by: 2) {
                        runs.append(try await Self.play(seed))
                    }
                    return runs
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        for run in runs { #expect(run.violations == [], "Tests/simulate --seed \(run.seed) --trace") }
        print("simulation: \(runs.count) seeds run, \(runs.map(\.violations.count).reduce(0, +)) violations")
        // What never happens is not tested either.
        let tally = runs.map(\.tally).reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        for event in ["workers killed", "calls in trouble", "switches back"] + Self.handoffs + Self.endings {
            #expect(tally[event, default: 0] > 0, "\(event)")
        }
    }

    private static let handoffs = ["sent", "accepted", "refused", "forged"].map { "hand-offs \($0)" }

    private static let endings = ["released", "failed", "refused", "aborted", "superseded"].map {
        "releases \($0)"
    }

    @Test func aSeedIsTheSameRunAgain() async throws {
        // Six with one ledger, six with several.
        for seed in Array(UInt64(0)..<6) + Array(12..<18) {
            let first = try await Self.play(seed)
            let again = try await Self.play(seed)
            #expect(first.digest == again.digest, "seed \(seed)")
        }
    }

    /// A simulation that catches nothing proves nothing.
    @Test(arguments: PlantedFault.allCases)
    func aPlantedFaultIsCaught(_ fault: PlantedFault) async throws {
        for seed in UInt64(0)..<60 {
            guard let broken = try await Self.play(seed, fault: fault).violations.first else { continue }
            #expect(fault.breaks.contains(broken.invariant), "seed \(seed): \(broken)")
            return
        }
        Issue.record("nobody noticed")
    }

    /// On a thread of its own: a run is one long computation, which would keep others from theirs.
    static func play(_ seed: UInt64, fault: PlantedFault? = nil) async throws -> Run {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try Run.play(seed: seed, fault: fault) })
            }
        }
    }
}
