import Foundation
import Testing

/// The whole job with something going wrong at each call that it makes. `Tests/sweep` tries every point, and
/// the tests that always run a sample.
@Suite(.enabled(if: LocalAWS.url != nil))
struct SweepTests {
    private static let stories: [Story] = [.creation, .promotedUpdate, .restoration, .wayBack]
    private static let allStories = stories + [.large]

    /// Which points are tried: what `Tests/sweep` was asked for, or else a few.
    private static func choice(usually count: Int) -> Sweep.Choice {
        let environment = ProcessInfo.processInfo.environment
        if let only = environment["SLUICE_SWEEP_ONLY"] { return .init(only: only) }
        guard let asked = environment["SLUICE_SWEEP"] else { return .init(sample: count) }
        return .init(sample: asked == "all" ? nil : Int(asked) ?? count)
    }

    private static func run(_ sweep: Sweep, usually count: Int) async {
        let choice = choice(usually: count)
        let tally = await sweep.run(choice)
        #expect(tally.differing == [])
        #expect(tally.tried > tally.absent || choice.chosen(of: sweep.points).isEmpty)
    }

    @Test func aWorkerKilledAtAnyCall() async throws {
        let points = try await Sweep.calls(of: Self.allStories).flatMap { call in
            Sweep.Disturbance.crashes.map { Sweep.Point(call: call, disturbance: $0) }
        }
        await Self.run(Sweep(name: "crash sweep of calls", points: points), usually: 10)
    }

    @Test(.enabled(if: PostgresServer.isPossible))
    func aWorkerKilledAtAnyWrite() async throws {
        let points = try await Sweep.writes(of: Self.stories).flatMap { story, count in
            (1...count).flatMap { Sweep.Point.crashes(atWrite: $0, of: story) }
        }
        await Self.run(Sweep(name: "crash sweep of writes", points: points), usually: 2)
    }

    @Test func aFaultAtAnyCall() async throws {
        let points = try await Sweep.calls(of: Self.allStories).flatMap { call in
            Sweep.Disturbance.faults(for: call).map { Sweep.Point(call: call, disturbance: $0) }
        }
        await Self.run(Sweep(name: "fault sweep of calls", points: points), usually: 12)
    }

    /// Each takes more than half a minute, so that it is not among the tests that always run.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SLUICE_SWEEP"] != nil))
    func aReplyTooLateAtAnyCall() async throws {
        let points = try await Sweep.calls(of: Self.allStories).map {
            Sweep.Point(call: $0, disturbance: .silence(for: $0))
        }
        await Self.run(Sweep(name: "sweep of late replies", points: points), usually: 0)
    }

    @Test(.enabled(if: PostgresServer.isPossible))
    func aCommitLostAtAnyWrite() async throws {
        let points = try await Sweep.writes(of: Self.stories).flatMap { story, count in
            (1...count).flatMap { Sweep.Point.losses(atWrite: $0, of: story) }
        }
        await Self.run(Sweep(name: "fault sweep of writes", points: points), usually: 3)
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
        let tally = await Sweep(name: "planted difference", points: [point]).run()
        #expect(tally.tried == 1)
        #expect(tally.absent == 0)
        #expect(tally.differing.count == 1)
        #expect(tally.differing.first?.contains("the releases: ") == true)
    }
}
