import AWS

/// One statement of an IAM policy, with the reason it is there.
///
/// It encodes as IAM writes it, without the reason, for which IAM's language has no place.
public struct Statement: Hashable, Sendable {
    public var sid: String
    /// In order of their names.
    public var actions: [String]
    /// ARNs; none in a trust policy, which is about the role that has it.
    public var resources: [String]
    /// Operator → key → values; all of them have to hold.
    public var condition: [String: [String: [String]]]
    /// Whom a policy of a resource or a role's trust policy is about; nil in a policy of a role.
    public var principal: Principal?
    /// Why it is there, as one sentence.
    public var reason: String

    public enum Principal: Hashable, Sendable {
        case roles([String])
        case accounts([String])
        case service(String)
    }

    init(
        _ sid: String,
        _ actions: [String],
        on resources: [String],
        condition: [String: [String: [String]]] = [:],
        principal: Principal? = nil,
        because reason: String
    ) {
        self.sid = sid
        self.actions = Set(actions).sorted()
        self.resources = resources.unique
        self.condition = condition
        self.principal = principal
        self.reason = reason
    }
}

extension [AWSOperation] {
    /// The actions that calls of these operations need on such resources.
    func actions(on kinds: Need.Resource...) -> [String] {
        flatMap(\.needs).filter { kinds.contains($0.resource) }.map(\.action)
    }
}

extension Array where Element: Hashable {
    /// Each element once, where it stood first.
    var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Statement: Encodable {
    private enum CodingKeys: String, CodingKey {
        case sid = "Sid"
        case effect = "Effect"
        case principal = "Principal"
        case actions = "Action"
        case resources = "Resource"
        case condition = "Condition"
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(sid, forKey: .sid)
        try values.encode("Allow", forKey: .effect)
        try values.encodeIfPresent(principal, forKey: .principal)
        try values.encode(actions, forKey: .actions)
        if !resources.isEmpty { try values.encode(resources, forKey: .resources) }
        if !condition.isEmpty { try values.encode(condition, forKey: .condition) }
    }
}

extension Statement.Principal: Encodable, CustomStringConvertible {
    public var description: String {
        switch self {
        case .roles(let roles): roles.joined(separator: ", ")
        case .accounts(let accounts): accounts.map { "account \($0)" }.joined(separator: ", ")
        case .service(let service): service
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .roles(let roles): try container.encode(["AWS": roles])
        case .accounts(let accounts):
            try container.encode(["AWS": accounts.map { "arn:aws:iam::\($0):root" }])
        case .service(let service): try container.encode(["Service": service])
        }
    }
}

/// A policy document as IAM reads it.
public struct PolicyDocument: Hashable, Sendable, Encodable {
    public var statements: [Statement]

    public init(_ statements: [Statement]) {
        self.statements = statements
    }

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case statements = "Statement"
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode("2012-10-17", forKey: .version)
        try values.encode(statements, forKey: .statements)
    }
}
