import Promotion
import Testing

@testable import Ledger

/// Nobody said yes in time.
@Suite struct ExpiryTests {
    /// A stranger reads from it what was waited for and for how long, what it stood on, and what became of it.
    @Test(arguments: Engine.allCases)
    func theStoryOfAnExpiredReleaseIsTold(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let waiting = try await bench.reachGate()
            let until = Ledger.text(bench.now + .seconds(7 * 24 * 3600))
            #expect(waiting.stages.last?.waitingFor == ["approval by a person for prod, until \(until)"])
            bench.pass(.seconds(7 * 24 * 3600 - 1))
            try await bench.work(within: .milliseconds(500))
            #expect(try await bench.ledger.show(waiting.id)?.state == "waiting", "not a second too soon")
            try await bench.work(within: .seconds(60))

            let story = try #require(try await bench.ledger.show(waiting.id))
            #expect(story.state == "refused")
            #expect(
                story.reason
                    == "nobody approved it for prod in time: it had 0 of 1 approvals when it expired"
            )
            #expect(story.endedAt == until, "due when it ends, and not at the next poll")
            #expect(story.stages.map(\.state) == ["verified", "refused"])
            #expect(story.serving == ["staging"])
            #expect(story.attempts?.map(\.state) == ["verified"])
            #expect(story.approvals?.map(\.ending) == ["refused", "refused"])
            let journal = story.journal ?? []
            #expect(journal.filter { $0.name == "ended" }.map(\.at) == [until])
            #expect(journal.contains { $0.name == "reachedGate" && $0.stage == "prod" })
            #expect(
                try await bench.ledger.status().first?.bars.isEmpty == true,
                "nothing was said against it"
            )

            // Too late is too late, and is on record with what it was refused for.
            let late = bench.promotion(of: waiting.id, key: "late")
            _ = try await bench.ledger.record([late], now: bench.now)
            let decision = try #require(try await bench.ledger.show(waiting.id)?.decisions?.first)
            #expect(decision.verdict == "refused")
            #expect(decision.why.contains("has ended refused: nobody approved it for prod in time"))
        }
    }
}
