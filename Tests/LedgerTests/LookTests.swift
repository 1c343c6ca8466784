import Promotion
import Testing

@testable import Ledger

/// The registry as the ledger learns it: what is looked at, and which of it is a decision.
@Suite struct LookTests {
    private static let de1 = World.arn("demand-de", 1)

    @Test(arguments: Engine.allCases)
    func looksAtOnePackageAreFiveSecondsApart(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            try await bench.approve("demand-de", 1)
            _ = try await bench.turn(bench.perform(try await bench.turn()))
            // One asks long after the look, and one directly after it.
            try await bench.event(about: Self.de1, group: "demand-de")
            bench.pass(.milliseconds(4999))
            #expect(try await bench.turn().looks.isEmpty)
            bench.pass(.milliseconds(1))
            let turn = try await bench.turn()
            #expect(turn.looks.map(\.package) == [Self.de1])
            _ = try await bench.turn(bench.perform(turn))
            #expect(try await bench.count("looks") == 0)
        }
    }

    /// The status may have changed between the reply and the second event.
    @Test(arguments: Engine.allCases)
    func whoAsksDuringALookIsNotAnsweredByIt(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            try await bench.approve("demand-de", 1)
            let turn = try await bench.turn()
            let outcomes = bench.perform(turn)
            bench.world.set("demand-de", 1, .rejected, at: bench.now + .seconds(1))
            try await bench.event(about: Self.de1, group: "demand-de")
            bench.pass(.seconds(2))
            #expect(try await bench.turn(outcomes).looks.isEmpty)
            bench.pass(.seconds(5))
            let again = try await bench.turn()
            #expect(again.looks.map(\.package) == [Self.de1])
            _ = try await bench.turn(bench.perform(again))
            #expect(try await bench.texts("SELECT status AS text FROM packages") == ["Rejected"])
        }
    }

    @Test(arguments: Engine.allCases)
    func nothingIsLookedAtBeforeItsGroupWasListed(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.approve("demand-de", 1)
            let turn = try await bench.turn()
            #expect(turn.looks.isEmpty)
            // Whoever waits for what is due next must not spin on something that waits for the listing.
            #expect(turn.nextDue.map { $0 > bench.now } ?? true)
            try await bench.resync()
            #expect(try await bench.turn().looks.map(\.package) == [Self.de1])
        }
    }

    /// A listing that is denied for one group must not keep the others waiting.
    @Test(arguments: Engine.allCases)
    func unlistedGroupsTakeNobodysPlace(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.approve("demand-de", 1)
            try await bench.approve("demand-fr", 1)
            try await bench.ledger.listed(["demand-fr": bench.world.listing(of: "demand-fr")], now: bench.now)
            #expect(try await bench.turn(capacity: 1).looks.map(\.package) == [World.arn("demand-fr", 1)])
        }
    }

    @Test(arguments: Engine.allCases)
    func firstSightTakesTheHighestAcceptable(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now - .seconds(300))
            bench.world.set("demand-de", 2, .approved, at: bench.now - .seconds(100))
            // Decided last, and yet not the one: which decision was the latest is not to be seen in a list.
            bench.world.set("demand-de", 3, .approved, at: bench.now - .seconds(200))
            bench.world.set("demand-de", 4, .rejected, at: bench.now - .seconds(50))
            try await bench.resync()
            try await bench.work()
            let release = try #require(try await bench.ledger.releases().first)
            #expect(release.models == ["de.tar.gz": World.arn("demand-de", 3)])
            #expect(try await bench.count("approvals") == 1)
            #expect(try await bench.texts("SELECT arn AS text FROM packages").count == 4)
            let line = try await bench.texts(
                "SELECT text FROM journal WHERE name = 'firstSight' AND text LIKE '%demand-de%'"
            )
            #expect(
                line == [
                    "group demand-de feeds de.tar.gz: version 3 is the highest acceptable one; 2 older acceptable "
                        + "ones are from before Sluice"
                ]
            )
            // Another listing says nothing new.
            try await bench.resync()
            #expect(try await bench.turn().looks.isEmpty)
        }
    }

    /// An event may be faster than the package it tells of, which then is dated before it was missed.
    @Test(arguments: Engine.allCases)
    func aPackageThatAppearsAfterItWasMissedIsDecided(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            let arn = World.arn("demand-de", 1)
            try await bench.event(about: arn, group: "demand-de")
            try await bench.work()
            bench.world.set("demand-de", 1, .approved, at: bench.now - .seconds(60))
            bench.pass(.seconds(60))
            try await bench.resync()
            try await bench.work()
            #expect(try await bench.ledger.releases().map(\.models) == [["de.tar.gz": arn]])
        }
    }

    /// What a new endpoint first sees of versions that are known already is one release.
    @Test(arguments: Engine.allCases)
    func firstSightOfKnownVersionsIsOneRelease(_ engine: Engine) async throws {
        let plans = try ["a", "b"].map { try Bench.plan($0) }
        try await Bench.run(engine, plans: [plans[0]]) { bench in
            _ = try await bench.reachGate()
            try await bench.crash(plans: plans)
            try await bench.resync()
            try await bench.work()
            let known = try await bench.ledger.releases(of: "a").map(\.models)
            #expect(known.count == 1)
            #expect(try await bench.ledger.releases(of: "b").map(\.models) == known)
        }
    }

    /// One group may feed several endpoints, and each of them sees it for the first time by itself. What
    /// the older endpoint takes for before Sluice may be the younger one's first decision.
    @Test(arguments: Engine.allCases)
    func eachEndpointHasItsOwnFirstSight(_ engine: Engine) async throws {
        let plans = try ["a", "b"].map { try Bench.plan($0, targets: ["m": "group"]) }
        try await Bench.run(engine, plans: [plans[0]]) { bench in
            let one = bench.world.set("group", 1, .approved, at: bench.now)
            let two = bench.world.set("group", 2, .approved, at: bench.now)
            try await bench.resync()
            try await bench.work()
            bench.pass(.seconds(60))
            bench.world.set("group", 2, .rejected, at: bench.now)
            try await bench.event(about: two, group: "group")
            try await bench.work()
            #expect(try await bench.ledger.releases().map(\.models) == [["m": two]])

            try await bench.crash(plans: plans)
            try await bench.resync()
            try await bench.work()
            let added = try await bench.ledger.releases(of: "b")
            #expect(added.map(\.models) == [["m": one]])
            #expect(added.map(\.state) == ["waiting"])
            #expect(try await bench.ledger.releases(of: "a").map(\.state) == ["aborted"])

            // From then on one look is a decision for both.
            bench.pass(.seconds(60))
            let three = try await bench.approve("group", 3)
            try await bench.work()
            for endpoint in ["a", "b"] {
                let newest = try await bench.ledger.releases(of: endpoint).first
                #expect(newest?.models == ["m": three])
            }
        }
    }

    /// A denied look takes minutes to mend, and meanwhile the group is listed again and again.
    @Test(arguments: Engine.allCases)
    func aListingBeforeTheFirstLookLosesNothing(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now - .seconds(300))
            try await bench.resync()
            let look = try #require(try await bench.turn().looks.first)
            let failure = Failure(.denied, "DescribeModelPackage was denied")
            _ = try await bench.turn([.lookFailed(look, failure)])
            bench.pass(.seconds(300))
            try await bench.resync()
            try await bench.work()
            #expect(try await bench.ledger.releases().map(\.models) == [["de.tar.gz": Self.de1]])
        }
    }

    /// The listing takes a while, and AWS's clock is another: what it did not hold is new, whatever the
    /// version's time of creation says.
    @Test(arguments: Engine.allCases)
    func aVersionMadeDuringTheFirstListingIsNews(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            bench.world.set("demand-de", 1, .approved, at: bench.now - .seconds(2))
            bench.pass(.seconds(300))
            try await bench.resync()
            #expect(try await bench.turn().looks.map(\.package) == [Self.de1])
        }
    }

    @Test(arguments: Engine.allCases)
    func aLaterListingFindsWhatEventsDidNot(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now)
            let de2 = bench.world.set("demand-de", 2, .pending, at: bench.now)
            let fr1 = bench.world.set("demand-fr", 1, .approved, at: bench.now)
            try await bench.resync()
            try await bench.work()
            bench.pass(.seconds(3600))

            bench.world.set("demand-de", 2, .approved, at: bench.now)
            bench.world.delete(fr1)
            let de3 = bench.world.set("demand-de", 3, .approved, at: bench.now + .seconds(1))
            try await bench.resync()
            #expect(Set(try await bench.turn().looks.map(\.package)) == [de2, de3, fr1])
            bench.pass(.seconds(31))
            try await bench.work()
            let statuses = try await bench.texts(
                "SELECT arn || ' ' || status AS text FROM packages ORDER BY arn"
            )
            #expect(
                statuses == [
                    "\(Self.de1) Approved", "\(de2) Approved", "\(de3) Approved", "\(fr1) Deleted",
                ]
            )
            let newest = try #require(try await bench.ledger.releases().first)
            #expect(newest.models == ["de.tar.gz": de3])
            // A deleted package is not missed again.
            try await bench.resync()
            #expect(try await bench.turn().looks.isEmpty)
        }
    }

    /// An event that names one group's package as another's costs a look and brings nobody's model
    /// where it does not belong.
    @Test(arguments: Engine.allCases)
    func aPackageOfAnotherGroupIsNotTaken(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            let other = bench.world.set("other", 1, .approved, at: bench.now)
            let fr1 = bench.world.set("demand-fr", 1, .approved, at: bench.now)
            for package in [other, fr1] { try await bench.event(about: package, group: "demand-de") }
            let outcomes = try await bench.turn().looks.map { look in
                let group = look.package == other ? "other" : "demand-fr"
                return Outcome.looked(
                    look,
                    bench.world.sight(of: look.package, group: group, now: bench.now)
                )
            }
            // The one that feeds a target is looked at once more, as what it is.
            let again = try await bench.turn(outcomes)
            #expect(again.looks.map(\.package) == [fr1])
            #expect(again.looks.map(\.group) == ["demand-fr"])
            #expect(try await bench.texts("SELECT arn AS text FROM packages") == [other])
            _ = try await bench.turn(bench.perform(again))
            #expect(try await bench.ledger.releases().map(\.models) == [["fr.tar.gz": fr1]])
            #expect(try await bench.count("looks") == 0)
            // Whoever forges many of them pays with one look in five seconds, as for any other.
            try await bench.event(about: other, group: "demand-de")
            #expect(try await bench.turn().looks.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func anOlderReplyChangesNothing(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            try await bench.approve("demand-de", 1)
            let stale = bench.world.sight(of: Self.de1, group: "demand-de", now: bench.now)
            bench.pass(.seconds(10))
            bench.world.set("demand-de", 1, .rejected, at: bench.now)
            let look = try #require(try await bench.turn().looks.first)
            _ = try await bench.turn([bench.world.perform(look, now: bench.now)])
            try await bench.event(about: Self.de1, group: "demand-de")
            bench.pass(.seconds(5))
            let again = try #require(try await bench.turn().looks.first)
            _ = try await bench.turn([.looked(again, stale)])
            #expect(try await bench.texts("SELECT status AS text FROM packages") == ["Rejected"])
            #expect(try await bench.count("approvals") == 0)
        }
    }

    /// Approve v5, approve v3, and v5's event once more: the latest decision wins, not the latest message.
    @Test(arguments: Engine.allCases)
    func aStatusThatIsKnownIsNoDecision(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            let five = try await bench.approve("demand-de", 5)
            try await bench.work(within: .seconds(10))
            bench.pass(.seconds(60))
            let three = try await bench.approve("demand-de", 3)
            try await bench.work(within: .seconds(10))
            bench.pass(.seconds(60))
            // Its time of modification moved with another field of the package, and its status did not.
            bench.world.set("demand-de", 5, .approved, at: bench.now)
            try await bench.event(about: five, group: "demand-de")
            try await bench.work()
            #expect(try await bench.count("approvals") == 2)
            let newest = try #require(try await bench.ledger.releases().first)
            #expect(newest.models == ["de.tar.gz": three])
            #expect(newest.state == "waiting")
        }
    }

    @Test(arguments: Engine.allCases)
    func approvedOnceMoreIsAnotherDecision(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            for status in [ApprovalStatus.approved, .pending, .approved] {
                bench.world.set("demand-de", 1, status, at: bench.now)
                try await bench.event(about: Self.de1, group: "demand-de")
                try await bench.work(within: .seconds(10))
                bench.pass(.seconds(60))
            }
            #expect(try await bench.count("approvals") == 2)
        }
    }

    @Test(arguments: Engine.allCases)
    func aFailingLookIsTriedAgainAndShown(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            try await bench.approve("demand-de", 1)
            let denied = Failure(.denied, "DescribeModelPackage was denied")
            for pause in [1, 2, 4] {
                let look = try #require(try await bench.turn().looks.first)
                let turn = try await bench.turn([.lookFailed(look, denied)])
                #expect(turn.nextDue == bench.now + .seconds(pause))
                bench.pass(.seconds(pause))
            }
            let troubles = try #require(try await bench.ledger.status().first?.troubles)
            #expect(troubles.map(\.subject) == [Self.de1])
            #expect(troubles.map(\.sentence) == ["DescribeModelPackage was denied"])

            // Being stopped is no failure: it is not counted, and says nothing new.
            let look = try #require(try await bench.turn().looks.first)
            #expect(look.failures == 3)
            let interrupted = Failure(.interrupted, "the worker was stopped")
            let again = try #require(try await bench.turn([.lookFailed(look, interrupted)]).looks.first)
            #expect(again.failures == 3)
            _ = try await bench.turn([bench.world.perform(again, now: bench.now)])
            #expect(try await bench.ledger.status().first?.troubles.isEmpty == true)
            #expect(try await bench.ledger.releases().count == 1)
        }
    }

    /// The registry is the truth, so the ledger never stops asking it.
    @Test(arguments: Engine.allCases)
    func aLookIsNeverGivenUp(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            try await bench.approve("demand-de", 1)
            for kind in Failure.Class.allCases {
                let look = try #require(try await bench.turn().looks.first, "after \(kind)")
                _ = try await bench.turn([.lookFailed(look, Failure(kind, "no"))], capacity: 0)
                bench.pass(.seconds(25 * 3600))
            }
            #expect(try await bench.turn().looks.count == 1)
        }
    }

    /// Approvals given together are found one after the other, and still are one release.
    @Test(arguments: Engine.allCases)
    func whatIsApprovedTogetherIsOneRelease(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            try await bench.approve("demand-de", 1)
            try await bench.approve("demand-fr", 1)
            let turn = try await bench.turn()
            #expect(turn.looks.count == 2)
            #expect(try await bench.turn([bench.world.perform(turn.looks[0], now: bench.now)]).work.isEmpty)
            bench.pass(.seconds(1))
            let second = try await bench.turn([bench.world.perform(turn.looks[1], now: bench.now)])
            #expect(second.work.map { $0.release.models.count } == [2])
            #expect(try await bench.ledger.releases().count == 1)
        }
    }

    /// And yet a look that takes long delays the others only a little.
    @Test(arguments: Engine.allCases)
    func aSlowLookDelaysNobodyForLong(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            try await bench.approve("demand-de", 1)
            try await bench.approve("demand-fr", 1)
            let looks = try await bench.turn().looks
            let start = bench.now
            _ = try await bench.turn([bench.world.perform(looks[0], now: bench.now)])
            bench.now = start + Ledger.folding - .milliseconds(1)
            #expect(try await bench.turn().work.isEmpty)
            bench.now = start + Ledger.folding
            #expect(try await bench.turn().work.count == 1)
        }
    }

    /// A hiccup of the registry's does not make two releases of what was approved together.
    @Test(arguments: Engine.allCases)
    func aLookThatStumblesIsWaitedFor(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            try await bench.approve("demand-de", 1)
            try await bench.approve("demand-fr", 1)
            var looks = try await bench.turn().looks
            let failure = Failure(.transient, "the service is unavailable")
            var outcomes = [bench.world.perform(looks[0], now: bench.now)]
            for pause in [1, 2] {
                let last = try #require(looks.last)
                let turn = try await bench.turn(outcomes + [.lookFailed(last, failure)])
                #expect(turn.work.isEmpty)
                bench.pass(.seconds(pause))
                looks = try await bench.turn().looks
                outcomes = []
            }
            let turn = try await bench.turn([bench.world.perform(try #require(looks.last), now: bench.now)])
            #expect(turn.work.map { $0.release.models.count } == [2])
            #expect(try await bench.ledger.releases().count == 1)
        }
    }

    /// And yet a version that cannot be read keeps the others for little more than half a minute.
    @Test(arguments: Engine.allCases)
    func aLookThatKeepsFailingIsNotWaitedForForLong(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            let denied = Failure(.denied, "no")
            try await bench.approve("demand-de", 1)
            let fr1 = try await bench.approve("demand-fr", 1)
            let start = bench.now
            let looks = try await bench.turn().looks
            var turn = try await bench.turn([
                bench.world.perform(looks[0], now: bench.now), .lookFailed(looks[1], denied),
            ])
            #expect(looks[1].package == fr1)
            while turn.work.isEmpty {
                bench.now = try #require(turn.nextDue)
                let outcomes = try await bench.turn().looks.map { Outcome.lookFailed($0, denied) }
                turn = try await bench.turn(outcomes)
            }
            #expect(turn.work.map { $0.release.models.count } == [1])
            #expect(bench.now - start <= Ledger.folding)
        }
    }

    /// An approval in a group that nobody can list waits unseen, so it has to be told where people look.
    @Test(arguments: Engine.allCases)
    func aGroupThatCannotBeListedIsATroubleUntilItCan(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.ledger.couldNotList(["demand-de": "ListModelPackages was denied"], now: bench.now)
            let troubles = try #require(try await bench.ledger.status().first?.troubles)
            #expect(troubles.map(\.subject) == ["demand-de"])
            #expect(troubles.map(\.sentence) == ["ListModelPackages was denied"])
            try await bench.resync()
            #expect(try await bench.ledger.status().first?.troubles.isEmpty == true)
        }
    }
}
