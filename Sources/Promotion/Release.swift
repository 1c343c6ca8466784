/// An immutable set {target model → model version} for one endpoint: a snapshot of everything it
/// serves. A set that was released before and is wanted again is the same release, opened once more.
public struct Release: Hashable, Sendable, Codable {
    public enum State: String, Sendable, Codable, CaseIterable {
        /// At the gate of its stage.
        ///
        /// Exits: the gate opens → `rolling`; nobody approves in time, or a person says no → `refused`;
        /// a version it holds is withdrawn → `aborted`, or is barred meanwhile → `failed`; a newer release
        /// reaches the gate → `superseded`.
        case waiting
        /// Attempts are under way in its stage.
        ///
        /// Exits: verified in every account of the stage → `waiting` at the next gate, or `released`
        /// after the last stage; otherwise the worst ending of its attempts: `failed`, `errored` or
        /// `aborted`.
        case rolling
        /// Verified in its last stage. Exits: wanted again → `waiting`; an account goes back from it →
        /// `aborted`.
        case released
        /// A check said no. Exit: retried → `waiting`.
        case failed
        /// The retry budget is spent. Exit: retried → `waiting`.
        case errored
        /// A person said no, or nobody said yes in time. Exit: retried → `waiting`.
        case refused
        /// Withdrawn in the registry, or rolled back by a person. Exits: approved once more, or retried →
        /// `waiting`.
        case aborted
        /// A newer release took its place. Exits: wanted again → `waiting`; an account that serves it goes
        /// back from it → `aborted`.
        case superseded

        /// Where a release can go from here; the README's diagram shows the same edges.
        public var exits: Set<State> {
            switch self {
            case .waiting: [.rolling, .failed, .refused, .aborted, .superseded]
            case .rolling: [.waiting, .released, .failed, .errored, .aborted]
            case .released, .superseded: [.waiting, .aborted]
            case .failed, .errored, .refused, .aborted: [.waiting]
            }
        }

        public var ending: Ending? { Ending(rawValue: rawValue) }

        init(_ ending: Ending) {
            self =
                switch ending {
                case .released: .released
                case .failed: .failed
                case .errored: .errored
                case .refused: .refused
                case .aborted: .aborted
                case .superseded: .superseded
                }
        }
    }

    /// Something that a release waits for at a gate.
    public struct Waiting: Hashable, Sendable, Codable {
        public let text: String
        /// When it is over by itself, or when the waiting ends.
        public let until: Moment?
    }

    /// One stage on a release's way, with the accounts it had when the release was opened.
    public struct Stop: Hashable, Sendable, Codable {
        public let stage: String
        public let accounts: [String]

        public init(stage: String, accounts: [String]) {
            self.stage = stage
            self.accounts = accounts
        }
    }

    /// `<endpoint>.<ten hex digits of the digest>`.
    public let id: String
    public let endpoint: String
    /// The SHA-256 of `identity(endpoint:models:)`, all 64 hex digits.
    public let digest: String
    /// Counts the releases of the endpoint in order of creation, from 1.
    public let number: Int
    /// Counts the openings of releases of the endpoint, from 1: the larger, the newer.
    public internal(set) var opening: Int
    public let models: [String: ModelVersion]
    /// The stages in order.
    public internal(set) var course: [Stop]
    /// Which of `course` the release waits at, rolls in or ended in.
    public internal(set) var position: Int
    public internal(set) var state: State
    /// Why it is in that state, where there is more to say than the state's name.
    public internal(set) var reason: String?
    public let createdAt: Moment
    public internal(set) var openedAt: Moment
    /// When it reached the gate where it waits; the expiry clock runs from here.
    public internal(set) var waitingSince: Moment?
    /// What the gate waits for, as last seen.
    public internal(set) var waitingFor: [Waiting]
    public internal(set) var endedAt: Moment?
    /// Account name → digest of the settings under which it was let into the stage that it rolls in.
    public internal(set) var enteredUnder: [String: String]?
    /// When whoever it waits for was last reminded.
    public internal(set) var remindedAt: Moment?
    /// The SenderId of who asked for this opening by a message, if somebody did.
    public internal(set) var requestedBy: String?
    /// The accounts that went back from it to another release.
    public internal(set) var rolledBack: Set<String> = []

    /// The text whose SHA-256 identifies a release: the endpoint's name and, sorted by target, each
    /// target with its package, image and artifact. Lengths go before the values, so that no two
    /// different sets share a text.
    public static func identity(endpoint: String, models: [String: ModelVersion]) -> String {
        var text = ""
        func add(_ value: String) { text += "\(value.utf8.count):\(value)," }
        add(endpoint)
        for (target, version) in models.sorted(by: { $0.key < $1.key }) {
            add(target)
            add(version.package)
            add(version.image)
            add(version.artifact)
        }
        return text
    }

    /// A release that is composed for the first time, at the gate of its first stage.
    init(
        endpoint: String,
        digest: String,
        number: Int,
        opening: Int,
        models: [String: ModelVersion],
        course: [Stop],
        now: Moment
    ) {
        self.id = "\(endpoint).\(digest.prefix(10))"
        self.endpoint = endpoint
        self.digest = digest
        self.number = number
        self.opening = opening
        self.models = models
        self.course = course
        position = 0
        state = .waiting
        createdAt = now
        openedAt = now
        waitingSince = now
        waitingFor = []
    }

    public var stop: Stop { course[position] }
    public var isOpen: Bool { state.ending == nil }

    /// Puts the release at a gate once more, that of its first stage unless another is said.
    mutating func open(opening: Int, course: [Stop], at position: Int = 0, reason: String, now: Moment) {
        self.opening = opening
        self.course = course
        self.position = position
        openedAt = now
        endedAt = nil
        rolledBack = []
        wait(now: now)
        self.reason = reason
    }

    mutating func wait(now: Moment) {
        state = .waiting
        waitingSince = now
        waitingFor = []
        remindedAt = nil
        reason = nil
    }

    mutating func end(_ ending: Ending, because reason: String, now: Moment) {
        state = State(ending)
        self.reason = reason
        endedAt = now
        waitingSince = nil
        waitingFor = []
    }
}
