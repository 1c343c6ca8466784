import Testing

@testable import Promotion

/// Everything else that a gate may ask for, as transcripts with a hand-driven clock.
@Suite struct StrictGateTests {
    private static func story(
        soak: Duration = .zero,
        lag: Duration = .zero,
        _ gate: GatePlan
    ) -> Story {
        let prod = StagePlan(
            name: "prod",
            accounts: ["prod": "p1"],
            accepts: [.approved],
            soak: .zero,
            lag: lag,
            gate: gate
        )
        return Story(plan([staging(soak: soak), prod], targets: ["de"]))
    }

    /// A gate with approvers, in which one more thing is set.
    private static func gate(_ change: (inout GatePlan) -> Void) -> GatePlan {
        var gate = GatePlan(approvals: 1, approvers: patterns("AIDAANNA", "AIDAOLGA", "AROATEAM:*"))
        change(&gate)
        return gate
    }

    private static func atTheGate(_ it: Story) {
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
    }

    // MARK: Time

    @Test func theLagIsCountedFromTheVerificationUpstream() {
        let it = Self.story(lag: .hours(1), GatePlan())
        Self.atTheGate(it)
        #expect(it.waits(1) == "the lag of prod after its verification upstream")
        let due = it.world.dueAt
        #expect(due == it.world.attempts.first?.verifiedAt.map { $0 + .hours(1) }, "due at the minute")
        #expect(it.pass(.minutes(59)) == "1 waiting prod")
        it.world.now = due ?? it.world.now
        #expect(it.pass(.zero) == "1 rolling prod")
        #expect(it.faults == [])
    }

    @Test func aWindowOpensAtItsMinuteAndClosesAgain() {
        // Second 1,000,000 is Monday 1970-01-12 13:46:40 UTC.
        let windows = Windows(
            zone: "UTC",
            offsets: [.init(from: second(0), seconds: 0)],
            allow: [.init(days: [1], from: 9 * 60, until: 10 * 60)],
            deny: [],
            denyDays: []
        )
        let it = Self.story(Self.gate { $0.windows = windows })
        Self.atTheGate(it)
        #expect(it.promote(1) == "1 waiting prod")
        #expect(it.waits(1) == "the window of prod, which opens Tue 1970-01-13 09:00 UTC")
        let opening = second(12 * 86_400 + 9 * 3600)
        #expect(it.world.dueAt == opening)
        it.world.now = opening
        #expect(it.pass(.zero) == "1 rolling prod")
        #expect(it.finish("prod") == "1 released")
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.pass(.hours(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.promote(2) == "1 released, 2 waiting prod", "what was open is shut again")
        #expect(it.waits(2).contains("opens Tue 1970-01-20 09:00 UTC"))
    }

    @Test func whatNobodyAnswersInTimeIsRefusedWithTheReason() {
        let it = Self.story(GatePlan(expires: .hours(2), alarms: ["5xx"]))
        it.world.alarmStates["prod 5xx"] = (.alarm, second(0))
        Self.atTheGate(it)
        _ = it.look()
        #expect(it.waits(1).contains("alarm 5xx in prod to be quiet: it is ALARM"))
        #expect(it.pass(.hours(2)) == "1 refused")
        #expect(it.world.release(1)?.reason?.contains("did not open in time") == true)
        #expect(it.endings == ["de1 refused"])
    }

    @Test func peopleAreRemindedWhileTheyAreAwaited() {
        let it = Self.story(
            Self.gate {
                $0.remindEvery = .hours(4); $0.instructions = "look at the dashboard"
            }
        )
        Self.atTheGate(it)
        #expect(it.waits(1) == "approval by a person for prod; instructions: look at the dashboard")
        let reminders = { it.world.notes.filter { $0.name == "reminder" }.map(\.text) }
        #expect(it.world.dueAt == it.world.release(1)?.waitingSince.map { $0 + .hours(4) })
        #expect(it.pass(.hours(4)) == "1 waiting prod")
        #expect(it.pass(.minutes(1)) == "1 waiting prod")
        #expect(
            reminders() == [
                "still waits for approval by a person for prod; instructions: look at the dashboard"
            ]
        )
        #expect(it.pass(.hours(4)) == "1 waiting prod")
        #expect(reminders().count == 2)
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.pass(.hours(9)) == "1 rolling prod")
        #expect(reminders().count == 2, "nobody is awaited any more")
    }

    // MARK: People

    @Test func whoeverAskedForTheReleaseMayNotApproveIt() {
        let it = Self.story(Self.gate { $0.notRequester = true })
        it.world.look(at: de(1), .approved, by: "AIDAANNA")
        _ = it.finish("staging")
        #expect(it.promote(1, by: anna).hasPrefix("refused: AIDAANNA asked for \(it.world.id(1))"))
        #expect(it.waits(1) == "approval by a person for prod")
        #expect(it.promote(1, by: bert) == "1 rolling prod")
        #expect(it.finish("prod") == "1 released")
        // Whoever posts `deploy` asks for it as well.
        it.world.look(at: de(2), .approved, by: "AIDAANNA")
        it.world.settleDown()
        #expect(it.deploy(de(1)) == "1 rolling staging, 2 released")
        #expect(it.finish("staging") == "1 waiting prod, 2 released")
        #expect(it.promote(1, by: olga).hasPrefix("refused: AIDAOLGA asked for"))
        #expect(it.promote(1, by: anna) == "1 rolling prod, 2 released")
    }

    @Test func oneOfTheApprovalsComesFromTheRequiredGroup() {
        let it = Self.story(
            Self.gate {
                $0.approvals = 2
                $0.requiredGroup = patterns("AROATEAM:*")
            }
        )
        Self.atTheGate(it)
        #expect(it.promote(1, by: anna) == "1 waiting prod")
        #expect(it.promote(1, by: olga) == "1 waiting prod", "two people, and none of the group")
        #expect(it.waits(1).contains("one of them from AROATEAM:*"))
        #expect(it.promote(1, by: bert) == "1 rolling prod")
    }

    @Test func sessionsOfANamedRoleAreDistinctPeople() {
        for (named, outcome) in [(false, "1 waiting prod"), (true, "1 rolling prod")] {
            let it = Self.story(
                Self.gate {
                    $0.approvals = 2
                    $0.namedSessions = named ? ["AROATEAM"] : []
                }
            )
            Self.atTheGate(it)
            #expect(it.promote(1, by: bert) == "1 waiting prod")
            #expect(it.promote(1, by: carl) == outcome)
        }
    }

    @Test func anOverridePassesOverTheRestAndIsRecordedAsOne() {
        let it = Self.story(
            lag: .days(1),
            Self.gate {
                $0.mayOverride = patterns("AIDAOLGA")
                $0.alarms = ["5xx"]
                $0.checks = [CheckPlan(name: "integration", senders: patterns("AROATEAM:carl"))]
            }
        )
        Self.atTheGate(it)
        let action = Request.Action.promote(release: it.world.id(1), stage: "prod", isOverride: true)
        #expect(
            it.ask(action, by: anna)
                == "refused: AIDAANNA is not among those who may override the gate of prod"
        )
        #expect(it.ask(action, by: olga) == "1 rolling prod")
        let opened = it.world.notes.last { $0.name == "gateOpened" }
        #expect(opened?.text.contains("passed over by the emergency override of AIDAOLGA") == true)
        #expect(
            it.world.notes.contains { $0.name == "overridden" && $0.text.hasPrefix("EMERGENCY OVERRIDE") }
        )
        #expect(it.faults == [])
    }

    @Test func anOverrideBreaksNoHoldAndNoBar() {
        let it = Self.story(Self.gate { $0.mayOverride = patterns("AIDAOLGA") })
        Self.atTheGate(it)
        it.world.holdAll()
        let action = Request.Action.promote(release: it.world.id(1), stage: "prod", isOverride: true)
        #expect(it.ask(action, by: olga) == "1 waiting prod")
        #expect(it.waits(1).hasPrefix("resume: held by"))
        #expect(it.see(de(1), .rejected) == "1 aborted")
    }

    @Test func anOverrideCutsTheSoakShort() {
        let it = Self.story(soak: .minutes(30), Self.gate { $0.mayOverride = patterns("AIDAOLGA") })
        #expect(it.approve(de(1)) == "1 rolling staging")
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.promote(1).hasPrefix("refused"), "the soak keeps an ordinary approval out")
        let action = Request.Action.promote(release: it.world.id(1), stage: "prod", isOverride: true)
        #expect(it.ask(action, by: olga) == "1 rolling prod")
        #expect(it.world.notes.contains { $0.name == "soakCut" })
        #expect(it.faults == [])
    }

    // MARK: The team's own checks

    private static let checked = gate {
        $0.checks = [CheckPlan(name: "integration", senders: patterns("AROATEAM:carl"))]
    }

    @Test func aCheckIsAnnouncedAndAwaited() {
        let it = Self.story(Self.checked)
        Self.atTheGate(it)
        let verified = it.world.notes.first { $0.name == "verified" }
        #expect(verified?.text.contains("the gate of prod asks for check integration") == true)
        #expect(it.promote(1) == "1 waiting prod")
        #expect(it.waits(1) == "an answer to check integration")
        #expect(it.attest(1, .inconclusive) == "1 waiting prod")
        #expect(it.waits(1).contains("check integration inconclusive: AROATEAM:carl (because, run 17)"))
        #expect(it.attest(1, .passed) == "1 rolling prod")
        let opened = it.world.notes.last { $0.name == "gateOpened" }
        #expect(opened?.text.contains("check integration passed: AROATEAM:carl (because, run 17)") == true)
    }

    @Test func aCheckMayAnswerWhileTheReleaseSoaks() {
        let it = Self.story(soak: .minutes(30), Self.checked)
        #expect(it.approve(de(1)) == "1 rolling staging")
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.attest(1, .passed) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.waits(1) == "approval by a person for prod")
    }

    @Test func aFailedCheckEndsTheReleaseAndBarsWhatItChanged() {
        let it = Self.story(Self.checked)
        Self.atTheGate(it)
        #expect(it.promote(1) == "1 waiting prod")
        #expect(it.attest(1, .failed) == "1 failed")
        #expect(it.bars == ["de1"])
        #expect(it.world.release(1)?.reason?.contains("check integration failed") == true)
        #expect(it.endings == ["de1 failed"])
    }

    /// A green that turned red cannot be approved.
    @Test func aLaterAnswerTakesTheEarlierOnesPlace() {
        let it = Self.story(Self.checked)
        Self.atTheGate(it)
        #expect(it.attest(1, .passed) == "1 waiting prod")
        #expect(it.attest(1, .inconclusive) == "1 waiting prod")
        #expect(it.promote(1) == "1 waiting prod")
        #expect(it.attest(1, .failed) == "1 failed")
    }

    @Test func anAnswerFromAStrangerOrForAnotherReleaseIsRefused() {
        let it = Self.story(Self.checked)
        Self.atTheGate(it)
        #expect(
            it.attest(1, .passed, by: stranger)
                == "refused: AIDAMALLORY is not among the senders of check integration"
        )
        #expect(
            it.attest(1, .passed, check: "load").hasPrefix("refused: the gate of prod asks for no check load")
        )
        #expect(it.attest(9, .passed) == "refused: demand.unknown is not under way")
        #expect(it.promote(1) == "1 waiting prod")
        #expect(it.attest(1, .passed) == "1 rolling prod")
        #expect(it.attest(1, .failed).hasPrefix("refused: \(it.world.id(1)) has passed the gate"))
        #expect(it.finish("prod") == "1 released")
        #expect(it.attest(1, .failed).hasPrefix("refused: \(it.world.id(1)) has ended released"))
    }

    // MARK: Alarms

    @Test func aGateOpensOnlyByAFreshLookAtItsAlarms() {
        let it = Self.story(GatePlan(alarms: ["5xx"]))
        Self.atTheGate(it)
        #expect(it.waits(1) == "a look at alarm 5xx in staging; a look at alarm 5xx in prod")
        #expect(it.world.watches.map(\.account) == ["prod", "staging"])
        #expect(it.world.watches.allSatisfy { $0.dueAt <= it.world.now })
        #expect(it.look() == "1 rolling prod")
        #expect(it.world.watches == [], "nobody watches any more")
        #expect(it.faults == [])
    }

    /// The alarms are looked at while a person is awaited, and once more when everything else is there.
    @Test func aGreenThatTurnedRedCannotBeApproved() {
        let it = Self.story(Self.gate { $0.alarms = ["5xx"] })
        Self.atTheGate(it)
        #expect(it.look() == "1 waiting prod")
        #expect(it.waits(1) == "approval by a person for prod")
        #expect(it.promote(1) == "1 waiting prod", "the last look is from before the approval")
        #expect(it.world.watches.allSatisfy { $0.dueAt <= it.world.now }, "so one is due at once")
        it.world.alarmStates["prod 5xx"] = (.alarm, it.world.now)
        #expect(it.look(after: .zero) == "1 waiting prod")
        #expect(it.waits(1) == "alarm 5xx in prod to be quiet: it is ALARM")
        #expect(it.alarm(in: "prod", .ok) == "1 rolling prod")
    }

    @Test func anAlarmWhereItSoakedIsTheReleasesFailure() {
        let it = Self.story(Self.gate { $0.alarms = ["5xx"] })
        Self.atTheGate(it)
        #expect(it.look() == "1 waiting prod")
        #expect(it.alarm(in: "staging", .alarm) == "1 failed")
        #expect(it.bars == ["de1"])
        #expect(it.world.release(1)?.reason?.contains("alarm 5xx in staging") == true)
    }

    @Test func anAlarmDuringTheSoakRestoresWhatServed() {
        let gate = GatePlan(alarms: ["5xx"])
        let it = Self.story(soak: .minutes(30), gate)
        #expect(it.approve(de(1)) == "1 rolling staging")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.look() == "1 rolling prod")
        #expect(it.finish("prod") == "1 released")
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.look() == "1 released, 2 rolling staging", "quiet so far")
        #expect(it.alarm(in: "staging", .alarm) == "1 released, 2 rolling staging")
        #expect(it.world.underWay(in: "staging")?.state == .restoring)
        #expect(it.finish("staging") == "1 released, 2 failed")
        #expect(it.serves("staging") == "de1")
        #expect(it.bars == ["de2"])
        #expect(it.faults == [])
    }

    /// What was red before the release came is not its doing: nothing is barred, and nothing goes on either.
    @Test func anAlarmThatWasRedBeforeKeepsTheGateShutAndBlamesNobody() {
        let it = Self.story(soak: .minutes(30), GatePlan(alarms: ["5xx"]))
        it.world.alarmStates["staging 5xx"] = (.alarm, it.world.now)
        it.world.now = it.world.now + .minutes(5)
        #expect(it.approve(de(1)) == "1 rolling staging")
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.look() == "1 rolling staging", "it goes on soaking")
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.look() == "1 waiting prod")
        #expect(
            it.waits(1).contains(
                "alarm 5xx in staging to be quiet: it is ALARM, since before the release came there"
            )
        )
        #expect(it.bars == [])
        // It turns quiet, and red once more: now the release serves there.
        #expect(it.alarm(in: "staging", .ok) == "1 waiting prod", "the soak counts from the change")
        #expect(it.alarm(in: "staging", .alarm) == "1 failed")
        #expect(it.bars == ["de1"])
    }

    /// What goes off while the endpoint is being switched is taken for the switch's doing.
    @Test func anAlarmThatWentOffDuringTheSwitchIsTheReleasesFailure() {
        let it = Self.story(soak: .minutes(30), GatePlan(alarms: ["5xx"]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        while it.world.underWay(in: "staging")?.state != .awaiting {
            it.world.step("staging", towards: .verified)
        }
        it.world.alarmStates["staging 5xx"] = (.alarm, it.world.now)
        it.world.now = it.world.now + .minutes(5)
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.look() == "1 failed")
        #expect(it.bars == ["de1"])
    }

    /// Two gates may watch one soak, and each has its own word on an alarm without data.
    @Test func anAlarmWithoutDataInTheSoakCountsAsTheGateThatNamesItSays() {
        let own = StagePlan(
            name: "staging",
            accounts: ["staging": "s1"],
            accepts: [.approved],
            soak: .minutes(30),
            gate: GatePlan(alarms: ["own"], insufficientData: .alarm)
        )
        let it = Story(plan([own, prod()], targets: ["de"]))
        #expect(it.approve(de(1)) == "1 waiting staging")
        #expect(it.look() == "1 rolling staging")
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        #expect(it.alarm("own", in: "staging", .insufficientData) == "1 failed")
    }

    /// Between two looks an alarm may come and go; its time of change tells.
    @Test func aFlapDuringTheSoakStartsTheSoakAnew() {
        let it = Self.story(soak: .minutes(30), GatePlan(alarms: ["5xx"]))
        #expect(it.approve(de(1)) == "1 rolling staging")
        while it.world.underWay(in: "staging")?.state != .soaking {
            it.world.step("staging", towards: .verified)
        }
        it.world.now = it.world.now + .minutes(20)
        let flap = it.world.now
        it.world.alarmStates["staging 5xx"] = (.ok, flap)
        #expect(it.finish("staging") == "1 waiting prod")
        #expect(it.look() == "1 waiting prod")
        #expect(it.waits(1).contains("quiet only since it changed in the soak"))
        it.world.now = flap + .minutes(30)
        #expect(it.look(after: .zero) == "1 rolling prod")
    }

    @Test(arguments: [
        (GatePlan.InsufficientData.inconclusive, "1 waiting prod"), (.ok, "1 rolling prod"),
        (.alarm, "1 failed"),
    ])
    func insufficientDataCountsAsConfigured(rule: GatePlan.InsufficientData, outcome: String) {
        let it = Self.story(GatePlan(alarms: ["5xx"], insufficientData: rule))
        Self.atTheGate(it)
        #expect(it.alarm(in: "staging", .insufficientData) == outcome)
    }

    @Test func anAlarmThatDoesNotExistNeverSaysYes() {
        let it = Self.story(GatePlan(alarms: ["5xx"], insufficientData: .ok))
        it.world.alarmStates["prod 5xx"] = (.missing, second(0))
        Self.atTheGate(it)
        #expect(it.look() == "1 waiting prod")
        #expect(it.waits(1).contains("alarm 5xx in prod, which does not exist there: create it"))
        #expect(it.alarm(in: "prod", .ok) == "1 rolling prod")
    }
}
