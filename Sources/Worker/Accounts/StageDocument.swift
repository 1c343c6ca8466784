public import Promotion

/// One of an endpoint's `stages`, with the accounts in it and the settings in force there.
public struct StageDocument: Hashable, Sendable {
    /// The stage's name, which account documents give in their `stage`.
    public var name: String
    /// The accounts it deploys to, in order of their names: those it names, or else all of the stage.
    public var accounts: [AccountDocument]
    /// The approval statuses it accepts. Default: `Approved` alone.
    public var accepts: Set<Acceptable>
    /// How long a release must have served here before it may go on. Default: no time at all.
    public var soak: Duration
    /// How long after its verification upstream a release may enter at the earliest. Default: at once.
    public var lag: Duration
    /// The endpoint's variant, with this stage's own keys over it.
    public var variant: VariantDocument
    /// What a release needs before it enters the stage. Default: nothing from people.
    public var gate: GatePlan
    /// How many accounts a release enters at a time. Default: all of them.
    public var concurrency: Int?
    /// How many accounts may fail before the release does. Default: none.
    public var failureTolerance: Int
    /// How traffic moves to a new fleet. Default: SageMaker's own, all at once and unwatched.
    public var traffic: TrafficDocument?

    public init(
        name: String,
        accounts: [AccountDocument],
        accepts: Set<Acceptable> = [.approved],
        soak: Duration = .zero,
        lag: Duration = .zero,
        variant: VariantDocument,
        gate: GatePlan = GatePlan(),
        concurrency: Int? = nil,
        failureTolerance: Int = 0,
        traffic: TrafficDocument? = nil
    ) {
        self.name = name
        self.accounts = accounts
        self.accepts = accepts
        self.soak = soak
        self.lag = lag
        self.variant = variant
        self.gate = gate
        self.concurrency = concurrency
        self.failureTolerance = failureTolerance
        self.traffic = traffic
    }

    /// An approval status of the registry that a stage may accept, spelled as SageMaker spells it.
    public enum Acceptable: String, Hashable, Sendable, CaseIterable {
        case approved = "Approved"
        case pendingManualApproval = "PendingManualApproval"
    }
}
