import Testing

@testable import Promotion

/// A stage of many accounts: how many are entered at a time, and how many may fail.
@Suite struct WidthTests {
    private static let names = ["a", "b", "c", "d"]

    private static func wide(_ concurrency: Int?, tolerance: Int = 0, soak: Duration = .zero) -> StagePlan {
        StagePlan(
            name: "wide",
            accounts: Dictionary(uniqueKeysWithValues: names.map { ($0, "s") }),
            accepts: [.approved],
            soak: soak,
            concurrency: concurrency,
            failureTolerance: tolerance
        )
    }

    private static func underWay(_ it: Story) -> [String] {
        it.world.attempts.filter { !$0.state.isEnded }.map(\.account).sorted()
    }

    @Test func soManyAreEnteredAtATimeAndNoMore() {
        let it = Story(plan([Self.wide(2), prod()]))
        #expect(it.approve(de(1)) == "1 rolling wide")
        #expect(Self.underWay(it) == ["a", "b"])
        #expect(it.finish("b") == "1 rolling wide")
        #expect(Self.underWay(it) == ["a", "c"])
        _ = it.finish("a")
        _ = it.finish("c")
        #expect(Self.underWay(it) == ["d"])
        #expect(it.finish("d") == "1 waiting prod")
        #expect(it.waits(1) == "approval by a person for prod")
        #expect(it.faults == [])
    }

    /// The first that fails stops the rest, which nothing was done to.
    @Test func nothingFurtherIsEnteredAfterAFailure() {
        let it = Story(plan([Self.wide(1), prod()]))
        _ = it.approve(de(1))
        _ = it.finish("a")
        #expect(it.finish("b", .smokeFailed, blaming: "de") == "1 failed")
        #expect(it.bars == ["de1"])
        #expect(Set(it.world.attempts.map(\.account)) == ["a", "b"])
        #expect(it.faults == [])
    }

    /// A release goes on without the accounts that may fail: nothing is barred, and what served serves there.
    @Test func soManyMayFail() {
        let it = Story.settled(plan([Self.wide(1, tolerance: 1), prod()]))
        #expect(it.approve(de(2)) == "1 released, 2 rolling wide")
        #expect(it.finish("a", .smokeFailed, blaming: "de") == "1 released, 2 rolling wide")
        for account in ["b", "c"] { _ = it.finish(account) }
        #expect(it.finish("d") == "1 released, 2 waiting prod")
        #expect(it.bars == [] && it.serves("a").contains("de1") && it.serves("b").contains("de2"))
        #expect(it.promote(2) == "1 released, 2 rolling prod")
        #expect(it.finish("prod") == "1 released, 2 released")
        #expect(it.world.release(2)?.reason == "verified in every stage, but not in a, where it failed")
        #expect(it.endings.suffix(1) == ["de2 released"])
        // Nothing tries it again by itself; a person may.
        #expect(it.pass(.hours(2)) == "1 released, 2 released")
        #expect(it.deploy() == "1 released, 2 rolling wide")
        #expect(Self.underWay(it) == ["a"])
        #expect(it.finish("a") == "1 released, 2 waiting prod" || it.world.situation.hasSuffix("2 released"))
        #expect(it.serves("a").contains("de2"))
    }

    @Test func oneMoreThanMayFailIsAFailure() {
        let it = Story(plan([Self.wide(1, tolerance: 1), prod()]))
        _ = it.approve(de(1))
        _ = it.finish("a", .smokeFailed, blaming: "de")
        #expect(it.finish("b", .smokeFailed, blaming: "de") == "1 failed")
        #expect(Set(it.world.attempts.map(\.account)) == ["a", "b"])
        #expect(it.bars == ["de1"])
    }

    /// A hold keeps what is still to come from being entered, and nothing is decided without it.
    @Test func aHoldKeepsTheRestBack() {
        let it = Story(plan([Self.wide(1), prod()]))
        _ = it.approve(de(1))
        for _ in 1...5 { it.world.step("a", towards: .verified) }
        it.world.holdAll()
        #expect(it.finish("a") == "1 rolling wide")
        #expect(Set(it.world.attempts.map(\.account)) == ["a"])
        it.world.resumeAll()
        #expect(Self.underWay(it) == ["b"])
    }

    /// What was rejected meanwhile goes nowhere further, though nothing had failed.
    @Test func aWithdrawalStopsTheRest() {
        let it = Story(plan([Self.wide(1), prod()]))
        _ = it.approve(de(1))
        for _ in 1...5 { it.world.step("a", towards: .verified) }
        it.world.holdAll()
        _ = it.finish("a")
        #expect(it.see(de(1), .pending) == "1 aborted")
        #expect(
            it.world.release(1)?.reason?.contains("withdrawn or barred before it came to b, c, d") == true
        )
        #expect(it.faults == [])
    }

    @Test func aRejectionStopsTheRest() {
        let it = Story.settled(plan([Self.wide(1), prod()]))
        _ = it.approve(de(2))
        _ = it.finish("a")
        _ = it.see(de(2), .rejected)
        it.world.settleDown()
        #expect(it.world.release(2)?.state == .aborted)
        for account in Self.names { #expect(it.serves(account).contains("de1")) }
        #expect(it.faults == [])
    }

    /// The stage after is told of what was verified, and lets so many be missing as its folder says.
    @Test func evidenceMayLackWhatWasTolerated() {
        let it = Pair(upstream: [("east", nil), ("west", nil)], tolerance: 1)
        _ = it.upstream.approve(de(1))
        _ = it.upstream.finish("east", .smokeFailed, blaming: "de")
        #expect(it.upstream.finish("west") == "1 released")
        it.downstream.world.look(at: de(1), .approved)
        #expect(it.handOver() == "1 waiting prod")
        #expect(it.downstream.waits(1) == "approval by a person for prod")
        #expect(it.faults == [])
    }
}
