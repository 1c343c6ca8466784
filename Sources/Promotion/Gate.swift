/// What must hold before a release enters a stage, and whether it does.
///
/// A pure function over facts: every condition is judged each time, so that the record of a gate
/// decision names all of its evidence and not only the first obstacle.
public struct Gate: Hashable, Sendable {
    /// One condition of a gate. `inconclusive` waits, `failed` ends the release.
    public struct Condition: Hashable, Sendable, Codable {
        public let name: String
        public let verdict: Verdict
        /// What was found, as a phrase for people: evidence where it passed, what it waits for where not.
        public let text: String
        /// When it can change without anything else happening.
        public let until: Moment?

        /// How a release ends when this condition has failed.
        var ending: Ending {
            switch name {
            case "accepted": .aborted
            case "not barred": .failed
            default: .refused
            }
        }
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
        public let verifiedAt: Moment?
        public let soakedAt: Moment?

        public init(account: String, verifiedAt: Moment?, soakedAt: Moment?) {
            self.account = account
            self.verifiedAt = verifiedAt
            self.soakedAt = soakedAt
        }
    }

    public var plan: StagePlan
    public var waitingSince: Moment
    public var models: [Model]
    public var upstream: [Upstream]
    public var holds: [Hold]
    /// People's approvals of this release for this stage, whoever gave them and under whatever settings.
    public var consents: [Consent]
    /// The release that rolls in the stage, if any.
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
        [verified(now), soaked(now), accepted(), notBarred(), free(), notHeld(), approved(now)]
    }

    private func verified(_ now: Moment) -> Condition {
        let missing = upstream.filter { $0.verifiedAt == nil }.map(\.account)
        let text =
            if upstream.isEmpty {
                "first stage"
            } else if missing.isEmpty {
                "verified in " + upstream.map(\.account).joined(separator: ", ")
            } else {
                "verification in " + missing.joined(separator: ", ")
            }
        return Condition(
            name: "verified",
            verdict: missing.isEmpty ? .passed : .inconclusive,
            text: text,
            until: nil
        )
    }

    private func soaked(_ now: Moment) -> Condition {
        let soaking = upstream.compactMap { account in account.soakedAt.map { (account.account, $0) } }
            .filter { $0.1 > now }
        guard let last = soaking.map(\.1).max() else {
            return Condition(name: "soaked", verdict: .passed, text: "no soak left", until: nil)
        }
        let accounts = soaking.map(\.0).joined(separator: ", ")
        return Condition(name: "soaked", verdict: .inconclusive, text: "the soak in \(accounts)", until: last)
    }

    private func accepted() -> Condition {
        let words = plan.accepts.map(\.rawValue).sorted().joined(separator: " or ")
        let wrong = models.filter { model in model.status.map { !plan.accepts.contains($0) } ?? true }
        guard !wrong.isEmpty else {
            return Condition(
                name: "accepted",
                verdict: .passed,
                text: "every version is \(words)",
                until: nil
            )
        }
        let text = wrong.map { "\($0.name) is \($0.status?.rawValue ?? "unknown")" }.joined(separator: ", ")
        let isWithdrawn = wrong.contains { $0.status == .rejected || $0.status == .deleted }
        return Condition(
            name: "accepted",
            verdict: isWithdrawn ? .failed : .inconclusive,
            text: "\(text) in the registry; \(plan.name) accepts \(words)",
            until: nil
        )
    }

    private func notBarred() -> Condition {
        let barred = models.compactMap { model in model.bar.map { "\(model.name) is barred: \($0)" } }
        return Condition(
            name: "not barred",
            verdict: barred.isEmpty ? .passed : .failed,
            text: barred.isEmpty ? "no version is barred" : barred.joined(separator: ", "),
            until: nil
        )
    }

    private func free() -> Condition {
        Condition(
            name: "free",
            verdict: occupant == nil ? .passed : .inconclusive,
            text: occupant.map { "release \($0), which is rolling in \(plan.name)" }
                ?? "nothing rolls in \(plan.name)",
            until: nil
        )
    }

    private func notHeld() -> Condition {
        let hold = holds.first { $0.covers(plan.name) }
        return Condition(
            name: "not held",
            verdict: hold == nil ? .passed : .inconclusive,
            text: hold.map { "resume: held by \($0.by) (\($0.reason))" } ?? "not held",
            until: nil
        )
    }

    private func approved(_ now: Moment) -> Condition {
        guard plan.gate.approvals > 0 else {
            return Condition(name: "approved", verdict: .passed, text: "no approval asked for", until: nil)
        }
        if isServed {
            return Condition(
                name: "approved",
                verdict: .passed,
                text: "every account of \(plan.name) serves it already",
                until: nil
            )
        }
        let valid = consents.filter { consent in
            consent.settings == plan.settings && plan.gate.approvers.contains { $0.matches(consent.sender) }
        }
        var people: [String] = []
        for consent in valid where !people.contains(consent.sender.person) {
            people.append(consent.sender.person)
        }
        if people.count >= plan.gate.approvals {
            let evidence = valid.map { "\($0.sender) (\($0.reason))" }.joined(separator: ", ")
            return Condition(name: "approved", verdict: .passed, text: "approved by \(evidence)", until: nil)
        }
        let deadline = waitingSince + plan.gate.expires
        let count =
            plan.gate.approvals == 1 ? "approval" : "\(people.count) of \(plan.gate.approvals) approvals"
        if deadline <= now {
            return Condition(
                name: "approved",
                verdict: .failed,
                text:
                    "nobody approved it for \(plan.name) in time: it had \(people.count) of \(plan.gate.approvals) "
                    + "approvals when it expired",
                until: nil
            )
        }
        let note =
            consents.count > valid.count ? "; an approval given under other settings does not count" : ""
        return Condition(
            name: "approved",
            verdict: .inconclusive,
            text: "\(count) by a person for \(plan.name)\(note)",
            until: deadline
        )
    }
}
