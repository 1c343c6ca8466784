import Foundation
import Testing

/// The whole job with something going wrong at each call that it makes. `Tests/sweep` tries every point, and
/// the tests that always run a sample.
@Suite(.enabled(if: LocalAWS.url != nil))
struct SweepTests {
    private static let stories: [Story] = [.creation, .promotedUpdate, .restoration, .wayBack]

    /// How many points are tried: those of the sample, `all`, or so many.
    private static func sample(_ usual: Int) -> Int? {
        guard let asked = ProcessInfo.processInfo.environment["SLUICE_SWEEP"] else { return usual }
        return asked == "all" ? nil : Int(asked) ?? usual
    }

    @Test func aWorkerKilledAtAnyCall() async throws {
        let calls = try await Sweep.calls(of: Self.stories)
        let points = calls.flatMap { call in
            Sweep.Disturbance.crashes.map { Sweep.Point(call: call, disturbance: $0) }
        }
        let tally = await Sweep(name: "crash sweep", points: points).run(sample: Self.sample(10))
        #expect(tally.differing == [])
        #expect(tally.tried > tally.absent)
    }

    @Test func aFaultAtAnyCall() async throws {
        let calls = try await Sweep.calls(of: Self.stories)
        let points = calls.flatMap { call in
            Sweep.Disturbance.faults(for: call).map { Sweep.Point(call: call, disturbance: $0) }
        }
        let slow = calls.filter { $0.number == 1 && $0.story == .promotedUpdate }.map {
            Sweep.Point(call: $0, disturbance: .silence)
        }
        let isSampled = Self.sample(12) != nil
        let tally = await Sweep(name: "fault sweep", points: points + (isSampled ? [] : slow))
            .run(sample: Self.sample(12))
        #expect(tally.differing == [])
        #expect(tally.tried > tally.absent)
    }

    /// A sweep that cannot fail proves nothing: judged by another story's end, a point differs.
    @Test func aDifferenceIsReported() async throws {
        let call = Sweep.Call(
            story: .creation,
            account: .staging,
            operation: "sagemaker.CreateModel",
            number: 1
        )
        let crash = try #require(Sweep.Disturbance.crashes.first)
        let point = Sweep.Point(call: call, disturbance: crash, judge: .update)
        let tally = await Sweep(name: "planted difference", points: [point]).run(sample: nil)
        #expect(tally.tried == 1)
        #expect(tally.absent == 0)
        #expect(tally.differing.count == 1)
        #expect(tally.differing.first?.contains("the releases: ") == true)
    }
}
