/// What the accounts folder says of one endpoint, as far as the core decides by it.
public struct EndpointPlan: Hashable, Sendable {
    public let name: String
    /// Target model → model package group.
    public let targets: [String: String]
    /// The image that replaces the packages' own, if any.
    public let image: String?
    public let stages: [StagePlan]
    /// Who may retry, roll back, hold, resume and deploy.
    public let operators: [SenderPattern]

    public init(
        name: String,
        targets: [String: String],
        image: String?,
        stages: [StagePlan],
        operators: [SenderPattern]
    ) {
        self.name = name
        self.targets = targets
        self.image = image
        self.stages = stages
        self.operators = operators
    }

    func stage(_ name: String) -> StagePlan? { stages.first { $0.name == name } }

    /// Which approval statuses make a version eligible for a release at all: those of the first stage.
    public var accepts: Set<ApprovalStatus> { stages.first?.accepts ?? [] }
}

/// One stage of an endpoint: where it is, what it accepts and what its gate asks for.
public struct StagePlan: Hashable, Sendable {
    public let name: String
    /// Account name → digest of the settings in force for the endpoint there.
    public let accounts: [String: String]
    public let accepts: Set<ApprovalStatus>
    public let soak: Duration
    /// How many distinct people must approve; 0 promotes by itself once the rest holds.
    public let approvals: Int
    public let approvers: [SenderPattern]
    /// How long a release may wait for people.
    public let expires: Duration

    public init(
        name: String,
        accounts: [String: String],
        accepts: Set<ApprovalStatus>,
        soak: Duration,
        approvals: Int,
        approvers: [SenderPattern],
        expires: Duration
    ) {
        self.name = name
        self.accounts = accounts
        self.accepts = accepts
        self.soak = soak
        self.approvals = approvals
        self.approvers = approvers
        self.expires = expires
    }

    var stop: Release.Stop { Release.Stop(stage: name, accounts: accounts.keys.sorted()) }

    /// The digests of every account of the stage in one text: an approval given under other settings
    /// has another one, and is void.
    public var settings: String {
        accounts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
}
