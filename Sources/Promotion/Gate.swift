/// What must hold before a release enters a stage, and whether it does.
///
/// A pure function over facts: every condition is judged each time, so that the record of a gate
/// decision names all of its evidence and not only the first obstacle.
public struct Gate: Hashable, Sendable {
    /// One condition of a gate. `inconclusive` waits, `failed` ends the release.
    public struct Condition: Hashable, Sendable, Codable {
        public let name: String
        public var verdict: Verdict
        /// What was found, as a phrase for people: evidence where it passed, what it waits for where not.
        public var text: String
        /// When it can change without anything else happening.
        public var until: Moment?

        /// How a release ends when this condition has failed.
        var ending: Ending {
            switch name {
            case "accepted": .aborted
            case "not barred", "alarms", "checks": .failed
            default: .refused
            }
        }

        /// Whether its failure is the release's own, so that the versions it changed are barred.
        var blamesChanges: Bool { name == "alarms" || name == "checks" }

        /// Whether somebody who may override the gate passes over it. What serves must still be verified
        /// upstream, accepted by the registry and not barred, one change at a time, and no hold is broken.
        var yieldsToOverride: Bool {
            ["soaked", "lag", "window", "alarms", "checks", "approved"].contains(name)
        }

        /// Whether it is for somebody or something else to say yes, so that waiting for it ends.
        var expires: Bool { ["window", "alarms", "checks", "approved"].contains(name) }
    }

    /// A version of the release, its status in the registry, and why it is barred, if it is.
    public struct Model: Hashable, Sendable {
        public let name: String
        public let status: ApprovalStatus?
        public let bar: String?

        public init(name: String, status: ApprovalStatus?, bar: String? = nil) {
            self.name = name
            self.status = status
            self.bar = bar
        }
    }

    /// An account of the stage before, and when the release was verified there and soaked, if it was.
    public struct Upstream: Hashable, Sendable {
        public let account: String
        /// When the release began to roll there; nil where no attempt of it did.
        public let beganAt: Moment?
        public let verifiedAt: Moment?
        public let soakedAt: Moment?
        /// Whether this worker drives it, and so can look at its alarms.
        public let isHere: Bool

        /// An account that another worker drives, which hands over what has soaked already and watches the
        /// account's alarms meanwhile.
        public init(elsewhere account: String, verifiedAt: Moment?) {
            self.account = account
            beganAt = nil
            self.verifiedAt = verifiedAt
            soakedAt = nil
            isHere = false
        }

        public init(account: String, beganAt: Moment? = nil, verifiedAt: Moment?, soakedAt: Moment?) {
            self.account = account
            self.beganAt = beganAt
            self.verifiedAt = verifiedAt
            self.soakedAt = soakedAt
            isHere = true
        }
    }

    public var plan: StagePlan
    public var waitingSince: Moment
    public var models: [Model]
    public var upstream: [Upstream]
    /// The accounts that the release would enter.
    public var entered: [String] = []
    public var holds: [Hold]
    /// People's approvals of this release for this stage, whoever gave them and under whatever settings.
    public var consents: [Consent]
    /// The people who asked for the release.
    public var requesters: Set<String> = []
    public var attestations: [Attestation] = []
    /// What was last seen of the alarms, and why they could not be looked at, by account.
    public var alarms: [AlarmSight] = []
    public var alarmTroubles: [String: String] = [:]
    /// What rolls in the stage, if anything does.
    public var occupant: String?
    /// Whether every account of the stage serves the release already. Then nobody is asked, because
    /// nothing would change.
    public var isServed: Bool

    public init(
        plan: StagePlan,
        waitingSince: Moment,
        models: [Model],
        upstream: [Upstream],
        holds: [Hold],
        consents: [Consent],
        occupant: String?,
        isServed: Bool = false
    ) {
        self.plan = plan
        self.waitingSince = waitingSince
        self.models = models
        self.upstream = upstream
        self.holds = holds
        self.consents = consents
        self.occupant = occupant
        self.isServed = isServed
    }

    public func judge(now: Moment) -> [Condition] {
        var conditions = [
            verified(now), soaked(now), lagged(now), accepted(), notBarred(), free(), notHeld(),
        ]
        // Nobody and nothing is asked about what would not change anything.
        if isServed {
            let text = "every account of \(plan.name) serves it already"
            return conditions + [Condition(name: "approved", verdict: .passed, text: text, until: nil)]
        }
        conditions += [window(now), alarmsQuiet(now), checked(), approved()].compactMap(\.self)
        if let override { return conditions.map { passedOver($0, by: override) } }
        let deadline = waitingSince + plan.gate.expires
        let late = conditions.filter { $0.expires && $0.verdict == .inconclusive }
        guard deadline > now || late.isEmpty else { return conditions + [expired(late)] }
        for index in conditions.indices
        where conditions[index].expires && conditions[index].verdict == .inconclusive {
            conditions[index].until = [conditions[index].until, deadline].compactMap(\.self).min()
        }
        return conditions
    }

    private func expired(_ late: [Condition]) -> Condition {
        let approvals = plan.gate.approvals
        let text =
            if late.contains(where: { $0.name == "approved" }) {
                "nobody approved it for \(plan.name) in time: it had \(people.count) of \(approvals) approvals "
                    + "when it expired"
            } else {
                "the gate of \(plan.name) did not open in time: when it expired it still waited for "
                    + late.map(\.text).joined(separator: "; ")
            }
        return Condition(name: "in time", verdict: .failed, text: text, until: nil)
    }

    /// The emergency override that somebody who may gave under the settings in force.
    private var override: Consent? {
        consents.first { consent in
            consent.isOverride && consent.isGiven(under: plan.settings)
                && plan.gate.mayOverride.contains { $0.matches(consent.sender) }
        }
    }

    private func passedOver(_ condition: Condition, by consent: Consent) -> Condition {
        guard condition.yieldsToOverride, condition.verdict != .passed else { return condition }
        var condition = condition
        condition.verdict = .passed
        condition.text =
            "passed over by the emergency override of \(consent.sender) (\(consent.reason)): "
            + condition.text
        condition.until = nil
        return condition
    }
}
