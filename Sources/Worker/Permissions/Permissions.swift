import AWS

/// Every permission that a rollout of an accounts folder needs, by who needs it.
///
/// The actions come from the table of operations that the code calls, so a policy cannot fall behind it.
public struct Permissions: Hashable, Sendable {
    public let roles: [RolePermissions]
    public let resources: [ResourcePolicy]

    /// - Parameters:
    ///   - workers: The ARNs of the roles that the workers run as; each is for the worker whose queue is in its
    ///     account.
    ///   - artifacts: Where the registry's packages have their artifacts. Without any, what may be read is
    ///     bounded by the accounts in `artifactOwners` alone.
    public init(_ folder: AccountsFolder, workers: [String] = [], artifacts: [S3Prefix] = []) {
        self.init(folder, folder.workers(as: workers), artifacts)
    }

    /// - Parameter workers: Who drives what; the first of them comes first.
    init(_ folder: AccountsFolder, _ workers: [WorkerPlan], _ artifacts: [S3Prefix]) {
        let sources = ArtifactSources(owners: folder.registry.artifactOwners, prefixes: artifacts)
        let deployments = folder.deployments(artifacts: sources)
        var roles = workers.map { worker in
            let unassumed = deployments.filter { worker.drives($0.account) && $0.account.role == nil }
            return RolePermissions(
                who: worker.who,
                arn: worker.arn,
                statements: folder.statements(of: worker)
                    + unassumed.flatMap { $0.statements(among: unassumed.count) },
                optional: folder.looks(of: worker)
                    + unassumed.flatMap { $0.looks(as: worker.arn, among: unassumed.count) }
            )
        }
        if let role = folder.registry.role {
            roles.append(
                RolePermissions(
                    who: "registry",
                    arn: role,
                    statements: folder.registryStatements,
                    optional: folder.ruleLooks + [.simulation(of: [role])],
                    trust: .assumable(by: workers.map(\.arn), folder.registry.externalId)
                )
            )
        }
        let assumed = Dictionary(grouping: deployments.filter { $0.account.role != nil }) { $0.account.role }
        for (role, deployments) in assumed.sorted(by: { ($0.key ?? "") < ($1.key ?? "") }) {
            guard let role else { continue }
            let drivers = workers.filter { worker in deployments.contains { worker.drives($0.account) } }
            roles.append(
                RolePermissions(
                    who: deployments.map(\.account.name).joined(separator: ", "),
                    arn: role,
                    statements: deployments.flatMap { $0.statements(among: deployments.count) },
                    optional: deployments.flatMap { $0.looks(as: role, among: deployments.count) },
                    trust: .assumable(by: drivers.map(\.arn), deployments[0].account.externalId)
                )
            )
        }
        roles += folder.executionRoles
        roles.append(folder.people)
        self.roles = roles
        resources = folder.resourcePolicies(workers, artifacts)
    }

    /// The role that has this ARN.
    public func role(_ arn: String) -> RolePermissions? {
        roles.first { $0.arn == arn }
    }
}

/// What one role has to be allowed, and who has to be allowed to assume it.
public struct RolePermissions: Hashable, Sendable {
    /// `worker`, `worker of` accounts with a queue, `registry`, the names of deployment accounts, `execution role of`
    /// those, or `people`.
    public let who: String
    /// The role's ARN; nil for people, who have roles of their own.
    public let arn: String?
    public let statements: [Statement]
    /// What `sluice doctor` looks with besides, without which it says what it could not look at, and what
    /// `sluice teardown` lists with.
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

extension [Statement] {
    /// A role's trust policy.
    fileprivate static func assumable(by workers: [String], _ externalID: String?) -> [Statement] {
        [
            Statement(
                "Worker",
                [AWSOperation.assumeRole].actions(on: .role),
                on: [],
                condition: externalID.map { ["StringEquals": ["sts:ExternalId": [$0]]] } ?? [:],
                principal: .roles(workers),
                because: "The worker assumes the role"
                    + (externalID == nil ? "." : ", and only for who gave it this external id.")
            )
        ]
    }
}
