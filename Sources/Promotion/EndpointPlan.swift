/// What the accounts folder says of one endpoint, as far as the core decides by it.
public struct EndpointPlan: Hashable, Sendable {
    public let name: String
    /// Target model → model package group.
    public let targets: [String: String]
    /// The image that replaces the packages' own, if any.
    public let image: String?
    /// The stages with accounts that this worker drives, and of each only those accounts.
    public let stages: [StagePlan]
    /// Whether releases are composed here: this worker drives an account of the endpoint's first stage.
    public let composes: Bool
    /// Who may retry, roll back, hold, resume and deploy.
    public let operators: [SenderPattern]
    public let onRejection: OnRejection
    public let onModelFailure: OnModelFailure

    /// What becomes of the accounts that serve a version when the registry rejects it.
    public enum OnRejection: String, Sendable, CaseIterable {
        /// They go back at once to the last release they verified without it.
        case rollback
        /// They stay, their stages are held, and a person decides.
        case hold
    }

    /// What becomes of a release's other models when one fails its check.
    public enum OnModelFailure: String, Sendable, CaseIterable {
        /// The whole release has failed.
        case fail
        /// The rest goes on as the next release, without the one that failed.
        case exclude
    }

    public init(
        name: String,
        targets: [String: String],
        image: String?,
        stages: [StagePlan],
        operators: [SenderPattern],
        onRejection: OnRejection = .rollback,
        onModelFailure: OnModelFailure = .fail,
        composes: Bool = true
    ) {
        self.name = name
        self.targets = targets
        self.image = image
        self.stages = stages
        self.operators = operators
        self.onRejection = onRejection
        self.onModelFailure = onModelFailure
        self.composes = composes
    }

    public func stage(_ name: String) -> StagePlan? { stages.first { $0.name == name } }

    /// A stage with those of its accounts alone that it had when a release was opened: one that has joined since
    /// is no reason to ask people again.
    public func stage(_ name: String, for release: Release) -> StagePlan? {
        guard var stage = stage(name) else { return nil }
        let accounts = release.course.filter { $0.stage == name }.flatMap(\.accounts)
        stage.accounts = stage.accounts.filter { accounts.contains($0.key) }
        return stage
    }

    /// The stage that a release comes to after another, and its gate; nil after its last.
    public func stage(after name: String, on release: Release) -> (name: String, gate: GatePlan)? {
        if let relay = stage(name)?.relay, let next = relay.after.first, let gate = relay.nextGate {
            return (next.stage, gate)
        }
        return release.course.drop { $0.stage != name }.dropFirst().first.flatMap { stage($0.stage) }
            .map { ($0.name, $0.gate) }
    }

    /// Whether other workers drive accounts of it too.
    public var isShared: Bool { stages.contains { $0.relay != Relay() } }

    /// Whether what is verified here goes on to accounts that other workers drive.
    public var handsOver: Bool { stages.contains { !$0.relay.after.isEmpty } }

    /// Which approval statuses make a version eligible for a release at all: those of the first stage.
    public var accepts: Set<ApprovalStatus> { stages.first?.accepts ?? [] }
}

/// One stage of an endpoint: where it is, what it accepts and what its gate asks for.
public struct StagePlan: Hashable, Sendable {
    public let name: String
    /// Account name → digest of the settings in force for the endpoint there; those driven here alone.
    public internal(set) var accounts: [String: String]
    public let accepts: Set<ApprovalStatus>
    public let soak: Duration
    /// How long after its verification upstream a release may enter at the earliest.
    public let lag: Duration
    /// How traffic is moved to a new config, as SageMaker names it; nil where it is all at once.
    public let traffic: String?
    public let gate: GatePlan
    /// How many accounts a release enters at a time; nil for all at once.
    public let concurrency: Int?
    /// How many accounts may fail before the release does.
    public let failureTolerance: Int
    /// What it has to do with accounts that other workers drive.
    public let relay: Relay

    public init(
        name: String,
        accounts: [String: String],
        accepts: Set<ApprovalStatus>,
        soak: Duration,
        lag: Duration = .zero,
        traffic: String? = nil,
        gate: GatePlan = GatePlan(),
        concurrency: Int? = nil,
        failureTolerance: Int = 0,
        relay: Relay = Relay()
    ) {
        self.name = name
        self.accounts = accounts
        self.accepts = accepts
        self.soak = soak
        self.lag = lag
        self.traffic = traffic
        self.gate = gate
        self.concurrency = concurrency
        self.failureTolerance = failureTolerance
        self.relay = relay
    }

    var stop: Release.Stop { Release.Stop(stage: name, accounts: accounts.keys.sorted()) }

    /// The digests of all its accounts in one text: an approval given under other settings
    /// has other ones for them, and is void.
    public var settings: String {
        accounts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
}

/// What a stage's gate asks for besides what every gate does.
public struct GatePlan: Hashable, Sendable {
    /// How many distinct people must approve; 0 promotes by itself once the rest holds.
    public var approvals: Int
    public var approvers: [SenderPattern]
    /// The ids of roles whose session names tell people apart (`AROA…`, without a session).
    public var namedSessions: Set<String>
    /// Of the approvals at least one must come from these; empty where anyone will do.
    public var requiredGroup: [SenderPattern]
    /// Whether whoever asked for the release (approved a version, or posted `deploy` or `retry`) may not
    /// approve it here.
    public var notRequester: Bool
    /// What an approver has to look at, shown with what the release waits for.
    public var instructions: String?
    /// How often whoever is awaited is reminded; nil for never.
    public var remindEvery: Duration?
    /// How long a release may wait for people, checks, alarms and windows.
    public var expires: Duration
    /// CloudWatch alarms that have to be quiet in the accounts soaking and in those entered.
    public var alarms: [String]
    public var insufficientData: InsufficientData
    public var windows: Windows?
    /// Who may promote past the gate in an emergency.
    public var mayOverride: [SenderPattern]
    /// The team's own checks, answered by `attest` messages.
    public var checks: [CheckPlan]

    /// How long a release waits where nothing else is said.
    public static let expiresByDefault = Duration.seconds(7 * 24 * 3600)

    /// What an alarm without data counts as.
    public enum InsufficientData: String, Sendable, CaseIterable {
        case inconclusive, ok, alarm
    }

    public init(
        approvals: Int = 0,
        approvers: [SenderPattern] = [],
        namedSessions: Set<String> = [],
        requiredGroup: [SenderPattern] = [],
        notRequester: Bool = false,
        instructions: String? = nil,
        remindEvery: Duration? = nil,
        expires: Duration = GatePlan.expiresByDefault,
        alarms: [String] = [],
        insufficientData: InsufficientData = .inconclusive,
        windows: Windows? = nil,
        mayOverride: [SenderPattern] = [],
        checks: [CheckPlan] = []
    ) {
        self.approvals = approvals
        self.approvers = approvers
        self.namedSessions = namedSessions
        self.requiredGroup = requiredGroup
        self.notRequester = notRequester
        self.instructions = instructions
        self.remindEvery = remindEvery
        self.expires = expires
        self.alarms = alarms
        self.insufficientData = insufficientData
        self.windows = windows
        self.mayOverride = mayOverride
        self.checks = checks
    }
}

/// A check of the team's own, such as an integration test in CI, that a gate waits for.
public struct CheckPlan: Hashable, Sendable {
    public let name: String
    /// Who may attest to it.
    public let senders: [SenderPattern]

    public init(name: String, senders: [SenderPattern]) {
        self.name = name
        self.senders = senders
    }
}
