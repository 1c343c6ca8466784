import Foundation
import Promotion

/// A release as `releases --json` and `show --json` print it. The names are a contract.
public struct ReleaseView: Codable, Sendable {
    public struct Stage: Codable, Sendable {
        public struct Account: Codable, Sendable {
            public let name: String
            public let state: String
        }

        public let stage: String
        public let state: String
        public let accounts: [Account]
        public let waitingFor: [String]
    }

    public let id: String
    public let number: Int
    public let endpoint: String
    public let state: String
    /// Target model → model package ARN.
    public let models: [String: String]
    /// The accounts that serve it, by name.
    public let serving: [String]
    public let stages: [Stage]
    /// Why it is in its state, in words; beyond the contract.
    public let reason: String?
    public let createdAt: String
    public let endedAt: String?
    /// Present in `show` alone; the approvals and attempts are beyond the contract.
    public var journal: [JournalLine]?
    public var decisions: [DecisionView]?
    public var approvals: [ApprovalView]?
    public var attempts: [AttemptView]?
    /// Where it was verified, as far as other workers have a part in it, and to whom it was handed over.
    public var evidence: [EvidenceView]?
    public var handedOver: [HandoffView]?
}

/// That a release was verified in an account.
public struct EvidenceView: Codable, Sendable {
    /// The account's twelve digits.
    public let account: String
    public let stage: String
    public let verifiedAt: String
    public let checks: [String]
    /// The SenderId of who handed it over; absent where this worker verified it.
    public let sender: String?
}

/// A release that goes on to another account's worker.
public struct HandoffView: Codable, Sendable {
    /// The account's name in the accounts folder.
    public let account: String
    public let stage: String
    public let owedAt: String
    /// When its queue took it; absent until then.
    public let sentAt: String?
    /// What keeps it from being sent.
    public let trouble: String?
}

/// A decision about a version that a release holds, and how it ended.
public struct ApprovalView: Codable, Sendable {
    public let target: String
    public let package: String
    /// The release that carries it or carried it last, which may be another that holds the version too.
    public let release: String?
    /// When the version became acceptable, by the registry's clock, and by whom as far as it says.
    public let decidedAt: String
    public let by: String?
    /// What the registry was last seen to say of the version.
    public let status: String?
    /// Who changed it there last, as far as the registry says.
    public let statusBy: String?
    public let ending: String?
    public let reason: String?
    public let endedAt: String?
}

/// One try at rolling a release out in one account.
public struct AttemptView: Codable, Sendable {
    public let account: String
    public let stage: String
    /// The release it goes to: another one where an account went back from the one that is shown.
    public let release: String
    public let number: Int
    public let state: String
    /// Whether it takes the account back to a release that it verified before, and from which.
    public let rollback: Bool
    public let leaves: String?
    /// The targets whose version it changes.
    public let changes: [String]
    public let config: String?
    public let startedAt: String
    public let verifiedAt: String?
    public let endedAt: String?
    /// Why it is in its state, where there is more to say.
    public let reason: String?
}

/// Something that is not at its end: a release at a gate, or an attempt in an account.
public struct UnderWay: Codable, Sendable, Equatable {
    public let endpoint: String
    public let release: String
    public let number: Int
    public let stage: String
    /// nil for a release at a gate.
    public let account: String?
    /// `waiting` at a gate, otherwise the attempt's step.
    public let state: String
    /// Whether the account goes back to the release.
    public let rollback: Bool
    public let since: String
    public let waitsFor: [String]
    /// When something happens by itself: it is looked at again, or the waiting ends.
    public let until: String?
}

public struct JournalLine: Codable, Sendable {
    public let at: String
    public let kind: String
    public let name: String
    public let account: String?
    public let stage: String?
    public let text: String
}

public struct DecisionView: Codable, Sendable {
    public let action: String
    public let stage: String?
    public let sender: String
    public let reason: String
    public let verdict: String
    public let why: String
    public let at: String

    /// Every name of the contract is there, also where there is no stage.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(action, forKey: .action)
        try container.encode(stage, forKey: .stage)
        try container.encode(sender, forKey: .sender)
        try container.encode(reason, forKey: .reason)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(why, forKey: .why)
        try container.encode(at, forKey: .at)
    }
}

public struct QuarantineView: Codable, Sendable {
    public let id: String
    public let receivedAt: String
    public let sender: String?
    public let reason: String
    public let body: String

    /// Every name of the contract is there, also where SQS named no sender.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(receivedAt, forKey: .receivedAt)
        try container.encode(sender, forKey: .sender)
        try container.encode(reason, forKey: .reason)
        try container.encode(body, forKey: .body)
    }
}

/// An endpoint as `status` prints it.
public struct EndpointView: Codable, Sendable {
    public struct Account: Codable, Sendable {
        public let name: String
        /// The stage through which the release came; beyond the contract.
        public let stage: String?
        public let release: String
        public let since: String
        /// Whether it serves a rejected version and has nothing to go back to; beyond the contract.
        public let stranded: Bool
        /// The config that is live instead, where somebody switched the endpoint past Sluice; beyond the contract.
        public let drift: String?
        /// Target model → model package ARN.
        public let models: [String: String]
    }

    public struct Hold: Codable, Sendable {
        public let stage: String?
        public let by: String
        public let reason: String
        public let at: String
    }

    public struct Bar: Codable, Sendable {
        public let target: String
        public let package: String
        public let reason: String
        public let at: String
    }

    public struct Trouble: Codable, Sendable {
        /// The group, the package or the organizational unit that cannot be read, the account whose alarms cannot,
        /// or the release that cannot be handed over or taken over.
        public let subject: String
        public let sentence: String
    }

    /// An account where the release that was opened last failed, though it passed the stage.
    public struct Shortfall: Codable, Sendable {
        public let release: String
        public let stage: String
        public let account: String
        public let state: String
    }

    /// An account of an organizational unit that is not active, so that nothing is deployed to it.
    public struct LeftOut: Codable, Sendable {
        /// Twelve digits.
        public let account: String
        public let unit: String
        /// Organizations' word for how it is, such as `SUSPENDED`.
        public let state: String
    }

    /// A stage on the way of the release that was opened last.
    public struct Stage: Codable, Sendable {
        public let stage: String
        public let accounts: [String]
    }

    public let endpoint: String
    /// In the order a release goes through them; empty before the first release.
    public let stages: [Stage]
    public let serving: [Account]
    /// The releases that are not at an end.
    public let open: [ReleaseView]
    /// What the open releases do or wait for, and until when.
    public let underWay: [UnderWay]
    /// Where the release that was opened last failed, in stages that it passed.
    public let shortfalls: [Shortfall]
    public let holds: [Hold]
    public let bars: [Bar]
    /// What cannot be read or handed over, and why.
    public let troubles: [Trouble]
    /// The accounts of its organizational units that are not active.
    public let leftOut: [LeftOut]
}
