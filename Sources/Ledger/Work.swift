import Native
public import Promotion

/// An attempt by name, and the claim under which somebody works on it.
public struct AttemptClaim: Hashable, Sendable {
    public let release: String
    public let account: String
    public let number: Int
    public let term: Int64
}

/// One effect to perform, with everything the ledger knows that is needed for it.
public struct Work: Sendable {
    public let claim: AttemptClaim
    public let attempt: Attempt
    public let release: Release
    public let effect: Attempt.Effect
    /// The digest of the settings under which the account serves what it serves, if it serves anything.
    public let servedSettings: String?
    /// Whether the effect was begun before without a recorded outcome: it may have happened already.
    public let isRepeated: Bool
    /// The packages of the release, as last seen, by ARN.
    public let packages: [String: PackageSight]
    /// The pins of the release's packages, by ARN.
    public let pins: [String: Pin]
    /// What the release already has in the account, by target.
    public let copies: [String: ArtifactCopy]
    /// What the release before has in the account, by target.
    public let baseCopies: [String: ArtifactCopy]
}

/// An artifact under a release's own prefix in an account.
public struct ArtifactCopy: Hashable, Sendable {
    public let target: String
    public let url: String
    public let versionID: String?
    public let etag: String
    /// As `Pin.sha256`.
    public let sha256: String

    public init(target: String, url: String, versionID: String?, etag: String, sha256: String) {
        self.target = target
        self.url = url
        self.versionID = versionID
        self.etag = etag
        self.sha256 = sha256
    }
}

/// A package to be looked at in the registry.
public struct Look: Hashable, Sendable {
    public let package: String
    public let group: String
    public let asked: Int64
    public let failures: Int
}

/// Something that was learned on the way, true whatever became of the effect.
public enum Fact: Sendable {
    case package(PackageSight)
    case pin(package: String, Pin)
    case copy(ArtifactCopy)
}

/// What became of something the worker did.
public enum Outcome: Sendable {
    case attempt(AttemptClaim, [Fact], Attempt.Event)
    case looked(Look, PackageSight)
    case lookFailed(Look, Failure)
    case alarmsSeen(AlarmLook, [AlarmSight])
    case alarmsNotSeen(AlarmLook, Failure)
}

/// What one turn of the conductor hands out.
public struct Turn: Sendable {
    public let work: [Work]
    public let looks: [Look]
    public let alarmLooks: [AlarmLook]
    /// When the next thing is due, if nothing happens before.
    public let nextDue: Moment?
}
