/// A version that became acceptable to an endpoint, by the registry's decision or by a `deploy`.
///
/// It is an approval until it has an ending: (version, endpoint, decision time) ends exactly once.
public struct Approval: Hashable, Sendable, Codable {
    public let target: String
    public let package: String
    public let decidedAt: Moment
    /// Who decided, as far as the registry or SQS named somebody.
    public let by: String?
    /// The release that carries it, once there is one.
    public internal(set) var release: String?
    public internal(set) var ending: Ending?
    public internal(set) var reason: String?
    public internal(set) var endedAt: Moment?

    /// Whether a release is still to come that carries it.
    var isUntaken: Bool { ending == nil && release == nil }

    public init(
        target: String,
        package: String,
        decidedAt: Moment,
        by: String? = nil,
        release: String? = nil,
        ending: Ending? = nil,
        reason: String? = nil,
        endedAt: Moment? = nil
    ) {
        self.target = target
        self.package = package
        self.decidedAt = decidedAt
        self.by = by
        self.release = release
        self.ending = ending
        self.reason = reason
        self.endedAt = endedAt
    }

    mutating func end(_ ending: Ending, because reason: String, now: Moment) {
        self.ending = ending
        self.reason = reason
        endedAt = now
    }
}

/// A version that a release may take: one about which there has been a decision.
public struct Candidate: Hashable, Sendable {
    public let target: String
    public let package: String
    /// The version number within its group; the higher one wins where decisions share a moment.
    public let version: Int
    /// The time of the latest decision that made it acceptable.
    public let decidedAt: Moment
    /// Who decided, where that was asked for and the registry names somebody.
    public let decidedBy: String?
    public let status: ApprovalStatus
    /// What the package serves with, or nil where nobody has looked at it yet.
    public let model: ModelVersion?

    public init(
        target: String,
        package: String,
        version: Int,
        decidedAt: Moment,
        decidedBy: String? = nil,
        status: ApprovalStatus,
        model: ModelVersion?
    ) {
        self.target = target
        self.package = package
        self.version = version
        self.decidedAt = decidedAt
        self.decidedBy = decidedBy
        self.status = status
        self.model = model
    }
}

/// (endpoint, target, version) that may not be released again until someone says so.
public struct Bar: Hashable, Sendable, Codable {
    public let target: String
    public let package: String
    public let reason: String
    public let at: Moment

    public init(target: String, package: String, reason: String, at: Moment) {
        self.target = target
        self.package = package
        self.reason = reason
        self.at = at
    }
}

/// A stop on one stage of an endpoint, or on all of it.
public struct Hold: Hashable, Sendable, Codable {
    /// The stage, or nil for the whole endpoint.
    public let stage: String?
    /// The SenderId of who asked for it, or `sluice`.
    public let by: String
    public let reason: String
    public let at: Moment

    public init(stage: String?, by: String, reason: String, at: Moment) {
        self.stage = stage
        self.by = by
        self.reason = reason
        self.at = at
    }

    func covers(_ stage: String) -> Bool { self.stage == nil || self.stage == stage }
}

/// A person's approval of one release for one stage, under the settings of that moment.
public struct Consent: Hashable, Sendable {
    public let release: String
    public let opening: Int
    public let stage: String
    public let sender: Sender
    public let reason: String
    public let settings: String
    public let at: Moment
    /// Whether it passes over the gate in an emergency.
    public let isOverride: Bool
    /// Who counts: `GatePlan.person` of the sender, as the settings had it.
    public let person: String

    public init(
        release: String,
        opening: Int,
        stage: String,
        sender: Sender,
        reason: String,
        settings: String,
        at: Moment,
        isOverride: Bool = false,
        person: String? = nil
    ) {
        self.release = release
        self.opening = opening
        self.stage = stage
        self.sender = sender
        self.reason = reason
        self.settings = settings
        self.at = at
        self.isOverride = isOverride
        self.person = person ?? sender.person
    }

    /// Whether it was given under the settings in force: for every account that there is now. What was said of one
    /// that has left since takes nothing from it.
    ///
    /// - Parameter settings: As `StagePlan.settings`.
    func isGiven(under settings: String) -> Bool {
        Set(settings.split(separator: ",")).isSubset(of: self.settings.split(separator: ","))
    }
}

/// The answer of one of the team's own checks about one release for one stage.
public struct Attestation: Hashable, Sendable {
    public let release: String
    public let opening: Int
    public let stage: String
    public let check: String
    public let verdict: Verdict
    public let sender: Sender
    public let reason: String
    /// What it rests on, such as the address of a test report.
    public let evidence: String?
    public let at: Moment

    public init(
        release: String,
        opening: Int,
        stage: String,
        check: String,
        verdict: Verdict,
        sender: Sender,
        reason: String,
        evidence: String?,
        at: Moment
    ) {
        self.release = release
        self.opening = opening
        self.stage = stage
        self.check = check
        self.verdict = verdict
        self.sender = sender
        self.reason = reason
        self.evidence = evidence
        self.at = at
    }
}

/// Alarms of one account that somebody waits for, and when they are to be looked at next.
public struct AlarmWatch: Hashable, Sendable {
    public let account: String
    /// The alarms' names, sorted.
    public let names: [String]
    public let dueAt: Moment

    public init(account: String, names: [String], dueAt: Moment) {
        self.account = account
        self.names = names
        self.dueAt = dueAt
    }
}

/// A release that an account verified once and may go back to.
public struct Past: Hashable, Sendable {
    public let release: Release
    /// What the account served then, and by which config.
    public let serving: Serving

    public init(release: Release, serving: Serving) {
        self.release = release
        self.serving = serving
    }
}

/// What an account was last seen to serve, verified.
public struct Serving: Hashable, Sendable, Codable {
    public let release: String
    public let models: [String: ModelVersion]
    public let settings: String
    public let config: String
    public let since: Moment
    /// Whether it holds a rejected version and there is nothing to go back to.
    public internal(set) var isStranded: Bool
    /// When AWS says that the endpoint was last changed, as it was last seen; nil where nobody has looked since.
    public internal(set) var modifiedAt: Moment?
    /// The config that is live instead of `config`, where somebody switched the endpoint past Sluice.
    public internal(set) var drift: String?

    public init(
        release: String,
        models: [String: ModelVersion],
        settings: String,
        config: String,
        since: Moment,
        isStranded: Bool = false,
        modifiedAt: Moment? = nil,
        drift: String? = nil
    ) {
        self.release = release
        self.models = models
        self.settings = settings
        self.config = config
        self.since = since
        self.isStranded = isStranded
        self.modifiedAt = modifiedAt
        self.drift = drift
    }
}

/// One line for the journal about something the core decided.
public struct Note: Hashable, Sendable, Codable {
    /// The name of what happened, such as `composed`, `gateOpened` or `ended`.
    public let name: String
    public let release: String?
    public let account: String?
    public let stage: String?
    /// What happened and why, as a sentence.
    public let text: String

    public init(
        _ name: String,
        release: String? = nil,
        account: String? = nil,
        stage: String? = nil,
        _ text: String
    ) {
        self.name = name
        self.release = release
        self.account = account
        self.stage = stage
        self.text = text
    }
}
