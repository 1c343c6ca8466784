import Promotion
import Testing

/// The gate's conditions, each alone and together.
@Suite struct GateTests {
    static let now = second(1_000_000)

    /// A gate of prod through which everything may pass, but for one approval of a person.
    static func gate(approvals: Int = 1, consents: [Consent] = [consent(anna)]) -> Gate {
        Gate(
            plan: prod(approvals: approvals),
            waitingSince: now - .hours(1),
            models: [Gate.Model(name: "de version 1", status: .approved)],
            upstream: [
                Gate.Upstream(account: "staging", verifiedAt: now - .hours(1), soakedAt: now - .minutes(1))
            ],
            holds: [],
            consents: consents,
            occupant: nil
        )
    }

    static func consent(_ sender: Sender, settings: String = prod().settings) -> Consent {
        Consent(
            release: "demand.1",
            opening: 1,
            stage: "prod",
            sender: sender,
            reason: "looks right",
            settings: settings,
            at: now - .minutes(1)
        )
    }

    /// What does not pass, as `name verdict`, in the order of the conditions.
    static func obstacles(_ gate: Gate, at moment: Moment = now) -> [String] {
        gate.judge(now: moment).filter { $0.verdict != .passed }.map { "\($0.name) \($0.verdict.rawValue)" }
    }

    @Test func everyConditionIsJudgedEachTime() {
        let names = ["verified", "soaked", "lag", "accepted", "not barred", "free", "not held", "approved"]
        #expect(Self.gate().judge(now: Self.now).map(\.name) == names)
        #expect(Self.obstacles(Self.gate()) == [])
        var closed = Self.gate(consents: [])
        closed.upstream = [
            Gate.Upstream(account: "east", verifiedAt: nil, soakedAt: nil),
            Gate.Upstream(account: "west", verifiedAt: Self.now, soakedAt: Self.now + .minutes(1)),
        ]
        closed.models = [Gate.Model(name: "de version 1", status: .pending, bar: "it answers wrong")]
        closed.holds = [Hold(stage: nil, by: "AIDAOLGA", reason: "freeze", at: Self.now)]
        closed.occupant = "demand.0"
        #expect(closed.judge(now: Self.now).map(\.name) == names)
        #expect(
            Self.obstacles(closed) == [
                "verified inconclusive", "soaked inconclusive", "accepted inconclusive", "not barred failed",
                "free inconclusive", "not held inconclusive", "approved inconclusive",
            ]
        )
    }

    @Test func verifiedInEveryAccountOfTheStageBefore() {
        var gate = Self.gate()
        gate.upstream = []
        #expect(Self.obstacles(gate) == [])
        gate.upstream = [
            Gate.Upstream(account: "east", verifiedAt: Self.now, soakedAt: Self.now),
            Gate.Upstream(account: "west", verifiedAt: nil, soakedAt: nil),
        ]
        #expect(Self.obstacles(gate) == ["verified inconclusive"])
        #expect(gate.judge(now: Self.now).first?.text == "verification in west")
    }

    @Test func theLongestSoakHasToBeOver() {
        var gate = Self.gate()
        gate.upstream = [
            Gate.Upstream(account: "east", verifiedAt: Self.now, soakedAt: Self.now + .minutes(5)),
            Gate.Upstream(account: "west", verifiedAt: Self.now, soakedAt: Self.now + .minutes(9)),
        ]
        #expect(Self.obstacles(gate) == ["soaked inconclusive"])
        #expect(gate.judge(now: Self.now)[1].until == Self.now + .minutes(9))
        #expect(gate.judge(now: Self.now)[1].text == "the soak in east, west")
        #expect(Self.obstacles(gate, at: Self.now + .minutes(5)) == ["soaked inconclusive"])
        #expect(Self.obstacles(gate, at: Self.now + .minutes(9)) == [])
    }

    @Test(
        arguments: [
            (ApprovalStatus.approved, nil), (.pending, "accepted inconclusive"),
            (.rejected, "accepted failed"),
            (.deleted, "accepted failed"), (nil, "accepted inconclusive"),
        ] as [(ApprovalStatus?, String?)]
    )
    func theStatusOfEveryVersionCounts(status: ApprovalStatus?, obstacle: String?) {
        var gate = Self.gate()
        gate.models.append(Gate.Model(name: "fr version 1", status: status))
        #expect(Self.obstacles(gate) == (obstacle.map { [$0] } ?? []))
    }

    /// One version that is gone for good outweighs another that may still come back.
    @Test func aRejectedVersionOutweighsAPendingOne() {
        var gate = Self.gate()
        gate.models = [Gate.Model(name: "de", status: .pending), Gate.Model(name: "fr", status: .rejected)]
        #expect(Self.obstacles(gate) == ["accepted failed"])
    }

    @Test func aBarredVersionFails() {
        var gate = Self.gate()
        gate.models.append(Gate.Model(name: "fr version 1", status: .approved, bar: "fr answers wrong"))
        #expect(Self.obstacles(gate) == ["not barred failed"])
    }

    @Test func oneReleaseRollsInAStage() {
        var gate = Self.gate()
        gate.occupant = "demand.0"
        #expect(Self.obstacles(gate) == ["free inconclusive"])
    }

    @Test(arguments: [(nil, true), ("prod", true), ("staging", false)] as [(String?, Bool)])
    func aHoldStopsItsStage(stage: String?, stops: Bool) {
        var gate = Self.gate()
        gate.holds = [Hold(stage: stage, by: "AIDAOLGA", reason: "freeze", at: Self.now)]
        #expect(Self.obstacles(gate) == (stops ? ["not held inconclusive"] : []))
    }

    // MARK: People

    @Test func theQuorumCountsPersonsNotSessions() {
        let team = [Self.consent(bert), Self.consent(carl), Self.consent(bert)]
        #expect(Self.obstacles(Self.gate(approvals: 1, consents: team)) == [])
        #expect(Self.obstacles(Self.gate(approvals: 2, consents: team)) == ["approved inconclusive"])
        #expect(Self.obstacles(Self.gate(approvals: 2, consents: team + [Self.consent(anna)])) == [])
        let three = Self.gate(approvals: 3, consents: team + [Self.consent(anna)])
        #expect(Self.obstacles(three) == ["approved inconclusive"])
        #expect(three.judge(now: Self.now).last?.text == "2 of 3 approvals by a person for prod")
    }

    @Test func whoIsNoApproverNowDoesNotCount() {
        #expect(Self.obstacles(Self.gate(consents: [Self.consent(stranger)])) == ["approved inconclusive"])
        #expect(Self.obstacles(Self.gate(consents: [Self.consent(olga)])) == ["approved inconclusive"])
    }

    @Test func anApprovalUnderOtherSettingsIsVoid() {
        let old = Self.gate(consents: [Self.consent(anna, settings: "prod=p0")])
        #expect(Self.obstacles(old) == ["approved inconclusive"])
        #expect(
            old.judge(now: Self.now).last?.text.hasSuffix("given under other settings does not count") == true
        )
        let both = Self.gate(consents: [Self.consent(anna, settings: "prod=p0"), Self.consent(bert)])
        #expect(Self.obstacles(both) == [])
    }

    @Test func aStageMayAskForNobody() {
        #expect(Self.obstacles(Self.gate(approvals: 0, consents: [])) == [])
        #expect(Self.obstacles(Self.gate(approvals: 0, consents: []), at: Self.now + .days(30)) == [])
    }

    @Test func nobodyIsAskedWhereNothingWouldChange() {
        var gate = Self.gate(consents: [])
        gate.isServed = true
        #expect(Self.obstacles(gate) == [])
        gate.models = [Gate.Model(name: "de version 1", status: .rejected)]
        #expect(Self.obstacles(gate) == ["accepted failed"])
    }

    @Test func aReleaseThatNobodyApprovesExpires() {
        let gate = Self.gate(consents: [])
        let deadline = gate.waitingSince + .days(7)
        #expect(gate.judge(now: Self.now).last?.until == deadline)
        #expect(Self.obstacles(gate, at: deadline - .milliseconds(1)) == ["approved inconclusive"])
        #expect(Self.obstacles(gate, at: deadline) == ["approved inconclusive", "in time failed"])
        // A hold does not stop the clock, and an approval in time does.
        var held = gate
        held.holds = [Hold(stage: nil, by: "AIDAOLGA", reason: "freeze", at: Self.now)]
        #expect(
            Self.obstacles(held, at: deadline) == [
                "not held inconclusive", "approved inconclusive", "in time failed",
            ]
        )
        #expect(Self.obstacles(Self.gate(), at: deadline) == [])
    }
}
