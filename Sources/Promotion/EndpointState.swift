/// Everything about one endpoint that decides what happens next to it.
///
/// A value: the ledger reads it, something happens to it, `settle` draws the consequences, and the
/// ledger writes it back in the same transaction. Nothing here does I/O or reads a clock.
public struct EndpointState: Sendable {
    public let plan: EndpointPlan
    /// Every open release, the newest opened one, and those that carry an open approval.
    public internal(set) var releases: [Release]
    /// The attempts of the current openings of those releases, the latest per account.
    public internal(set) var attempts: [Attempt]
    /// The highest attempt number so far, per release and account.
    public internal(set) var attemptNumbers: [String: Int]
    /// Account name → what it serves, verified.
    public internal(set) var serving: [String: Serving]
    public internal(set) var candidates: [Candidate]
    /// Approvals without an ending yet.
    public internal(set) var approvals: [Approval]
    public internal(set) var bars: [Bar]
    public internal(set) var holds: [Hold]
    public internal(set) var consents: [Consent]
    /// Package ARN → its status, for every package of `releases`.
    public internal(set) var statuses: [String: ApprovalStatus]
    /// How many releases the endpoint has had.
    public internal(set) var releaseCount: Int
    /// How many openings its releases have had.
    public internal(set) var openingCount: Int
    /// Whether a person asked for the wanted set to be released even though it ended before.
    public internal(set) var isTriggered: Bool
    /// What was decided since the state was read, for the journal.
    public internal(set) var notes: [Note] = []
    /// When something can change without anything else happening.
    public internal(set) var dueAt: Moment?

    public init(
        plan: EndpointPlan,
        releases: [Release] = [],
        attempts: [Attempt] = [],
        attemptNumbers: [String: Int] = [:],
        serving: [String: Serving] = [:],
        candidates: [Candidate] = [],
        approvals: [Approval] = [],
        bars: [Bar] = [],
        holds: [Hold] = [],
        consents: [Consent] = [],
        statuses: [String: ApprovalStatus] = [:],
        releaseCount: Int = 0,
        openingCount: Int = 0,
        isTriggered: Bool = false
    ) {
        self.plan = plan
        self.releases = releases
        self.attempts = attempts
        self.attemptNumbers = attemptNumbers
        self.serving = serving
        self.candidates = candidates
        self.approvals = approvals
        self.bars = bars
        self.holds = holds
        self.consents = consents
        self.statuses = statuses
        self.releaseCount = releaseCount
        self.openingCount = openingCount
        self.isTriggered = isTriggered
    }

    /// The key of `attemptNumbers`.
    public static func attemptKey(release: String, account: String) -> String { "\(release)@\(account)" }

    /// The release that was opened last.
    var newest: Release? { releases.max { $0.opening < $1.opening } }

    func attempt(of release: Release, in account: String) -> Attempt? {
        attempts.first { $0.release == release.id && $0.account == account && $0.opening == release.opening }
    }

    /// Whether an account serves the release under the settings now in force.
    func serves(_ release: Release, in account: String, stage: String) -> Bool {
        guard let serving = serving[account] else { return false }
        return serving.release == release.id && serving.settings == plan.stage(stage)?.accounts[account]
    }

    func isBarred(_ candidate: Candidate) -> Bool {
        bars.contains { $0.target == candidate.target && $0.package == candidate.package }
    }

    /// Takes in an event of an attempt, and what follows from it for what the account serves.
    ///
    /// - Returns: The effects that the attempt owes from then on.
    @discardableResult
    public mutating func apply(
        _ event: Attempt.Event,
        release: String,
        account: String,
        now: Moment,
        pace: Pace
    ) -> [Attempt.Effect] {
        // The last, because a release that was opened again has an ended attempt of the opening before.
        guard let index = attempts.lastIndex(where: { $0.release == release && $0.account == account }) else {
            return []
        }
        let wasVerified = attempts[index].verifiedAt != nil
        let wasClearing = attempts[index].state == .clearing
        let effects = attempts[index].apply(event, now: now, pace: pace)
        let attempt = attempts[index]
        if !wasVerified, attempt.verifiedAt != nil, let config = attempt.configName,
            let models = releases.first(where: { $0.id == release })?.models
        {
            serving[account] = Serving(
                release: release,
                models: models,
                settings: attempt.settings,
                config: config,
                since: now
            )
            note(
                "verified",
                release,
                account,
                attempt.stage,
                "in service on \(config) and every check passed"
            )
        }
        // Where the endpoint was deleted, or nobody can say what is live, the account counts as serving
        // nothing: otherwise an older release would be taken for served there and get no attempt.
        if attempt.needsPerson || wasClearing && attempt.state == .inspecting { serving[account] = nil }
        return effects
    }

    /// Takes in the registry's statuses of packages that a new release may hold.
    public mutating func learn(statuses: [String: ApprovalStatus]) {
        self.statuses.merge(statuses) { _, new in new }
    }

    /// Takes in how many attempts a release has had that was not in the state before.
    public mutating func learn(attemptNumbers: [String: Int]) {
        self.attemptNumbers.merge(attemptNumbers) { max($0, $1) }
    }

    mutating func note(
        _ name: String,
        _ release: String? = nil,
        _ account: String? = nil,
        _ stage: String? = nil,
        _ text: String
    ) {
        notes.append(Note(name, release: release, account: account, stage: stage, text))
    }

    mutating func end(_ index: Int, _ ending: Ending, because reason: String, now: Moment) {
        let release = releases[index]
        releases[index].end(ending, because: reason, now: now)
        note("ended", release.id, nil, release.stop.stage, "\(ending.rawValue): \(reason)")
    }
}
