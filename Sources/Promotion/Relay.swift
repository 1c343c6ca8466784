/// An account of an endpoint as the workers of other accounts speak of it.
public struct Place: Hashable, Sendable {
    public let stage: String
    /// Its name in the accounts folder.
    public let name: String
    /// Its twelve digits.
    public let account: String
    /// The URL of the queue its own worker polls; nil where the registry's queue is polled for it.
    public let queue: String?
    /// Whether this worker drives it.
    public let isHere: Bool

    public init(stage: String, name: String, account: String, queue: String?, isHere: Bool) {
        self.stage = stage
        self.name = name
        self.account = account
        self.queue = queue
        self.isHere = isHere
    }
}

/// What a stage has to do with the accounts of an endpoint that other workers drive; nothing where one worker
/// drives them all.
public struct Relay: Hashable, Sendable {
    /// Every account of the stages before, in their order, whoever drives it.
    public var before: [Place]
    /// Stage → how many of its accounts may fail, for the stages before.
    public var tolerance: [String: Int]
    /// The accounts of the stage that are driven here.
    public var here: [Place]
    /// The accounts of the next stage that other workers drive, each from a queue of its own.
    public var after: [Place]
    /// The gate of the next stage, where `after` holds any of its accounts.
    public var nextGate: GatePlan?
    /// Account name → who may hand a release over to it; only for accounts that are driven here.
    public var senders: [String: [SenderPattern]]

    public init(
        before: [Place] = [],
        tolerance: [String: Int] = [:],
        here: [Place] = [],
        after: [Place] = [],
        nextGate: GatePlan? = nil,
        senders: [String: [SenderPattern]] = [:]
    ) {
        self.before = before
        self.tolerance = tolerance
        self.here = here
        self.after = after
        self.nextGate = nextGate
        self.senders = senders
    }
}

/// That a release was verified in an account, as the worker that drives it says.
public struct Evidence: Hashable, Sendable, Codable {
    /// The account's twelve digits.
    public let account: String
    public let stage: String
    public let verifiedAt: Moment
    /// What was looked at, a phrase for each thing.
    public let checks: [String]
    /// The SenderId of who handed it over; nil where this worker verified it.
    public internal(set) var sender: String?

    public init(
        account: String,
        stage: String,
        verifiedAt: Moment,
        checks: [String],
        sender: String? = nil
    ) {
        self.account = account
        self.stage = stage
        self.verifiedAt = verifiedAt
        self.checks = checks
        self.sender = sender
    }

    func isOf(_ place: Place) -> Bool { account == place.account && stage == place.stage }

    func isOfSamePlace(as other: Evidence) -> Bool { account == other.account && stage == other.stage }
}

/// A release as one worker hands it over to the one that drives the next stage.
public struct Handoff: Hashable, Sendable, Codable {
    public let release: String
    /// All 64 hex digits of the release's digest.
    public let digest: String
    /// The stage it is handed over to.
    public let stage: String
    public let models: [String: ModelVersion]
    public let evidence: [Evidence]

    public init(
        release: String,
        digest: String,
        stage: String,
        models: [String: ModelVersion],
        evidence: [Evidence]
    ) {
        self.release = release
        self.digest = digest
        self.stage = stage
        self.models = models
        self.evidence = evidence
    }

    /// A hand-off that is owed: to which account, and of which opening of the release.
    public struct Delivery: Hashable, Sendable {
        public let handoff: Handoff
        public let to: Place
        public let opening: Int
    }
}

extension Pin {
    /// Whether both are of the same bytes, as far as both know them. Digests over other parts say nothing of
    /// each other.
    public func agrees(with other: Pin) -> Bool {
        url == other.url && owner == other.owner && versionID == other.versionID && etag == other.etag
            && size == other.size
            && (partSize != other.partSize || sha256 == nil || other.sha256 == nil || sha256 == other.sha256)
    }
}
