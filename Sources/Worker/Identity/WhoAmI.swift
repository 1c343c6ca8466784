public import AWS
public import Promotion

/// Whom a queue takes somebody for, and what that sender may do by an accounts folder.
public struct WhoAmI: Sendable, Equatable {
    /// What AWS calls such a principal.
    public enum Kind: String, Sendable, Encodable {
        case user
        case role
        /// The account's owner, whom no pattern names.
        case root
        /// A federated user of STS's own, whom no pattern names.
        case federated
    }

    /// Twelve digits.
    public let account: String
    public let arn: String
    /// What SQS shows as the `SenderId` of what they send: the `UserId` of GetCallerIdentity.
    public let sender: Sender
    public let kind: Kind

    public init(_ identity: CallerIdentity) {
        account = identity.account
        arn = identity.arn
        sender = Sender(identity.userID)
        kind =
            if identity.arn.hasSuffix(":root") {
                .root
            } else if identity.userID.hasPrefix("AROA") {
                .role
            } else if identity.userID.hasPrefix("AIDA") {
                .user
            } else {
                .federated
            }
    }

    /// What to write into `approvers` and the like; nil where nothing can be.
    public var pattern: SenderPattern? {
        try? SenderPattern(kind == .role ? "\(sender.person):*" : sender.id)
    }

    /// The pattern of this session of the role alone.
    public var sessionPattern: SenderPattern? {
        kind == .role ? try? SenderPattern(sender.id) : nil
    }

    /// Whether IAM Identity Center made the role: then it names the sessions after its users.
    public var isOfIdentityCenter: Bool { arn.contains(":assumed-role/AWSReservedSSO_") }

    /// The same for people, a line each.
    public var lines: [String] {
        var lines = [
            "account  \(account)",
            "arn      \(arn)",
            "sender   \(sender)  (what SQS shows as the SenderId of a message from this shell)",
        ]
        switch kind {
        case .user:
            lines.append("pattern  \(sender)  (for `approvers`, `operators` and the like: this user)")
        case .role:
            lines.append(
                "pattern  \(sender.person):*  (every session of the role; all of them are one person)"
            )
            if let sessionPattern {
                lines.append("         \(sessionPattern)  (the sessions of this name alone)")
            }
            lines.append(
                isOfIdentityCenter
                    ? "IAM Identity Center names the sessions of this role after its users: with "
                        + "`namedSessions: [\"\(sender.person)\"]` each of them is a person of their own."
                    : "Where the role's trust policy fixes sts:RoleSessionName, `namedSessions: "
                        + "[\"\(sender.person)\"]` makes each session a person of its own."
            )
        case .root:
            lines.append(
                "This is the root user of the account. No pattern can name it, so nobody may decide anything "
                    + "as it: use a user (AIDA…) or a role (AROA…)."
            )
        case .federated:
            lines.append(
                "This is neither a user (AIDA…) nor a session of a role (AROA…). No pattern can name it, so "
                    + "what it decides is refused: assume a role."
            )
        }
        return lines
    }
}

/// One thing that the accounts folder lets a sender do.
public struct SenderRight: Sendable, Hashable, Encodable {
    public enum May: String, Sendable, Encodable {
        case approve
        case attest
        case handOver
        case operate
        case override
    }

    public let may: May
    /// Nil for what is of an account.
    public let endpoint: String?
    /// Nil for what is not of one stage.
    public let stage: String?
    /// Which check may be attested to.
    public let check: String?
    /// The account with a worker of its own that may be handed over to.
    public let account: String?
    /// The pattern that names the sender.
    public let pattern: String

    /// The same for people.
    public var text: String {
        let place = [endpoint, stage].compactMap(\.self).joined(separator: ", ")
        let what =
            switch may {
            case .approve: "promote and reject"
            case .attest: "attest to check \(check ?? "")"
            case .handOver: "hand releases over to account \(account ?? "")"
            case .operate: "retry, roll back, hold, resume and deploy"
            case .override: "promote past the gate in an emergency"
            }
        return "\(place.isEmpty ? "" : "\(place): ")\(what) (as \(pattern))"
    }
}

extension AccountsFolder {
    /// Everything the folder lets a sender do, in the order of its endpoints and stages.
    public func rights(of sender: Sender) -> [SenderRight] {
        let handingOver = accounts.compactMap { account in
            right(.handOver, of: sender, account.upstream, account: account.name)
        }
        return endpoints.flatMap { endpoint in
            endpoint.stages.flatMap { stage in
                let gate = stage.gate
                return [
                    right(.approve, of: sender, gate.approvers, endpoint.name, stage.name),
                    right(.override, of: sender, gate.mayOverride, endpoint.name, stage.name),
                ].compactMap(\.self)
                    + gate.checks.compactMap { check in
                        right(
                            .attest,
                            of: sender,
                            check.senders,
                            endpoint.name,
                            stage.name,
                            check: check.name
                        )
                    }
            } + [right(.operate, of: sender, endpoint.operators, endpoint.name)].compactMap(\.self)
        } + handingOver
    }

    private func right(
        _ may: SenderRight.May,
        of sender: Sender,
        _ patterns: [SenderPattern],
        _ endpoint: String? = nil,
        _ stage: String? = nil,
        check: String? = nil,
        account: String? = nil
    ) -> SenderRight? {
        guard let pattern = patterns.first(where: { $0.matches(sender) }) else { return nil }
        return SenderRight(
            may: may,
            endpoint: endpoint,
            stage: stage,
            check: check,
            account: account,
            pattern: pattern.text
        )
    }
}
