import Promotion
import Testing

@testable import Ledger

/// Ways back that do not end in the order they began.
@Suite struct SlowWayBackTests {
    /// Staging is back before prod, and what serves is opened again: prod's way back, which is of the opening
    /// before, is still known and is not begun twice.
    @Test(arguments: Engine.allCases)
    func aWayBackOfAnEarlierOpeningIsNotBegunAgain(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let first = try await bench.reachGate()
            _ = try await bench.ledger.record([bench.promotion(of: first.id, key: "1")], now: bench.now)
            try await bench.work()
            let de = try await bench.approve("demand-de", 2)
            try await bench.work()
            let second = try #require(try await bench.ledger.releases().first)
            _ = try await bench.ledger.record([bench.promotion(of: second.id, key: "2")], now: bench.now)
            try await bench.work()

            bench.world.set("demand-de", 2, .rejected, at: bench.now)
            try await bench.event(about: de, group: "demand-de")
            // Prod's first effect is handed out here and reports nothing until its claim has ended.
            _ = try await bench.turn(bench.perform(try await bench.turn()))
            try await bench.work()
            let returned = try #require(try await bench.ledger.show(first.id))
            #expect(returned.serving == ["prod", "staging"])
            #expect((returned.attempts ?? []).filter(\.rollback).count == 2)
        }
    }
}
