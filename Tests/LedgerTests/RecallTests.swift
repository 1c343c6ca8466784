import Promotion
import Testing

@testable import Ledger

/// Effects that are in flight when what they were for is taken back.
@Suite struct RecallTests {
    /// The way back is owed at once, and what the smoke test comes to afterwards is no failure of it.
    @Test(arguments: Engine.allCases)
    func aLateReportSaysNothingAboutWhatIsOwedNow(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.reachGate()
            let config = try #require(bench.world.live["staging"])
            bench.pass(.seconds(3600))
            try await bench.approve("demand-de", 2)
            var turn = try await bench.turn()
            for _ in 0..<30 where turn.work.first?.attempt.state != .testing {
                let outcomes = bench.perform(turn)
                if outcomes.isEmpty, let due = turn.nextDue { bench.now = max(bench.now, due) }
                turn = try await bench.turn(outcomes)
            }
            let smoke = try #require(turn.work.first)
            #expect(smoke.effect == .invoke(targets: ["de.tar.gz"]))

            let back = bench.request(
                "rollback",
                .rollback(account: "staging", release: nil),
                .endpoint("demand"),
                key: "back"
            )
            _ = try await bench.ledger.record([back], now: bench.now)
            let restore = try await bench.turn()
            #expect(restore.work.map(\.effect) == [.updateEndpoint(config: config)])
            let refused = Failure(.invalid, "the model does not take that")
            let next = try await bench.turn([.attempt(smoke.claim, [], .effectFailed(refused))])
            #expect(try await bench.journal("event").last == "late report: effectFailed")
            #expect(next.work.isEmpty)
            _ = try await bench.turn(bench.perform(restore))
            try await bench.work()
            #expect(bench.world.live["staging"] == config)
            #expect(try await bench.ledger.releases().first?.state == "aborted")
        }
    }

    /// A release that is tried again before the effect of its last attempt has come back.
    @Test(arguments: Engine.allCases)
    func anEndedAttemptDoesNotReportForTheNext(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let first = try await bench.firstWork()
            let requests = [
                bench.request(
                    "rollback",
                    .rollback(account: "staging", release: nil),
                    .endpoint("demand"),
                    key: "back"
                ),
                bench.resume("staging", key: "resume"),
                bench.request(
                    "retry",
                    .retry(release: first.release.id, target: nil),
                    .release(first.release.id),
                    key: "retry"
                ),
            ]
            _ = try await bench.ledger.record(requests, now: bench.now)
            let second = try #require(try await bench.turn().work.first)
            #expect(second.claim.number == 2)
            _ = try await bench.turn([bench.world.perform(first, now: bench.now)], capacity: 0)
            #expect(try await bench.journal("event").last == "late report: inspected")
            let states = try await bench.texts(
                "SELECT number || ' ' || state AS text FROM attempts ORDER BY number"
            )
            #expect(states == ["1 aborted", "2 inspecting"])
        }
    }
}
