/// Everything about one endpoint that decides what happens next to it.
///
/// A value: the ledger reads it, something happens to it, `settle` draws the consequences, and the
/// ledger writes it back in the same transaction. Nothing here does I/O or reads a clock.
public struct EndpointState: Sendable {
    public let plan: EndpointPlan
    public let pace: Pace
    /// Every open release, the newest opened one, those that carry an open approval, and those that an
    /// attempt under way goes to, comes from or leaves.
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
    /// The latest answer per release, opening, stage and check.
    public internal(set) var attestations: [Attestation]
    /// Release id → what other workers, and this one, say of where it was verified. Nothing where one worker
    /// drives every account.
    public internal(set) var evidence: [String: [Evidence]]
    /// The hand-offs to other workers that came to be owed since the state was read.
    public internal(set) var handoffs: [Handoff.Delivery] = []
    /// What was last seen of the alarms that are watched.
    public let alarms: [AlarmSight]
    /// Account name → why its alarms could not be looked at the last time.
    public let alarmTroubles: [String: String]
    /// The alarms to be looked at, per account.
    public internal(set) var watches: [AlarmWatch]
    /// Account name → the releases it verified before, the latest first. They are there where somebody may
    /// have to go back: `needsPast` says when.
    public internal(set) var past: [String: [Past]] = [:]
    /// Package ARN → its status, for every package of `releases`.
    public internal(set) var statuses: [String: ApprovalStatus]
    /// How many releases the endpoint has had.
    public internal(set) var releaseCount: Int
    /// How many openings its releases have had.
    public internal(set) var openingCount: Int
    /// The SenderId of who asked for the wanted set to be released even though it ended before; nil where
    /// nobody did.
    public internal(set) var triggeredBy: String?
    /// What was decided since the state was read, for the journal.
    public internal(set) var notes: [Note] = []
    /// When something can change without anything else happening.
    public internal(set) var dueAt: Moment?

    public init(
        plan: EndpointPlan,
        pace: Pace = Pace(),
        releases: [Release] = [],
        attempts: [Attempt] = [],
        attemptNumbers: [String: Int] = [:],
        serving: [String: Serving] = [:],
        candidates: [Candidate] = [],
        approvals: [Approval] = [],
        bars: [Bar] = [],
        holds: [Hold] = [],
        consents: [Consent] = [],
        attestations: [Attestation] = [],
        evidence: [String: [Evidence]] = [:],
        alarms: [AlarmSight] = [],
        alarmTroubles: [String: String] = [:],
        watches: [AlarmWatch] = [],
        statuses: [String: ApprovalStatus] = [:],
        releaseCount: Int = 0,
        openingCount: Int = 0,
        triggeredBy: String? = nil
    ) {
        self.plan = plan
        self.pace = pace
        self.releases = releases
        self.attempts = attempts
        self.attemptNumbers = attemptNumbers
        self.serving = serving
        self.candidates = candidates
        self.approvals = approvals
        self.bars = bars
        self.holds = holds
        self.consents = consents
        self.attestations = attestations
        self.evidence = evidence
        self.alarms = alarms
        self.alarmTroubles = alarmTroubles
        self.watches = watches
        self.statuses = statuses
        self.releaseCount = releaseCount
        self.openingCount = openingCount
        self.triggeredBy = triggeredBy
    }

    /// The key of `attemptNumbers`.
    public static func attemptKey(release: String, account: String) -> String { "\(release)@\(account)" }

    /// The release that was opened last.
    var newest: Release? { releases.max { $0.opening < $1.opening } }

    /// The attempt by which the release goes forward in an account. A way back to the release is no part
    /// of its way through the stages.
    func attempt(of release: Release, in account: String) -> Attempt? {
        attempts.first {
            $0.release == release.id && $0.account == account && $0.opening == release.opening
                && !$0.isRollback
        }
    }

    /// The one attempt that may be under way in an account.
    func underWay(in account: String) -> Int? {
        attempts.firstIndex { $0.account == account && !$0.state.isEnded }
    }

    /// Counts one attempt more of a release in an account.
    mutating func nextAttempt(of release: String, in account: String) -> Int {
        let key = Self.attemptKey(release: release, account: account)
        let number = (attemptNumbers[key] ?? 0) + 1
        attemptNumbers[key] = number
        return number
    }

    /// Takes an attempt back, with what follows from it.
    ///
    /// - Returns: Whether it changed anything.
    @discardableResult
    mutating func recall(_ index: Int, because sentence: String, now: Moment) -> Bool {
        let before = attempts[index]
        attempts[index].recall(because: sentence, now: now)
        guard attempts[index] != before else { return false }
        concludes(attempts[index], before: before, now: now)
        return true
    }

    func isRejected(_ version: ModelVersion) -> Bool { statuses[version.package] == .rejected }

    /// Whether an account serves the release under the settings now in force, and nobody has switched it since.
    func serves(_ release: Release, in account: String, stage: String) -> Bool {
        guard let serving = serving[account] else { return false }
        return serving.release == release.id && serving.drift == nil
            && serving.settings == plan.stage(stage)?.accounts[account]
    }

    func isBarred(_ candidate: Candidate) -> Bool {
        bar(on: candidate.package, for: candidate.target) != nil
    }

    func bar(on package: String, for target: String) -> Bar? {
        bars.first { $0.target == target && $0.package == package }
    }

    /// Takes in an event of an attempt, and what follows from it for what the account serves.
    ///
    /// - Returns: The effects that the attempt owes from then on.
    @discardableResult
    public mutating func apply(
        _ event: Attempt.Event,
        release: String,
        account: String,
        now: Moment
    ) -> [Attempt.Effect] {
        // One attempt at the most is under way in an account; without one the last is told, and ignores it.
        let isIts: (Attempt) -> Bool = { $0.release == release && $0.account == account }
        guard
            let index = attempts.lastIndex(where: { isIts($0) && !$0.state.isEnded })
                ?? attempts.lastIndex(where: isIts)
        else { return [] }
        let before = attempts[index]
        let effects = attempts[index].apply(event, now: now, pace: pace)
        concludes(attempts[index], before: before, now: now)
        return effects
    }

    /// What follows for what the account serves from an attempt that has changed.
    mutating func concludes(_ attempt: Attempt, before: Attempt, now: Moment) {
        let (release, account) = (attempt.release, attempt.account)
        let served = serving[account]
        if before.verifiedAt == nil, attempt.verifiedAt != nil, let config = attempt.configName,
            let models = releases.first(where: { $0.id == release })?.models
        {
            serving[account] = Serving(
                release: release,
                models: models,
                settings: attempt.settings,
                config: config,
                since: now,
                modifiedAt: attempt.after?.modifiedAt
            )
            note(
                attempt.isRollback ? "rolledBack" : "verified",
                release,
                account,
                attempt.stage,
                "in service on \(config) and every check passed" + checksAwaited(after: attempt)
            )
            if let left = releases.firstIndex(where: { $0.id == attempt.leaves }) {
                releases[left].rolledBack.insert(account)
            }
            if let traffic = attempt.traffic, let moved = attempt.after?.traffic, moved != traffic {
                note(
                    "trafficFellBack",
                    release,
                    account,
                    attempt.stage,
                    "the accounts folder asks for \(traffic), and SageMaker moved the traffic \(moved)"
                )
            }
        }
        if attempt.isRestored, !before.isRestored, serving[account]?.release == release {
            let previous = attempt.previous
            let models = releases.first { $0.id == previous?.release }?.models
            serving[account] = previous.flatMap { previous in
                models.map { models in
                    Serving(
                        release: previous.release,
                        models: models,
                        settings: previous.settings,
                        config: previous.config,
                        since: previous.since
                    )
                }
            }
        }
        if attempt.isRollback, attempt.needsPerson, !before.needsPerson {
            note("rollbackFailed", release, account, attempt.stage, attempt.reason ?? "")
            askPerson(about: attempt, now: now)
        } else if attempt.state.isEnded, attempt.state != .verified, !before.state.isEnded {
            let text = "\(attempt.state.rawValue): \(attempt.reason ?? "no reason")"
            note("attemptEnded", release, account, attempt.stage, text)
        }
        // Where the endpoint was deleted, or nobody can say what is live, the account counts as serving
        // nothing: otherwise an older release would be taken for served there and get no attempt.
        if attempt.needsPerson || before.state == .clearing && attempt.state != .clearing {
            serving[account] = nil
        }
        if plan.onRejection == .hold, serving[account] != served,
            let version = serving[account]?.models.values.filter(isRejected).min(by: {
                $0.package < $1.package
            })
        {
            holdRejected(version.package, in: attempt.stage, now: now)
        }
    }

    /// What the next gate's checks are, for whoever starts them when a release is verified.
    private func checksAwaited(after attempt: Attempt) -> String {
        guard !attempt.isRollback, let release = releases.first(where: { $0.id == attempt.release }),
            let next = plan.stage(after: attempt.stage, on: release), !next.gate.checks.isEmpty
        else { return "" }
        return "; the gate of \(next.name) asks for check "
            + next.gate.checks.map(\.name).joined(separator: ", ")
    }

    /// Takes in which releases accounts may go back to, those they serve, and the statuses of what all
    /// of these hold.
    public mutating func learn(
        past: [String: [Past]],
        served: [Release],
        statuses: [String: ApprovalStatus]
    ) {
        self.past = past
        for release in served where !releases.contains(where: { $0.id == release.id }) {
            releases.append(release)
        }
        // What happened in this transaction is newer than what was written before it.
        self.statuses.merge(statuses) { known, _ in known }
    }

    /// Takes in the registry's statuses of packages that a new release may hold.
    public mutating func learn(statuses: [String: ApprovalStatus]) {
        self.statuses.merge(statuses) { _, new in new }
    }

    /// Takes in how many attempts a release has had that was not in the state before.
    public mutating func learn(attemptNumbers: [String: Int]) {
        self.attemptNumbers.merge(attemptNumbers) { max($0, $1) }
    }

    /// Takes in where a release was verified that was not in the state before.
    public mutating func learn(evidence new: [Evidence], of release: String) {
        if evidence[release] == nil, !new.isEmpty { evidence[release] = new }
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
