import Foundation
import Simulation
import Testing

/// The whole worker against a simulated AWS, people and machines: whatever happens, the invariants hold.
@Suite struct SimulationTests {
    @Test(arguments: 0..<2)
    func noSeedBreaksAnInvariant(half: UInt64) async throws {
        let seeds = 100
        var violations = 0
        for number in 0..<UInt64(seeds / 2) {
            let seed = half + number * 2
            let run = try await Self.play(seed)
            violations += run.violations.count
            #expect(run.violations == [], "Tests/simulate --seed \(seed) --trace")
        }
        print("simulation: \(seeds / 2) seeds run, \(violations) violations")
    }

    @Test func aSeedIsTheSameRunAgain() async throws {
        for seed in UInt64(0)..<6 {
            let first = try await Self.play(seed)
            let again = try await Self.play(seed)
            #expect(first.digest == again.digest, "seed \(seed)")
        }
    }

    /// A simulation that catches nothing proves nothing.
    @Test(arguments: PlantedFault.allCases)
    func aPlantedFaultIsCaught(_ fault: PlantedFault) async throws {
        for seed in UInt64(0)..<60 {
            let broken = try await Self.play(seed, fault: fault).violations.map(\.invariant)
            guard let first = broken.first else { continue }
            #expect(fault.breaks.contains(first), "seed \(seed)")
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
