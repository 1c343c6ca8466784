/// What the next release of an endpoint would change where, and which gates it meets. Nothing is decided
/// or written for it: the core is asked about a copy of the state.
public struct Outlook: Codable, Sendable {
    /// What becomes of the set that should serve next.
    public enum Verdict: String, Codable, Sendable {
        /// The worker composes a release of it as soon as it looks.
        case composes
        /// The worker composes it once the release that rolls in the first stage has left it.
        case folds
        /// A release of it is on its way.
        case underWay
        /// Nothing asks for it but a person's `deploy` or `retry` would.
        case needsPerson
        /// There is nothing to do.
        case nothing
        /// The ledger cannot say yet.
        case unknown
    }

    public struct Stage: Codable, Sendable {
        public let stage: String
        public let accounts: [Account]
        /// Every condition of the stage's gate, in words; empty where the release is past it.
        public let gate: [Condition]
        /// How traffic is moved to it, as SageMaker names it; nil for all at once.
        public let traffic: String?
    }

    public struct Account: Codable, Sendable {
        /// How the settings in force compare with those under which the account serves.
        public enum Settings: String, Codable, Sendable {
            case unchanged, changed
            /// It serves nothing yet.
            case new
        }

        public let name: String
        /// The release that it serves now, if any, and since when.
        public let release: String?
        public let since: String?
        public let changes: [Change]
        public let settings: Settings
    }

    /// A target whose version changes: added where `from` is nil, dropped where `to` is nil. Both are the
    /// same package where only what it is served with changes: its container or its artifact.
    public struct Change: Codable, Sendable {
        public let target: String
        public let from: String?
        public let to: String?
    }

    public struct Condition: Codable, Sendable {
        public let name: String
        public let text: String
        /// Whether it holds now; nil where that is known only once a release is there.
        public let met: Bool?
        /// When that can change by itself.
        public let until: String?
    }

    /// A version that is later than the one chosen, and why it is not the one.
    public struct PassedOver: Codable, Sendable {
        public let target: String
        public let package: String
        public let why: String
        /// Since when it is barred; nil where it is no bar that keeps it back.
        public let at: String?
    }

    public let endpoint: String
    public let verdict: Verdict
    /// The verdict as a sentence.
    public let text: String
    /// The release that the set is or would be, and its number.
    public let release: String?
    public let number: Int?
    /// Target model → model package ARN: the set that should serve next.
    public let models: [String: String]
    public let stages: [Stage]
    public let passedOver: [PassedOver]
}
