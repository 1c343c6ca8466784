import AWS

/// Every permission that a rollout of an accounts folder needs, by who needs it.
///
/// The actions come from the table of operations that the code calls, so a policy cannot fall behind it.
public struct Permissions: Hashable, Sendable {
    public let roles: [RolePermissions]
    public let resources: [ResourcePolicy]

    /// - Parameters:
    ///   - worker: The ARN of the role that the worker runs as.
    ///   - artifacts: Where the registry's packages have their artifacts. Without any, what may be read is
    ///     bounded by the accounts in `artifactOwners` alone.
    public init(_ folder: AccountsFolder, worker: String? = nil, artifacts: [S3Prefix] = []) {
        let worker = worker ?? folder.registry.workerNames.role(Self.workerByDefault)
        let sources = ArtifactSources(owners: folder.registry.artifactOwners, prefixes: artifacts)
        let deployments = folder.deployments(artifacts: sources)
        let trust = TrustPolicy(worker: worker)
        let own = folder.workerStatements + (folder.registry.role == nil ? folder.registryStatements : [])
        let unassumed = deployments.filter { $0.account.role == nil }

        var roles = [
            RolePermissions(
                who: "worker",
                arn: worker,
                statements: own + unassumed.flatMap { $0.statements(among: unassumed.count) },
                optional: folder.workerLooks(worker)
                    + unassumed.flatMap { $0.looks(as: worker, among: unassumed.count) }
            )
        ]
        if let role = folder.registry.role {
            roles.append(
                RolePermissions(
                    who: "registry",
                    arn: role,
                    statements: folder.registryStatements,
                    optional: folder.ruleLooks + [.simulation(of: [role])],
                    trust: trust.assumable(folder.registry.externalId)
                )
            )
        }
        let assumed = Dictionary(grouping: deployments.filter { $0.account.role != nil }) { $0.account.role }
        for (role, deployments) in assumed.sorted(by: { ($0.key ?? "") < ($1.key ?? "") }) {
            guard let role else { continue }
            roles.append(
                RolePermissions(
                    who: deployments.map(\.account.name).joined(separator: ", "),
                    arn: role,
                    statements: deployments.flatMap { $0.statements(among: deployments.count) },
                    optional: deployments.flatMap { $0.looks(as: role, among: deployments.count) },
                    trust: trust.assumable(deployments[0].account.externalId)
                )
            )
        }
        roles += folder.executionRoles
        roles.append(folder.people)
        self.roles = roles
        resources = folder.resourcePolicies(worker: worker, artifacts: artifacts)
    }

    /// The name of the worker's role where nobody says another.
    static let workerByDefault = "sluice-worker"

    /// The role that has this ARN.
    public func role(_ arn: String) -> RolePermissions? {
        roles.first { $0.arn == arn }
    }
}

/// What one role has to be allowed, and who has to be allowed to assume it.
public struct RolePermissions: Hashable, Sendable {
    /// `worker`, `registry`, the names of deployment accounts, `execution role of` those, or `people`.
    public let who: String
    /// The role's ARN; nil for people, who have roles of their own.
    public let arn: String?
    public let statements: [Statement]
    /// What `sluice doctor` looks with besides; without them it says what it could not look at.
    public let optional: [Statement]
    /// Its trust policy; nil where that is for whoever runs the worker, or people, to say.
    public var trust: [Statement]?

    init(
        who: String,
        arn: String?,
        statements: [Statement],
        optional: [Statement] = [],
        trust: [Statement]? = nil
    ) {
        self.who = who
        self.arn = arn
        self.statements = statements
        self.optional = optional
        self.trust = trust
    }
}

/// The policy that a queue, a bucket or a model package group has to have.
public struct ResourcePolicy: Hashable, Sendable {
    /// What it is, such as `queue sluice`.
    public let what: String
    /// The twelve digits of the account it is in; nil where the accounts folder does not say.
    public let account: String?
    public let statements: [Statement]
}

/// Where artifacts may be read from.
struct ArtifactSources: Hashable {
    let owners: [String]
    let prefixes: [S3Prefix]

    func objects(_ names: ResourceNames) -> [String] {
        prefixes.isEmpty ? [names.bucket("*/*")] : prefixes.map(names.objects)
    }

    func buckets(_ names: ResourceNames) -> [String] {
        prefixes.isEmpty ? [names.bucket("*")] : prefixes.map { names.bucket($0.bucket) }
    }

    var condition: [String: [String: [String]]] {
        ["StringEquals": ["aws:ResourceAccount": owners]]
    }
}

struct TrustPolicy {
    let worker: String

    func assumable(_ externalID: String?) -> [Statement] {
        [
            Statement(
                "Worker",
                [AWSOperation.assumeRole].actions(on: .role),
                on: [],
                condition: externalID.map { ["StringEquals": ["sts:ExternalId": [$0]]] } ?? [:],
                principal: .roles([worker]),
                because: "The worker assumes the role"
                    + (externalID == nil ? "." : ", and only for who gave it this external id.")
            )
        ]
    }
}
