import Promotion
import Testing

/// What happens to an endpoint, as transcripts: one line per event, with every release's state after it.
@Suite struct EndpointTests {
    @Test func anApprovalBecomesAReleaseThatIsTestedAndPromoted() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.open == ["de1"])
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.serves("staging") == "de1")
        #expect(it.waits(1) == "approval by a person for prod")
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.endings == [])
        #expect(it.finish("prod") == "1 released")
        #expect(it.serves("prod") == "de1")
        #expect(it.endings == ["de1 released"])
        #expect(it.open == [])
        #expect(it.faults == [])
    }

    /// The hundred approvals of a busy hour are one further release, not a hundred.
    @Test func approvalsDuringAnAttemptFoldIntoTheNextRelease() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        for number in 2...100 { #expect(it.approve(de(number)) == "1 rolling staging") }
        #expect(it.approve(fr(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod, 2 rolling staging")
        #expect(it.endings == (1...99).map { "de\($0) superseded" })
        #expect(it.finish("staging") == "1 superseded, 2 waiting prod")
        #expect(it.serves("staging") == "de100 fr1")
        #expect(it.promote(2) == "1 superseded, 2 rolling prod")
        #expect(it.finish("prod") == "1 superseded, 2 released")
        #expect(it.endings.suffix(2) == ["de100 released", "fr1 released"])
        #expect(it.open == [])
        #expect(it.faults == [])
    }

    @Test func approvalsDuringASoakWaitForItsEnd() {
        let it = Story(plan([staging(soak: .minutes(10)), prod()]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.serves("staging") == "de1")
        #expect(it.approve(de(2)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod, 2 rolling staging")
    }

    @Test func aNewerReleaseSupersedesAtTheGateAndVoidsApprovals() {
        let two = plan([staging(), prod(approvals: 2)])
        let it = Story(two)
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1) == "1 waiting prod")
        #expect(it.approve(de(2)) == "1 waiting prod, 2 rolling staging")
        // The older one may still be promoted while the newer is under way.
        #expect(it.waits(1) == "1 of 2 approvals by a person for prod")
        #expect(it.finish("staging") == "1 superseded, 2 waiting prod")
        #expect(it.waits(2) == "0 of 2 approvals by a person for prod")
        #expect(it.promote(1).hasPrefix("refused: \(it.world.id(1)) has ended superseded"))
        #expect(it.endings == ["de1 superseded"])
        #expect(it.faults == [])
    }

    @Test func oneThatRollsInAStageFinishesAndTheNewestWaits() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.approve(de(2)) == "1 rolling prod, 2 rolling staging")
        #expect(it.finish("staging") == "1 rolling prod, 2 waiting prod")
        #expect(it.promote(2) == "1 rolling prod, 2 waiting prod")
        #expect(it.waits(2) == "release \(it.world.id(1)), which is rolling in prod")
        #expect(it.approve(de(3)) == "1 rolling prod, 2 waiting prod, 3 rolling staging")
        #expect(it.finish("staging") == "1 rolling prod, 2 superseded, 3 waiting prod")
        #expect(it.finish("prod") == "1 released, 2 superseded, 3 waiting prod")
        #expect(it.faults == [])
    }

    @Test func aNewerOneThatFailsBeforeTheGateLeavesTheWaitingOne() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.approve(fr(1)) == "1 waiting prod, 2 rolling staging")
        #expect(it.finish("staging", .smokeFailed, blaming: "fr") == "1 waiting prod, 2 failed")
        #expect(it.bars == ["fr1"])
        #expect(it.endings == ["fr1 failed"])
        // The first release carries its approval again, and ends it.
        #expect(it.open == ["de1"])
        #expect(it.promote(1) == "1 rolling prod, 2 failed")
        #expect(it.finish("prod") == "1 released, 2 failed")
        #expect(it.endings == ["fr1 failed", "de1 released"])
        #expect(it.faults == [])
    }

    /// A newer release may carry an approval on while the older one is rolling out; whichever is
    /// verified in the last stage first ends it.
    @Test func anApprovalIsReleasedByTheFirstReleaseThatHoldsIt() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.approve(fr(1)) == "1 rolling prod, 2 rolling staging")
        #expect(it.finish("prod") == "1 released, 2 rolling staging")
        #expect(it.endings == ["de1 released"])
        #expect(it.finish("staging", .rolledBack) == "1 released, 2 failed")
        #expect(it.endings == ["de1 released", "fr1 failed"])
    }

    // MARK: The latest decision

    @Test func theLatestDecisionWinsNotTheLatestVersionOrMessage() {
        let it = Story()
        #expect(it.approve(de(5), at: second(10)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.approve(de(3), at: second(20)) == "1 waiting prod, 2 rolling staging")
        // The event about version 5 once more is about a status the ledger holds: no decision.
        #expect(it.approve(de(5), at: second(30)) == "1 waiting prod, 2 rolling staging")
        #expect(it.finish("staging") == "1 superseded, 2 waiting prod")
        #expect(it.promote(2) == "1 superseded, 2 rolling prod")
        #expect(it.finish("prod") == "1 superseded, 2 released")
        #expect(it.serves("prod") == "de3")
        #expect(it.endings == ["de5 superseded", "de3 released"])
        #expect(it.open == [])
    }

    /// Decisions are ordered by the registry's times, in whatever order Sluice learns of them.
    @Test func decisionsLearnedInTheWrongOrderKeepTheirOwn() {
        let it = Story()
        it.world.holdAll()
        #expect(it.approve(de(3), at: second(20)) == "1 waiting staging")
        #expect(it.approve(de(5), at: second(10)) == "1 waiting staging")
        #expect(it.endings == ["de5 superseded"])
        #expect(it.approve(de(4), at: second(20)) == "1 superseded, 2 waiting staging")
        it.world.settleDown()
        it.world.resumeAll()
        it.world.settleDown()
        #expect(it.serves("prod") == "de4")
    }

    /// Whatever becomes of the release that took the later one, the earlier one has its ending.
    @Test func aDecisionHeardOfAfterALaterOneIsRollingIsSuperseded() {
        let it = Story.settled()
        let earlier = it.world.now
        #expect(it.approve(de(3), at: earlier + .seconds(1)) == "1 released, 2 rolling staging")
        #expect(it.approve(de(2), at: earlier) == "1 released, 2 rolling staging")
        #expect(it.endings.suffix(1) == ["de2 superseded"])
        #expect(it.finish("staging", .smokeFailed, blaming: "de") == "1 released, 2 failed")
        #expect(it.open == [])
        #expect(it.serves("staging") == "de1 fr1")
    }

    @Test func aDecisionHeardOfAfterALaterOneHasFailedIsSuperseded() {
        let it = Story.settled()
        it.world.holdAll()
        let earlier = it.world.now
        #expect(it.approve(de(3), at: earlier + .seconds(1)) == "1 released, 2 waiting staging")
        #expect(it.approve(de(4), at: earlier + .seconds(2)) == "1 released, 2 superseded, 3 waiting staging")
        it.world.resumeAll()
        #expect(it.finish("staging", .smokeFailed, blaming: "de") == "1 released, 2 superseded, 3 failed")
        // Version 3 is what serves next, but nobody asks for it any more, and version 2 was decided before it.
        #expect(it.approve(de(2), at: earlier) == "1 released, 2 superseded, 3 failed")
        #expect(it.endings.last == "de2 superseded")
        #expect(it.open == [])
    }

    /// A decision about the version that serves already changes nothing, and still has an ending.
    @Test func approvingWhatServesAgainEndsReleased() {
        let it = Story.settled()
        #expect(it.see(de(1), .pending) == "1 released")
        #expect(it.approve(de(1)) == "1 released")
        #expect(it.endings == ["de1 released", "fr1 released", "de1 released"])
        #expect(it.open == [])
        #expect(it.faults == [])
    }

    /// Going back to what serves everywhere ends a newer release that still waits at the first gate.
    @Test func aLaterDecisionForWhatServesEndsTheNewerThatWaits() {
        let it = Story.settled()
        it.world.holdAll()
        #expect(it.approve(de(2)) == "1 released, 2 waiting staging")
        #expect(it.see(de(1), .pending) == "1 released, 2 waiting staging")
        #expect(it.approve(de(1)) == "1 released, 2 superseded")
        it.world.resumeAll()
        #expect(it.world.situation == "1 released, 2 superseded")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.open == [])
    }

    // MARK: People

    @Test func aReleaseManagersNoBarsAndComposesWithout() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        // Staging goes back to what production serves, and nobody is asked to promote what is there.
        #expect(it.reject(2) == "1 rolling staging, 2 refused")
        #expect(it.bars == ["de2"])
        #expect(it.endings.last == "de2 refused")
        #expect(it.finish("staging") == "1 released, 2 refused")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.faults == [])
    }

    @Test func twoSessionsOfOneRoleAreOnePerson() {
        let it = Story(plan([staging(), prod(approvals: 2)]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1, by: bert) == "1 waiting prod")
        #expect(it.promote(1, by: carl) == "1 waiting prod")
        #expect(it.promote(1, by: bert) == "1 waiting prod")
        #expect(it.world.consents.count == 1)
        #expect(it.promote(1, by: anna) == "1 rolling prod")
    }

    @Test func promotionsThatAreRefused() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(
            it.promote(1)
                == "refused: \(it.world.id(1)) is not waiting at the gate of prod: it is rolling in staging"
        )
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(
            it.promote(1, by: stranger) == "refused: AIDAMALLORY is not among the approvers of demand in prod"
        )
        #expect(it.promote(1, by: olga) == "refused: AIDAOLGA is not among the approvers of demand in prod")
        #expect(
            it.promote(1, stage: "staging")
                == "refused: AIDAANNA is not among the approvers of demand in staging"
        )
        #expect(
            it.promote(1, stage: "moon") == "refused: endpoint demand has no stage moon; it has staging, prod"
        )
        #expect(it.promote(7) == "refused: demand.unknown is not under way")
        #expect(it.reject(1, by: stranger).hasPrefix("refused: "))
        #expect(it.world.consents.isEmpty)
        #expect(it.reject(1) == "1 refused")
        #expect(it.promote(1).hasPrefix("refused: \(it.world.id(1)) has ended refused"))
        #expect(it.world.faults == [])
    }

    @Test func onlyOperatorsOperate() {
        let it = Story.settled()
        let actions: [Request.Action] = [
            .retry(release: it.world.id(1), target: nil), .hold(stage: nil), .resume(stage: nil),
            .deploy(models: [:]),
        ]
        for action in actions {
            #expect(it.ask(action, by: anna) == "refused: AIDAANNA is not among the operators of demand")
        }
    }

    @Test func approvalsUnderOtherSettingsAreVoid() {
        let it = Story(plan([staging(), prod(approvals: 2)]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1, by: anna) == "1 waiting prod")
        it.world.plan = plan([staging(), prod(accounts: ["prod": "p2"], approvals: 2)])
        #expect(it.promote(1, by: bert) == "1 waiting prod")
        #expect(
            it.waits(1)
                == "1 of 2 approvals by a person for prod; an approval given under other settings does not count"
        )
        // The same person may say it again for the settings now in force.
        #expect(it.promote(1, by: anna) == "1 rolling prod")
    }

    @Test func anExpiredReleaseDoesNotComeBackByItself() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        let waiting = it.world.release(2)?.waitingSince
        #expect(it.world.dueAt == waiting.map { $0 + .days(7) })
        #expect(it.pass(.days(6)) == "1 released, 2 waiting prod")
        #expect(it.pass(.days(1)) == "1 released, 2 refused")
        #expect(it.endings.last == "de2 refused")
        #expect(it.bars == [])
        #expect(it.pass(.days(30)) == "1 released, 2 refused")
        #expect(it.retry(2) == "1 released, 2 waiting prod")
        #expect(it.promote(2) == "1 released, 2 rolling prod")
    }

    // MARK: Checks that fail

    @Test func aSmokeFailureBarsTheCulpritAndTheOtherGoesOn() {
        let it = Story.settled(plan(onModelFailure: .exclude))
        it.world.holdAll()
        #expect(it.approve(de(2)) == "1 released, 2 waiting staging")
        #expect(it.approve(fr(2)) == "1 released, 2 superseded, 3 waiting staging")
        it.world.resumeAll()
        #expect(
            it.finish("staging", .smokeFailed, blaming: "de")
                == "1 released, 2 superseded, 3 failed, 4 rolling staging"
        )
        #expect(it.bars == ["de2"])
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.endings.suffix(1) == ["de2 failed"])
        #expect(it.finish("staging") == "1 released, 2 superseded, 3 failed, 4 waiting prod")
        #expect(it.serves("staging") == "de1 fr2")
        #expect(it.promote(4) == "1 released, 2 superseded, 3 failed, 4 rolling prod")
        #expect(it.finish("prod") == "1 released, 2 superseded, 3 failed, 4 released")
        #expect(it.endings.last == "fr2 released")
        #expect(it.faults == [])
    }

    /// An update that was rolled back names no culprit: what the release changed is barred, no more.
    @Test func aRolledBackUpdateBarsWhatTheReleaseChanged() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.world.underWay(in: "staging")?.changes == ["de"])
        #expect(it.world.underWay(in: "staging")?.base == it.world.id(1))
        #expect(it.finish("staging", .rolledBack) == "1 released, 2 failed")
        #expect(it.bars == ["de2"])
    }

    @Test func aRetryLiftsTheBarAndReopens() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging", .smokeFailed, blaming: "de") == "1 released, 2 failed")
        #expect(
            it.retry(2, "fr")
                == "refused: \(it.world.id(2)) bars nothing for fr; without --model every bar of it is lifted"
        )
        #expect(it.retry(2, "it") == "refused: \(it.world.id(2)) holds no target model it")
        #expect(it.bars == ["de2"])
        #expect(it.retry(2, "de") == "1 released, 2 rolling staging")
        #expect(it.bars == [])
        #expect(it.world.underWay(in: "staging")?.number == 2)
        #expect(it.retry(2) == "refused: \(it.world.id(2)) is rolling; there is nothing to retry")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
    }

    @Test func aRetryOfAnErroredReleaseReopensIt() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging", .errored) == "1 errored")
        #expect(it.bars == [])
        #expect(it.endings == ["de1 errored"])
        #expect(it.pass(.days(1)) == "1 errored")
        #expect(it.retry(1) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
    }

    @Test func aDecisionInTheRegistryLiftsABar() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging", .smokeFailed, blaming: "de") == "1 released, 2 failed")
        #expect(it.see(de(2), .rejected) == "1 released, 2 failed")
        #expect(it.bars == ["de2"])
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.bars == [])
        #expect(it.open == ["de2"])
    }

    /// A decision counts as new however the registry's clock stands to ours.
    @Test func aNewDecisionReopensWhateverTheClocksSay() {
        let it = Story.settled()
        #expect(it.pass(.hours(1)) == "1 released")
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging", .errored) == "1 released, 2 errored")
        #expect(it.see(de(2), .pending) == "1 released, 2 errored")
        let earlier = it.world.release(2).map { $0.openedAt - .minutes(1) }
        #expect(it.approve(de(2), at: earlier) == "1 released, 2 rolling staging")
    }

    /// Two stages may roll at once, so a version may be barred by one release while another holds it.
    @Test func aBarHoldsForEveryReleaseThatWaits() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.approve(fr(1)) == "1 rolling prod, 2 rolling staging")
        #expect(it.finish("staging") == "1 rolling prod, 2 waiting prod")
        #expect(it.promote(2) == "1 rolling prod, 2 waiting prod")
        #expect(it.finish("prod", .smokeFailed, blaming: "de") == "1 failed, 2 failed, 3 rolling staging")
        #expect(it.bars == ["de1"])
        #expect(it.endings == ["de1 failed"])
        #expect(it.finish("staging") == "1 failed, 2 failed, 3 waiting prod")
        #expect(it.serves("staging") == "fr1")
        #expect(it.faults == [])
    }

    @Test func aWayBackThatFailedHoldsTheStage() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        // What is live is not known, so the release before is rolled out anew once somebody has looked.
        #expect(it.finish("staging", .wayBackFailed, blaming: "de") == "1 waiting staging, 2 errored")
        #expect(it.world.holds.map(\.stage) == ["staging"])
        #expect(it.serves("staging") == "")
        #expect(it.waits(1) == "resume: held by sluice (the way back failed in staging)")
        #expect(it.ask(.resume(stage: "staging")) == "1 rolling staging, 2 errored")
        #expect(it.finish("staging") == "1 released, 2 errored")
        #expect(it.serves("staging") == "de1 fr1")
    }

    @Test func somebodyElsesEndpointBarsNothing() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging", .foreign) == "1 failed")
        #expect(it.bars == [])
        #expect(it.retry(1) == "1 rolling staging")
    }

    @Test func twoAccountsOfOneStageOneOfWhichFails() {
        let it = Story.settled(plan([staging(accounts: ["east": "e", "west": "w"]), prod()]))
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("east") == "1 released, 2 rolling staging")
        #expect(it.serves("east") == "de2 fr1")
        // The account that took it goes back to what serves elsewhere, the other one has nothing to do.
        #expect(it.finish("west", .smokeFailed, blaming: "de") == "1 rolling staging, 2 failed")
        #expect(it.world.underWay(in: "west") == nil)
        #expect(it.finish("east") == "1 released, 2 failed")
        #expect(it.serves("east") == "de1 fr1")
        #expect(it.endings.last == "de2 failed")
        #expect(it.faults == [])
    }

    /// The registry's clock may be ahead of ours.
    @Test func aDeployIsLaterThanWhatTheRegistryDecidedBefore() {
        let it = Story.settled()
        #expect(it.approve(de(2), at: it.world.now + .hours(1)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.deploy(de(1)) == "1 rolling staging, 2 waiting prod")
        #expect(it.finish("staging") == "1 released, 2 superseded")
        #expect(it.serves("staging") == "de1 fr1")
    }

    // MARK: Changed settings

    /// What the accounts folder says of what is served rolls nothing by itself: a person's `deploy` does,
    /// or the next decision carries it.
    @Test func aTargetThatIsTakenOutIsServedUntilSomebodyDeploys() {
        let it = Story.settled()
        it.world.plan = plan(targets: ["de"])
        #expect(it.pass(.minutes(1)) == "1 released")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.deploy() == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.serves("staging") == "de1")
    }

    @Test func theNextDecisionCarriesATargetThatIsTakenOut() {
        let it = Story.settled()
        it.world.plan = plan(targets: ["de"])
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.serves("staging") == "de2")
    }

    /// What waits has not been through a stage that was put before its gate, and does not go past it.
    @Test func aStageThatIsPutInBetweenIsNotPassedBy() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        let canary = StagePlan(
            name: "canary",
            accounts: ["canary": "c1"],
            accepts: [.approved],
            soak: .zero,
            gate: GatePlan(approvals: 0, approvers: [], expires: .days(7))
        )
        it.world.plan = plan([staging(), canary, prod()])
        #expect(it.pass(.minutes(1)) == "1 released, 2 aborted")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.deploy() == "1 released, 2 rolling canary")
        #expect(it.finish("canary") == "1 released, 2 waiting prod")
    }

    // MARK: Withdrawals

    @Test func withdrawnToPendingWaitsAndRollsNothingBack() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.see(de(2), .pending) == "1 released, 2 waiting prod")
        #expect(it.promote(2) == "1 released, 2 waiting prod")
        #expect(it.waits(2) == "de version 2 is PendingManualApproval in the registry; prod accepts Approved")
        #expect(it.serves("staging") == "de2 fr1")
        #expect(it.open == ["de2"])
        #expect(it.approve(de(2)) == "1 released, 2 rolling prod")
        #expect(it.finish("prod") == "1 released, 2 released")
        #expect(it.endings.suffix(2) == ["de2 released", "de2 released"])
        #expect(it.open == [])
    }

    /// The next decision composes the set without the version that was withdrawn.
    @Test func afterAWithdrawalTheNextDecisionTakesTheOneDecidedBefore() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.see(de(2), .pending) == "1 released, 2 waiting prod")
        #expect(it.approve(fr(2)) == "1 released, 2 waiting prod, 3 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 superseded, 3 waiting prod")
        #expect(it.serves("staging") == "de1 fr2")
    }

    @Test func aDeletedPackageGoesNoFurtherAndRollsNothingBack() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.see(de(2), .deleted) == "1 released, 2 aborted")
        #expect(it.serves("staging") == "de2 fr1")
        #expect(it.endings.last == "de2 aborted")
        #expect(it.open == [])
    }

    @Test func rejectedWhileWaitingAbortsAndComposesWithout() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.see(de(2), .rejected) == "1 released, 2 aborted")
        #expect(it.endings.last == "de2 aborted")
        #expect(it.world.underWay(in: "staging")?.isRollback == true)
        #expect(it.finish("staging") == "1 released, 2 aborted")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
    }

    @Test func rejectedBeforeTheSwitchIsGivenUpAtOnce() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.see(de(1), .rejected) == "1 aborted")
        #expect(it.world.underWay(in: "staging") == nil)
        #expect(it.endings == ["de1 aborted"])
    }

    @Test func rejectedBeforeAReleaseTookItAborts() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.approve(de(2)) == "1 rolling staging")
        #expect(it.see(de(2), .rejected) == "1 rolling staging")
        #expect(it.endings == ["de2 aborted"])
        #expect(it.finish("staging") == "1 waiting prod")
    }

    @Test func withdrawnDuringInspectionAborts() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging", .withdrawn) == "1 aborted")
        #expect(it.endings == ["de1 aborted"])
    }

    @Test(arguments: [ApprovalStatus.pending, .deleted])
    func withdrawnBeforeTheSwitchGoesNoFurther(status: ApprovalStatus) {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        it.world.step("staging", towards: .verified)
        #expect(it.see(de(2), status) == "1 released, 2 aborted")
        #expect(it.endings.last == "de2 aborted")
        #expect(it.serves("staging") == "de1 fr1")
        #expect(it.open == [])
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
    }

    /// However long it is held: what was read before the hold is old when somebody resumes.
    @Test func withdrawnWhileItsSwitchIsHeldGoesNoFurther() {
        let it = Story.settled()
        _ = it.approve(de(2))
        while it.world.underWay(in: "staging")?.state != .updating {
            it.world.step("staging", towards: .verified)
        }
        _ = it.ask(.hold(stage: nil))
        it.world.step("staging", towards: .verified)
        _ = it.see(de(2), .deleted)
        it.world.step("staging", towards: .verified)
        #expect(it.world.situation == "1 released, 2 aborted")
        #expect(it.ask(.resume(stage: nil)) == "1 released, 2 aborted")
        #expect(it.serves("staging") == "de1 fr1")
    }

    /// What was asked for is let come, tested, and goes no further.
    @Test func withdrawnAfterTheSwitchStays() {
        let it = Story.settled()
        _ = it.approve(de(2))
        while it.world.underWay(in: "staging")?.state != .awaiting {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.see(de(2), .pending) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.promote(2) == "1 released, 2 waiting prod")
    }

    // MARK: Holds

    @Test func aHoldLetsNoNewEffectBegin() {
        let it = Story.settled()
        #expect(it.ask(.hold(stage: "staging")) == "1 released")
        #expect(it.approve(de(2)) == "1 released, 2 waiting staging")
        #expect(it.waits(2) == "resume: held by AIDAOLGA (because)")
        // Supersession goes on.
        #expect(it.approve(de(3)) == "1 released, 2 superseded, 3 waiting staging")
        #expect(
            it.ask(.resume(stage: nil))
                == "refused: nothing is held for the whole endpoint; stage staging is still held"
        )
        #expect(it.ask(.resume(stage: "staging")) == "1 released, 2 superseded, 3 rolling staging")
        it.world.step("staging", towards: .verified)
        #expect(it.ask(.hold(stage: nil)) == "1 released, 2 superseded, 3 rolling staging")
        let held = it.world.underWay(in: "staging")
        #expect(held?.state == .copying)
        #expect(held?.dueAt == nil)
        #expect(held?.reason == "held by AIDAOLGA (because), until somebody resumes it")
        #expect(it.ask(.resume(stage: nil)) == "1 released, 2 superseded, 3 rolling staging")
        #expect(it.world.underWay(in: "staging")?.dueAt == it.world.now)
        #expect(it.world.underWay(in: "staging")?.reason == nil)
    }

    /// What was asked for before the hold is awaited, tested and, if bad, put back.
    @Test func aHoldLetsASwitchUnderWayCome() {
        for outcome in [World.Outcome.verified, .smokeFailed] {
            let it = Story.settled()
            #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
            while it.world.underWay(in: "staging")?.state != .awaiting {
                it.world.step("staging", towards: outcome)
            }
            #expect(it.ask(.hold(stage: nil)) == "1 released, 2 rolling staging")
            #expect(
                it.finish("staging", outcome, blaming: "de")
                    == (outcome == .verified ? "1 released, 2 waiting prod" : "1 released, 2 failed")
            )
            #expect(it.serves("staging") == (outcome == .verified ? "de2 fr1" : "de1 fr1"))
        }
    }

    /// A worker that died may have asked for the switch, so a hold that finds one owed has it looked for.
    @Test(arguments: [true, false], [true, false])
    func aHoldHasASwitchThatMayHaveBeenAskedForLookedAt(hasBegun: Bool, isFirst: Bool) {
        let it = isFirst ? Story() : Story.settled()
        _ = it.approve(de(2))
        while it.world.underWay(in: "staging")?.state != .updating {
            it.world.step("staging", towards: .verified)
        }
        let before = it.world.situation
        #expect(it.ask(.hold(stage: nil)) == before)
        #expect(it.world.underWay(in: "staging")?.owed == .look, "nothing is asked for under a hold")
        #expect(it.world.underWay(in: "staging")?.dueAt == it.world.now)
        if hasBegun, let attempt = it.world.underWay(in: "staging") {
            let switching = sight(.inProgress, on: "", at: it.world.now)
            it.world.tell(.endpointSeen(switching), attempt)
            #expect(it.world.underWay(in: "staging")?.state == .awaiting)
            #expect(it.finish("staging").hasSuffix("waiting prod"), "it is awaited and tested")
        } else {
            it.world.step("staging", towards: .verified)
            #expect(it.world.underWay(in: "staging")?.dueAt == nil, "and is not looked for again")
            #expect(it.world.underWay(in: "staging")?.reason?.hasPrefix("held by") == true)
            _ = it.ask(.resume(stage: nil))
            #expect(it.world.underWay(in: "staging")?.owed != .look)
            #expect(it.finish("staging").hasSuffix("waiting prod"))
        }
        #expect(it.faults == [])
    }

    @Test func theExpiryClockRunsDuringAHold() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.ask(.hold(stage: "prod")) == "1 waiting prod")
        #expect(it.pass(.days(7)) == "1 refused")
    }

    /// Approved in time is approved, however long the hold lasts.
    @Test func anApprovedReleaseDoesNotExpireDuringAHold() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.ask(.hold(stage: "prod")) == "1 waiting prod")
        #expect(it.promote(1) == "1 waiting prod")
        #expect(it.pass(.days(8)) == "1 waiting prod")
        #expect(it.ask(.resume(stage: "prod")) == "1 rolling prod")
    }

    // MARK: Deploy

    @Test func deployingAnOlderVersionIsADecisionAboutIt() {
        let it = Story.settled()
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.promote(2) == "1 released, 2 rolling prod")
        #expect(it.finish("prod") == "1 released, 2 released")
        #expect(it.deploy(de(1)) == "1 rolling staging, 2 released")
        #expect(it.finish("staging") == "1 waiting prod, 2 released")
        #expect(it.promote(1) == "1 rolling prod, 2 released")
        #expect(it.finish("prod") == "1 released, 2 released")
        #expect(it.serves("prod") == "de1 fr1")
        #expect(it.endings.last == "de1 released")
        // A redelivered event about the newer version changes nothing.
        #expect(it.approve(de(2)) == "1 released, 2 released")
        #expect(it.open == [])
    }

    @Test func deploysThatAreRefused() {
        let it = Story.settled()
        #expect(
            it.deploy() == "refused: \(it.world.id(1)) serves everywhere under the settings in force; "
                + "there is nothing to deploy"
        )
        #expect(
            it.deploy(Version(target: "it", number: 1))
                == "refused: endpoint demand serves no target model it"
        )
        #expect(
            it.deploy(de(9)) == "refused: \(de(9).package) is not a known version of the group that feeds de"
        )
        #expect(
            it.ask(.deploy(models: ["de": fr(1).package]))
                == "refused: \(fr(1).package) is not a known version of the group that feeds de"
        )
        #expect(it.see(de(2), .pending) == "1 released")
        #expect(it.deploy(de(2)) == "refused: \(de(2).package) is PendingManualApproval in the registry")
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(
            it.deploy() == "refused: \(it.world.id(2)) is what would be deployed, and it is rolling already"
        )
        #expect(it.finish("staging", .smokeFailed, blaming: "de") == "1 released, 2 failed")
        #expect(it.deploy(de(2)) == "refused: \(de(2).package) is barred for de; `retry` lifts a bar")
        #expect(Story().deploy() == "refused: demand has no acceptable version to deploy")
        #expect(it.world.triggeredBy == nil)
    }

    @Test func deployCarriesChangedSettingsThroughEveryGate() {
        let it = Story.settled()
        it.world.plan = plan([staging(accounts: ["staging": "s2"]), prod(accounts: ["prod": "p2"])])
        // A change of settings rolls nothing by itself.
        #expect(it.pass(.hours(1)) == "1 released")
        #expect(it.deploy() == "1 rolling staging")
        #expect(it.world.underWay(in: "staging")?.changes == [])
        #expect(it.world.underWay(in: "staging")?.base == nil)
        #expect(it.world.underWay(in: "staging")?.tests == ["de", "fr"])
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.world.underWay(in: "prod")?.settings == "p2")
        #expect(it.finish("prod") == "1 released")
        #expect(it.endings == ["de1 released", "fr1 released"])
    }

    @Test func accountsWhoseSettingsDidNotChangeAreLeftAlone() {
        let it = Story.settled()
        it.world.plan = plan([staging(), prod(accounts: ["prod": "p2"])])
        #expect(it.deploy() == "1 waiting prod")
        #expect(it.world.underWay(in: "staging") == nil)
        #expect(it.promote(1) == "1 rolling prod")
    }

    /// New settings that do not work are no fault of versions that serve well.
    @Test func settingsThatFailBarNoVersion() {
        let it = Story.settled()
        it.world.plan = plan([staging(accounts: ["staging": "s2"]), prod(accounts: ["prod": "p2"])])
        #expect(it.deploy() == "1 rolling staging")
        #expect(it.finish("staging", .rolledBack) == "1 failed")
        #expect(it.bars == [])
        #expect(it.deploy() == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.reject(1) == "1 refused")
        #expect(it.bars == [])
    }

    // MARK: The accounts folder changes under way

    @Test func aStageThatIsTakenOutEndsWhatWaitsForIt() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        it.world.plan = plan([staging()])
        #expect(it.pass(.hours(1)) == "1 aborted")
        #expect(it.endings == ["de1 aborted"])
        #expect(it.deploy() == "1 released")
    }

    @Test func anAccountThatIsTakenOutGetsNoAttempt() {
        let it = Story(plan([staging(), prod(accounts: ["east": "e", "west": "w"])]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        it.world.plan = plan([staging(), prod(accounts: ["east": "e"])])
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.world.underWay(in: "west") == nil)
        #expect(it.finish("east") == "1 released")
    }

    @Test func anAccountThatJoinsWaitsForTheNextReleaseAndVoidsNoApproval() {
        let it = Story(plan([staging(), prod(accounts: ["east": "e"], approvals: 2)]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1, by: anna) == "1 waiting prod")
        it.world.plan = plan([staging(), prod(accounts: ["east": "e", "west": "w"], approvals: 2)])
        #expect(it.waits(1) == "1 of 2 approvals by a person for prod")
        #expect(it.promote(1, by: bert) == "1 rolling prod")
        #expect(it.world.underWay(in: "west") == nil)
        #expect(it.finish("east") == "1 released")
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.promote(2, by: anna) == "1 released, 2 waiting prod")
        #expect(it.promote(2, by: bert) == "1 released, 2 rolling prod")
        #expect(it.world.underWay(in: "west") != nil)
        #expect(it.finish("east") == "1 released, 2 rolling prod")
        #expect(it.finish("west") == "1 released, 2 released")
        #expect(it.faults == [])
    }

    /// It is left out, and what people said of the accounts that are still there counts.
    @Test func anAccountThatLeavesVoidsNoApproval() {
        let it = Story(plan([staging(), prod(accounts: ["east": "e", "west": "w"], approvals: 2)]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.promote(1, by: anna) == "1 waiting prod")
        it.world.plan = plan([staging(), prod(accounts: ["east": "e"], approvals: 2)])
        #expect(it.waits(1) == "1 of 2 approvals by a person for prod")
        #expect(it.promote(1, by: bert) == "1 rolling prod")
        #expect(it.world.underWay(in: "west") == nil)
        #expect(it.finish("east") == "1 released")
        #expect(it.faults == [])
    }

    @Test func aTargetThatIsTakenOutEndsItsApprovals() {
        let it = Story()
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.approve(fr(1)) == "1 rolling staging")
        it.world.plan = plan(targets: ["de"])
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.endings == ["fr1 aborted"])
    }

    @Test func threeStagesAreEnteredInOrder() {
        let quality = StagePlan(
            name: "quality",
            accounts: ["quality": "q"],
            accepts: [.approved],
            soak: .zero,
            gate: GatePlan(approvals: 0, approvers: [], expires: .days(7))
        )
        let it = Story(plan([staging(), quality, prod()]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 rolling quality")
        #expect(it.approve(de(2)) == "1 rolling quality, 2 rolling staging")
        #expect(it.finish("staging") == "1 rolling quality, 2 waiting quality")
        #expect(it.finish("quality") == "1 waiting prod, 2 rolling quality")
        #expect(it.finish("quality") == "1 superseded, 2 waiting prod")
        #expect(it.faults == [])
    }

    /// A sandbox serves versions that nobody has approved yet; production does not, and then does.
    @Test func aStageMayAcceptPendingVersions() {
        let sandbox = StagePlan(
            name: "sandbox",
            accounts: ["sandbox": "x"],
            accepts: [.approved, .pending],
            soak: .zero,
            gate: GatePlan(approvals: 0, approvers: [], expires: .days(7))
        )
        let it = Story(plan([sandbox, prod(approvals: 0)]))
        #expect(it.see(de(1), .pending) == "1 rolling sandbox")
        #expect(it.finish("sandbox") == "1 waiting prod")
        #expect(it.waits(1) == "de version 1 is PendingManualApproval in the registry; prod accepts Approved")
        #expect(it.approve(de(1)) == "1 rolling prod")
        #expect(it.open == ["de1"])
    }

    /// A release that prod accepts is not pushed out by a newer one that it does not.
    @Test func oneThatTheStageDoesNotAcceptSupersedesNothing() {
        let sandbox = StagePlan(
            name: "sandbox",
            accounts: ["sandbox": "x"],
            accepts: [.approved, .pending],
            soak: .zero,
            gate: GatePlan(approvals: 0, approvers: [], expires: .days(7))
        )
        let it = Story(plan([sandbox, prod()]))
        #expect(it.approve(de(1)) == "1 rolling sandbox")
        #expect(it.finish("sandbox") == "1 waiting prod")
        #expect(it.see(de(2), .pending) == "1 waiting prod, 2 rolling sandbox")
        #expect(it.finish("sandbox") == "1 waiting prod, 2 waiting prod")
        #expect(it.promote(1) == "1 rolling prod, 2 waiting prod")
        #expect(it.finish("prod") == "1 released, 2 waiting prod")
    }
}
