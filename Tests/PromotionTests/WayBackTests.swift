import Testing

@testable import Promotion

/// The way back, as transcripts: what the registry rejects, and what a person takes back.
@Suite struct WayBackTests {
    /// Two releases were released everywhere: version 1 of both models, then de2.
    private static func twice(_ plan: EndpointPlan = PromotionTests.plan()) -> Story {
        let it = Story.settled(plan)
        _ = it.approve(de(2))
        it.world.settleDown()
        return it
    }

    private func back(_ it: Story, in account: String) -> Attempt? {
        it.world.attempts.last { $0.account == account && $0.isRollback }
    }

    @Test func aRejectedVersionThatServesGoesBackAtOnceProductionFirst() throws {
        let it = Self.twice()
        #expect(it.serves("prod") == "de2 fr1")
        #expect(it.see(de(2), .rejected) == "1 released, 2 aborted")
        let (prod, staging) = (try #require(back(it, in: "prod")), try #require(back(it, in: "staging")))
        #expect(prod.dueAt == it.world.now)
        #expect(staging.dueAt.map { $0 > it.world.now } == true, "production is first")
        #expect(prod.release == it.world.id(1))
        #expect(prod.leaves == it.world.id(2))
        #expect(prod.owed == .inspect)
        #expect(prod.reuses == it.world.attempts.first { $0.account == "prod" }?.configName)
        it.world.step("prod", towards: .verified)
        #expect(
            it.world.underWay(in: "prod")?.owed == .updateEndpoint(config: prod.reuses ?? ""),
            "nothing is copied or created on the way back"
        )
        #expect(it.finish("prod") == "1 released, 2 aborted")
        #expect(it.finish("staging") == "1 released, 2 aborted")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.world.release(2)?.rolledBack == ["prod", "staging"])
        #expect(it.world.release(2)?.reason?.contains("de version 2 was rejected in the registry") == true)
        // Nobody is asked, and nothing else is composed, because what is acceptable serves.
        #expect(it.pass(.days(8)) == "1 released, 2 aborted")
        #expect(it.faults == [])
    }

    @Test func whatIsStillAcceptableIsComposedAnewAndGated() {
        let it = Self.twice()
        #expect(it.approve(fr(2)) == "1 released, 2 released, 3 rolling staging")
        it.world.settleDown()
        #expect(it.serves("prod") == "de2 fr2")
        #expect(it.see(de(2), .rejected) == "1 released, 2 released, 3 aborted")
        #expect(it.finish("prod") == "1 released, 2 released, 3 aborted")
        #expect(it.serves("prod") == "de1 fr1", "release 2 holds the rejected version too")
        // fr2 is still approved: with de1 it is another set, which goes through every gate.
        #expect(it.finish("staging") == "1 released, 2 released, 3 aborted, 4 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 released, 3 aborted, 4 waiting prod")
        #expect(it.waits(4) == "approval by a person for prod")
        #expect(it.promote(4) == "1 released, 2 released, 3 aborted, 4 rolling prod")
        #expect(it.finish("prod") == "1 released, 2 released, 3 aborted, 4 released")
        #expect(it.serves("prod") == "de1 fr2")
        #expect(it.faults == [])
    }

    @Test func whereThereIsNothingToGoBackToItStaysAndSaysSo() throws {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.see(de(1), .rejected) == "1 aborted")
        #expect(it.serves("staging") == "de1")
        #expect(it.world.serving["staging"]?.isStranded == true)
        let notes = it.world.notes.filter { $0.name == "nothingToGoBackTo" }
        #expect(notes.count == 1, "it is said once, however often the state is looked at")
        #expect(notes.first?.text.contains("goes on serving it") == true)
        #expect(it.pass(.days(1)) == "1 aborted")
        #expect(it.world.notes.filter { $0.name == "nothingToGoBackTo" }.count == 1)
        // The next acceptable version puts an end to it.
        #expect(it.approve(de(2)) == "1 aborted, 2 rolling staging")
        #expect(it.finish("staging") == "1 aborted, 2 waiting prod")
        #expect(it.world.serving["staging"]?.isStranded == false)
        #expect(it.faults == [])
    }

    @Test func aSwitchThatWasAskedForIsAwaitedAndTakenBack() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        while it.world.underWay(in: "staging")?.state != .awaiting {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.see(de(2), .rejected) == "1 released, 2 rolling staging")
        it.world.step("staging", towards: .verified)
        #expect(it.world.underWay(in: "staging")?.state == .restoring, "no smoke test is asked for it")
        #expect(it.finish("staging") == "1 released, 2 aborted")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.endings.last == "de2 aborted")
        #expect(it.faults == [])
    }

    @Test(arguments: [true, false])
    func aSwitchThatMayHaveBeenAskedForIsLookedAt(hasBegun: Bool) {
        let it = Story.settled()
        _ = it.approve(de(2))
        while it.world.underWay(in: "staging")?.state != .updating {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.see(de(2), .rejected) == "1 released, 2 rolling staging")
        #expect(it.world.underWay(in: "staging")?.owed == .look, "asking again would make the switch")
        if hasBegun, let attempt = it.world.underWay(in: "staging") {
            it.world.tell(.endpointUpdateAccepted, attempt)
            #expect(it.world.underWay(in: "staging")?.state == .awaiting)
        }
        #expect(it.finish("staging") == "1 released, 2 aborted")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.faults == [])
    }

    @Test func rejectedDuringTheSoakIsTakenBackAtOnce() {
        let it = Story.settled(plan([staging(soak: .minutes(10)), prod()]))
        _ = it.approve(de(2))
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.serves("staging") == "de2 fr1")
        #expect(it.see(de(2), .rejected) == "1 released, 2 rolling staging")
        #expect(it.world.underWay(in: "staging")?.state == .restoring)
        #expect(it.finish("staging") == "1 released, 2 aborted")
        #expect(it.serves("staging") == "de1 fr1", "and the ledger knows it")
        #expect(it.faults == [])
    }

    @Test func withdrawnToPendingOrDeletedRollsNothingBack() {
        for status in [ApprovalStatus.pending, .deleted] {
            let it = Self.twice()
            #expect(it.see(de(2), status) == "1 released, 2 released")
            #expect(it.serves("prod") == "de2 fr1")
            #expect(it.pass(.days(8)) == "1 released, 2 released")
        }
    }

    @Test func aHoldDoesNotKeepARejectedModelServing() {
        let it = Self.twice()
        it.world.holdAll()
        #expect(it.see(de(2), .rejected) == "1 released, 2 aborted")
        #expect(it.finish("prod") == "1 released, 2 aborted")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.faults == [])
    }

    /// A rollout of a good version that cannot get on must not keep a rejected one serving.
    @Test func aStuckRolloutMakesRoomAndGoesOnAfterwards() {
        let it = Self.twice()
        #expect(it.approve(de(3)) == "1 released, 2 released, 3 rolling staging")
        it.world.holdAll()
        #expect(it.see(de(2), .rejected) == "1 released, 2 aborted, 3 aborted")
        #expect(it.finish("staging") == "1 released, 2 aborted, 3 waiting staging")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.endings.suffix(1) == ["de2 released"], "the approval of de3 is still open")
        it.world.resumeAll()
        it.world.settleDown()
        #expect(it.serves("prod") == "de3 fr1")
        #expect(it.endings.last == "de3 released")
        #expect(it.faults == [])
    }

    /// Its switch may have been asked for, so a hold that stopped it could keep a rejected version serving.
    @Test func aHeldSwitchMakesRoomToo() {
        let it = Self.twice()
        _ = it.approve(de(3))
        while it.world.underWay(in: "staging")?.state != .updating {
            it.world.step("staging", towards: .verified)
        }
        it.world.holdAll()
        #expect(it.see(de(2), .rejected) == "1 released, 2 aborted, 3 rolling staging")
        #expect(it.world.underWay(in: "staging")?.owed == .look)
        #expect(it.finish("staging") == "1 released, 2 aborted, 3 aborted")
        #expect(it.finish("staging") == "1 released, 2 aborted, 3 waiting staging")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.faults == [])
    }

    @Test func aSecondRejectionIsActedOnLikeTheFirst() {
        let it = Self.twice()
        _ = it.see(de(1), .rejected)
        _ = it.see(de(2), .rejected)
        #expect(it.world.serving["prod"]?.isStranded == true, "there is nothing to go back to")
        _ = it.see(de(2), .approved)
        #expect(it.world.serving["prod"]?.isStranded == false)
        it.world.holdAll()
        _ = it.see(de(1), .approved)
        _ = it.see(de(2), .rejected)
        #expect(it.world.underWay(in: "prod")?.release == it.world.id(1))
        _ = it.finish("prod")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.faults == [])
    }

    @Test func onRejectionHoldAlsoHoldsWhatComesToServeItAfterwards() {
        let it = Story.settled(plan(onRejection: .hold))
        _ = it.approve(de(2))
        while it.world.underWay(in: "staging")?.state != .awaiting {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.see(de(2), .rejected) == "1 released, 2 rolling staging")
        #expect(it.world.holds == [])
        _ = it.finish("staging")
        #expect(it.serves("staging") == "de2 fr1")
        #expect(it.world.holds.map(\.stage) == ["staging"])
        #expect(it.world.holds.allSatisfy { $0.reason.contains("rejected in the registry") })
        #expect(it.faults == [])
    }

    @Test func onRejectionHoldAsksAPerson() {
        let it = Self.twice(plan(onRejection: .hold))
        #expect(it.see(de(2), .rejected) == "1 waiting staging, 2 released")
        #expect(it.serves("prod") == "de2 fr1")
        #expect(it.world.holds.map(\.stage) == ["staging", "prod"])
        #expect(it.world.holds.allSatisfy { $0.by == "sluice" && $0.reason.contains("rejected") })
        #expect(it.rollback("prod") == "1 waiting staging, 2 aborted")
        _ = it.finish("prod")
        #expect(it.serves("prod") == "de1 fr1")
    }

    // MARK: A person's rollback

    @Test func aPersonsRollbackTakesOneAccountBackAndHoldsItsStage() {
        let it = Self.twice()
        #expect(it.rollback("prod") == "1 released, 2 aborted")
        #expect(it.world.holds.map(\.stage) == ["prod"])
        #expect(it.world.holds.first?.by == "AIDAOLGA")
        #expect(it.finish("prod") == "1 released, 2 aborted")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.serves("staging") == "de2 fr1", "the other account stays")
        #expect(it.world.release(2)?.rolledBack == ["prod"])
        #expect(it.bars == [], "nothing is barred: the hold keeps it out")
        // Automation does not undo it, before or after the hold.
        #expect(it.approve(fr(2)) == "1 released, 2 aborted, 3 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 aborted, 3 waiting prod")
        #expect(it.promote(3) == "1 released, 2 aborted, 3 waiting prod")
        #expect(it.waits(3).hasPrefix("resume: held by AIDAOLGA"))
        #expect(it.faults == [])
    }

    @Test func aRollbackToAReleaseThatTheAccountNeverVerifiedIsRefused() {
        let it = Self.twice()
        #expect(it.approve(de(3)) == "1 released, 2 released, 3 rolling staging")
        #expect(it.rollback("prod", to: 3) == "refused: prod never verified \(it.world.id(3))")
        #expect(it.rollback("prod", to: 2) == "refused: prod serves \(it.world.id(2)) already")
        #expect(
            it.rollback("nowhere") == "refused: endpoint demand has no account nowhere; it has prod, staging"
        )
        #expect(
            it.ask(.rollback(account: "prod", release: nil), by: stranger)
                == "refused: AIDAMALLORY is not among the operators of demand"
        )
        #expect(it.world.holds.isEmpty)
        #expect(it.rollback("prod", to: 1) == "1 released, 2 aborted, 3 rolling staging")
        #expect(it.rollback("prod") == "refused: prod is going back to \(it.world.id(1)) already")
        #expect(it.finish("prod") == "1 released, 2 aborted, 3 rolling staging")
        #expect(it.rollback("prod").hasPrefix("refused: there is nothing to go back to"), "2 was left before")
    }

    @Test func aPersonTakesBackWhatIsUnderWay() {
        let it = Story.settled(plan([staging(soak: .minutes(10)), prod()]))
        _ = it.approve(de(2))
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.rollback("staging") == "1 released, 2 rolling staging")
        #expect(it.world.underWay(in: "staging")?.state == .restoring)
        #expect(it.finish("staging") == "1 released, 2 aborted")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.endings.last == "de2 aborted")
        #expect(it.world.holds.map(\.stage) == ["staging"])
        #expect(it.pass(.days(1)) == "1 released, 2 aborted", "it does not come back by itself")
        #expect(it.faults == [])
    }

    /// The reply to the switch was lost, so it may have begun; the hold that comes with a rollback must not
    /// keep anybody from looking.
    @Test func aSwitchIsTakenBackUnderTheHoldThatComesWithIt() {
        let it = Story.settled()
        _ = it.approve(de(2))
        while it.world.underWay(in: "staging")?.state != .updating {
            it.world.step("staging", towards: .verified)
        }
        it.world.underWay(in: "staging").map {
            it.world.tell(.effectFailed(Failure(.transient, "no reply")), $0)
        }
        #expect(it.rollback("staging") == "1 released, 2 rolling staging")
        #expect(it.world.underWay(in: "staging")?.dueAt == it.world.now)
        #expect(it.finish("staging") == "1 released, 2 aborted")
        #expect(it.world.holds.map(\.stage) == ["staging"])
        #expect(it.faults == [])
    }

    /// A release that staging serves already passes it without an attempt, and what rolls through staging
    /// afterwards takes nothing away from that.
    @Test func whatWasServedWhenItPassedStaysVerifiedThere() {
        let it = Story.settled()
        _ = it.approve(de(2))
        _ = it.finish("staging")
        _ = it.promote(2)
        _ = it.rollback("prod")
        _ = it.finish("prod")
        it.world.ask(.resume(stage: "prod"), by: olga)
        #expect(it.retry(2) == "1 released, 2 waiting prod")
        #expect(it.approve(de(3)) == "1 released, 2 waiting prod, 3 rolling staging")
        _ = it.see(de(3), .deleted)
        #expect(it.finish("staging") == "1 released, 2 waiting prod, 3 aborted")
        #expect(it.waits(2) == "approval by a person for prod")
        #expect(it.promote(2) == "1 released, 2 rolling prod, 3 aborted")
        #expect(it.faults == [])
    }

    // MARK: A way back that fails

    @Test(arguments: [World.Outcome.smokeFailed, .rolledBack, .foreign])
    func aRollbackIsNeverRolledBack(outcome: World.Outcome) {
        let it = Self.twice()
        _ = it.see(de(2), .rejected)
        _ = it.finish("prod", outcome)
        let attempt = back(it, in: "prod")
        #expect(attempt?.state == .errored)
        #expect(attempt?.needsPerson == true)
        #expect(it.world.holds.map(\.stage) == ["prod"])
        #expect(it.world.holds.first?.by == "sluice")
        #expect(it.serves("prod") == "", "nobody can say what it serves")
        #expect(it.bars == [], "what served well before is not barred for it")
        #expect(it.pass(.days(1)).hasPrefix("1 released, 2 aborted"))
        #expect(it.world.attempts.filter(\.isRollback).count == 2, "no second one begins by itself")
        #expect(it.faults == [])
    }

    @Test func aConfigThatIsGoneIsMadeAnew() {
        let it = Self.twice()
        _ = it.see(de(2), .rejected)
        it.world.step("prod", towards: .verified)
        if let attempt = it.world.underWay(in: "prod") {
            it.world.tell(.effectFailed(Failure(.vanished, "no such config")), attempt)
        }
        #expect(it.world.underWay(in: "prod")?.owed == .copyArtifacts)
        #expect(it.finish("prod") == "1 released, 2 aborted")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.faults == [])
    }

    /// What an account goes back to may be rejected as well before it is there.
    @Test func aWayBackThatIsRejectedTooIsGivenUpForTheOneBefore() {
        let it = Self.twice()
        _ = it.approve(de(3))
        it.world.settleDown()
        #expect(it.serves("prod") == "de3 fr1")
        _ = it.see(de(3), .rejected)
        #expect(back(it, in: "prod")?.release == it.world.id(2))
        _ = it.see(de(2), .rejected)
        #expect(it.world.underWay(in: "prod")?.release == it.world.id(1))
        _ = it.finish("prod")
        _ = it.finish("staging")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.faults == [])
    }
}

/// What becomes of the other models when one fails.
@Suite struct ModelFailureTests {
    private static func failing(_ rule: EndpointPlan.OnModelFailure) -> Story {
        let it = Story.settled(plan(onModelFailure: rule))
        it.world.approveTogether([de(2), fr(2)])
        #expect(it.world.situation == "1 released, 2 rolling staging")
        return it
    }

    @Test func failEndsTheWholeRelease() {
        let it = Self.failing(.fail)
        #expect(it.finish("staging", .smokeFailed, blaming: "de") == "1 released, 2 failed")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.bars == ["de2"])
        #expect(it.endings.suffix(2).sorted() == ["de2 failed", "fr2 failed"])
        #expect(it.pass(.days(1)) == "1 released, 2 failed", "nothing goes on by itself")
        // The next decision takes along what was never blamed.
        #expect(it.approve(de(3)) == "1 released, 2 failed, 3 rolling staging")
        it.world.settleDown()
        #expect(it.serves("prod") == "de3 fr2")
        #expect(it.faults == [])
    }

    @Test func excludeLetsTheRestGoOn() {
        let it = Self.failing(.exclude)
        #expect(
            it.finish("staging", .smokeFailed, blaming: "de") == "1 released, 2 failed, 3 rolling staging"
        )
        #expect(it.bars == ["de2"])
        #expect(it.endings.last == "de2 failed")
        #expect(it.open == ["fr2"])
        it.world.settleDown()
        #expect(it.serves("prod") == "de1 fr2")
        #expect(it.endings.last == "fr2 released")
        #expect(it.faults == [])
    }

    /// Staging must not keep what production failed, so the rest goes on from there in any case.
    @Test func whatFailsInProductionIsReplacedInStaging() {
        let it = Self.failing(.fail)
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.promote(2) == "1 released, 2 rolling prod")
        #expect(it.finish("prod", .smokeFailed, blaming: "de") == "1 released, 2 failed, 3 rolling staging")
        #expect(it.open == ["fr2"])
        it.world.settleDown()
        #expect(it.serves("prod") == "de1 fr2")
        #expect(it.faults == [])
    }
}
