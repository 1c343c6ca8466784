import Promotion
import Testing

@testable import Ledger

/// Claims: leases with a term, under which alone an outcome counts.
@Suite struct TurnTests {
    @Test(arguments: Engine.allCases)
    func dueWorkIsClaimedOnce(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            #expect(work.effect == .inspect)
            #expect(work.claim.release == work.release.id)
            #expect(work.claim.account == "staging")
            #expect(work.claim.number == 1)
            #expect(work.claim.term == 1)
            #expect(!work.isRepeated)
            let another = try await bench.ledger.turn([], worker: "another", capacity: 100, now: bench.now)
            #expect(another.work.isEmpty)
            // The next thing to happen is the end of the claim.
            #expect(another.nextDue == bench.now + .seconds(30))
        }
    }

    @Test(arguments: Engine.allCases)
    func workCarriesWhatTheLedgerKnows(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let de1 = World.arn("demand-de", 1)
            let inspection = try await bench.firstWork()
            #expect(inspection.pins.isEmpty && inspection.copies.isEmpty && inspection.baseCopies.isEmpty)
            #expect(inspection.servedSettings == nil)
            #expect(
                inspection.packages == [
                    de1: bench.world.sight(of: de1, group: "demand-de", now: bench.now)
                ]
            )
            let copying = try await Self.next(bench, inspection)
            #expect(copying.effect == .copyArtifacts)
            #expect(!copying.isRepeated)
            #expect(copying.pins == [de1: World.pin("s3://registry/demand-de/1.tar.gz")])
            let creating = try await Self.next(bench, copying)
            #expect(creating.copies["de.tar.gz"]?.url == "s3://staging/\(creating.release.id)/de.tar.gz")
            _ = try await bench.turn([bench.world.perform(creating, now: bench.now)], capacity: 0)
            try await bench.work()

            // What the account serves now is where the next release copies from what did not change.
            bench.pass(.seconds(3600))
            try await bench.approve("demand-fr", 1)
            let second = try #require(try await bench.turn(bench.perform(try await bench.turn())).work.first)
            #expect(second.attempt.changes == ["fr.tar.gz"])
            #expect(second.attempt.base == inspection.release.id)
            #expect(second.baseCopies == creating.copies)
            #expect(second.copies.isEmpty)
            #expect(second.servedSettings == "settings of staging")
        }
    }

    @Test(arguments: Engine.allCases)
    func aLateReportChangesNothingButTheJournal(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let late = try await bench.firstWork()
            bench.pass(.seconds(31))
            let taken = try #require(try await bench.turn().work.first)
            #expect(taken.claim.term == late.claim.term + 1)
            #expect(taken.isRepeated)
            let before = try await bench.rows("SELECT body, due_at, claim_term FROM attempts").map(\.columns)
            let no = Attempt.Event.checkFailed(blame: .changes, sentence: "the late one says no")
            _ = try await bench.turn([.attempt(late.claim, [], no)])
            let after = try await bench.rows("SELECT body, due_at, claim_term FROM attempts").map(\.columns)
            #expect(after == before)
            #expect(try await bench.journal("event").last == "late report: checkFailed")
            #expect(try await bench.ledger.releases().first?.state == "rolling")
            // The claim that holds still does, and its outcome counts once.
            let outcome = bench.world.perform(taken, now: bench.now)
            _ = try await bench.turn([outcome], capacity: 0)
            #expect(try await bench.texts("SELECT state AS text FROM attempts") == ["copying"])
            _ = try await bench.turn([outcome], capacity: 0)
            #expect(try await bench.journal("event").suffix(2) == ["inspected", "late report: inspected"])
        }
    }

    /// A claim that nobody has lost is not free either once its work was reported.
    @Test(arguments: Engine.allCases)
    func aSpentClaimIsNotRenewed(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            _ = try await bench.turn([bench.world.perform(work, now: bench.now)], capacity: 0)
            try await bench.ledger.renew([work.claim], now: bench.now)
            #expect(try await bench.turn().work.map(\.effect) == [.copyArtifacts])
        }
    }

    @Test(arguments: Engine.allCases)
    func beingStoppedIsNotCounted(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            let stopped = Failure(.interrupted, "the worker was stopped")
            let turn = try await bench.turn([.attempt(work.claim, [], .effectFailed(stopped))], capacity: 0)
            #expect(turn.work.isEmpty)
            #expect(try await bench.journal("event").last == "interrupted")
            let again = try #require(try await bench.turn().work.first)
            #expect(again.effect == work.effect)
            #expect(again.attempt.failures == 0)
            #expect(again.attempt.reason == nil)
            // It may have happened before it could be reported.
            #expect(again.isRepeated)
        }
    }

    @Test(arguments: Engine.allCases)
    func aFailureIsTriedAgainAfterAPause(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            let denied = Failure(.denied, "HeadObject of registry was denied")
            let turn = try await bench.turn([.attempt(work.claim, [], .effectFailed(denied))])
            #expect(turn.work.isEmpty)
            #expect(turn.nextDue == bench.now + .seconds(1))
            let release = try #require(try await bench.ledger.releases().first)
            #expect(release.state == "rolling")
            #expect(
                release.stages.first?.waitingFor == [
                    "staging: HeadObject of registry was denied; tried again at "
                        + Ledger.text(bench.now + .seconds(1))
                ]
            )
            bench.pass(.seconds(1))
            #expect(try await bench.turn().work.map(\.attempt.failures) == [1])
        }
    }

    @Test(arguments: Engine.allCases)
    func aClaimEndsAfterThirtySeconds(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.firstWork()
            bench.pass(.milliseconds(29_999))
            #expect(try await bench.turn().work.isEmpty)
            bench.pass(.milliseconds(1))
            // Whoever waits for the moment that was said to be next finds something to do at it.
            #expect(try await bench.turn().work.map(\.isRepeated) == [true])
        }
    }

    @Test(arguments: Engine.allCases)
    func aRenewedClaimHoldsOn(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            bench.pass(.seconds(20))
            try await bench.ledger.renew([work.claim], now: bench.now)
            bench.pass(.seconds(29))
            #expect(try await bench.turn().work.isEmpty)
            bench.pass(.seconds(1))
            let taken = try #require(try await bench.turn().work.first)
            // Who lost it cannot renew what somebody else has now.
            bench.pass(.seconds(29))
            try await bench.ledger.renew([work.claim], now: bench.now)
            bench.pass(.seconds(1))
            #expect(try await bench.turn().work.map(\.claim.term) == [taken.claim.term + 1])
        }
    }

    @Test(arguments: Engine.allCases)
    func noMoreIsClaimedThanThereIsRoomFor(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: Self.manyPlans()) { bench in
            try await Self.rollAll(bench)
            var accounts: [Int] = []
            for capacity in [0, 2, 2, 2] {
                accounts.append(try await bench.turn(capacity: capacity).work.count)
            }
            #expect(accounts == [0, 2, 2, 1])
            let full = try await bench.turn(capacity: 0)
            #expect(full.nextDue == bench.now + .seconds(30))
        }
    }

    /// With no room left the next turn is that of an outcome, and not one at once.
    @Test(arguments: Engine.allCases)
    func whatHasNoRoomIsNotDueNext(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: Self.manyPlans()) { bench in
            try await Self.rollAll(bench)
            let turn = try await bench.turn(capacity: 1)
            #expect(turn.work.count == 1)
            #expect(turn.nextDue == bench.now + .seconds(30))
            _ = try await bench.approve("group-1", 9)
            #expect(try await bench.turn(capacity: 0).looks.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func whatIsDueFirstIsClaimedFirst(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: Self.manyPlans()) { bench in
            try await Self.rollAll(bench)
            for work in try await bench.turn().work {
                // The higher the endpoint's number, the sooner it is tried again.
                let number = try #require(work.attempt.endpoint.last.flatMap { Int(String($0)) })
                bench.now = Bench.start + .seconds(20 - number)
                let failure = Failure(.transient, "not now")
                _ = try await bench.turn([.attempt(work.claim, [], .effectFailed(failure))], capacity: 0)
            }
            bench.now = Bench.start + .seconds(60)
            var order: [String] = []
            while let work = try await bench.turn(capacity: 1).work.first {
                order.append(work.attempt.endpoint)
            }
            #expect(order == ["e5", "e4", "e3", "e2", "e1"])
        }
    }

    /// An endpoint that was taken out of the accounts folder is nobody's work, and in nobody's way.
    @Test(arguments: Engine.allCases)
    func aRemovedEndpointIsInNobodysWay(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: Self.manyPlans()) { bench in
            try await Self.rollAll(bench)
            try await bench.crash(plans: Array(Self.manyPlans().dropFirst()))
            var endpoints: [String] = []
            while let work = try await bench.turn(capacity: 1).work.first {
                endpoints.append(work.attempt.endpoint)
            }
            #expect(endpoints == ["e2", "e3", "e4", "e5"])
            #expect(try await bench.turn().nextDue == bench.now + .seconds(30))

            try await bench.crash(plans: [])
            #expect(try await bench.turn().nextDue == nil)
            #expect(try await bench.ledger.isIdle(for: .seconds(60), now: bench.now))
        }
    }

    @Test(arguments: Engine.allCases)
    func aHoldStopsWhatHasNotBegun(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            _ = try await bench.turn([bench.world.perform(work, now: bench.now)], capacity: 0)
            _ = try await bench.ledger.record([bench.hold("staging", key: "1")], now: bench.now)
            #expect(try await bench.turn().work.isEmpty)
            _ = try await bench.ledger.record([bench.resume("staging", key: "2")], now: bench.now)
            #expect(try await bench.turn().work.map(\.effect) == [.copyArtifacts])
        }
    }

    /// Idle is a ledger with nothing due within a minute and nothing under way but waiting.
    @Test(arguments: Engine.allCases)
    func idleIsNothingDueWithinAMinute(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            // A worker that has just begun decides every endpoint anew.
            #expect(try await !bench.ledger.isIdle(for: .seconds(60), now: bench.now))
            _ = try await bench.turn()
            #expect(try await bench.ledger.isIdle(for: .seconds(60), now: bench.now))
            let work = try await bench.firstWork()
            #expect(try await !bench.ledger.isIdle(for: .seconds(60), now: bench.now))
            let failure = Attempt.Event.effectFailed(Failure(.inProgress, "somebody changes it"))
            _ = try await bench.turn([.attempt(work.claim, [], failure)])
            #expect(try await !bench.ledger.isIdle(for: .seconds(60), now: bench.now))
            #expect(try await bench.ledger.isIdle(for: .seconds(59), now: bench.now))
            try await bench.work()
            #expect(try await bench.ledger.isIdle(for: .seconds(60), now: bench.now))
        }
    }

    /// Records an outcome and takes what is owed then.
    private static func next(_ bench: Bench, _ work: Work) async throws -> Work {
        let turn = try await bench.turn([bench.world.perform(work, now: bench.now)])
        return try #require(turn.work.first)
    }

    private static func manyPlans() throws -> [EndpointPlan] {
        try (1...5).map { try Bench.plan("e\($0)", targets: ["m.tar.gz": "group-\($0)"]) }
    }

    /// Composes a release of each of the many endpoints and claims nothing.
    private static func rollAll(_ bench: Bench) async throws {
        for number in 1...5 { bench.world.set("group-\(number)", 1, .approved, at: bench.now) }
        try await bench.resync()
        _ = try await bench.turn(bench.perform(try await bench.turn()), capacity: 0)
        #expect(try await bench.count("attempts") == 5)
    }
}
