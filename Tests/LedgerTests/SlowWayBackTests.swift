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
            let (first, _) = try await bench.rejectSecond()
            // Prod's first effect is handed out here and reports nothing until its claim has ended.
            _ = try await bench.turn(bench.perform(try await bench.turn()))
            try await bench.work()
            let returned = try #require(try await bench.ledger.show(first.id))
            #expect(returned.serving == ["prod", "staging"])
            #expect((returned.attempts ?? []).filter(\.rollback).count == 2)
        }
    }
}
