public import AWS
import Foundation
public import Native

/// Looks, with the worker's own credentials and changing nothing, at everything a rollout of an accounts folder
/// will need, and says all that is missing at once.
public struct Doctor: Sendable {
    /// How much is looked at at a time.
    private static let breadth = 8

    private let settings: Settings
    private let environment: AWSEnvironment
    private let http: any HTTPSender
    private let base: any CredentialProvider
    private let clock: ServerClock

    /// - Parameter settings: Which accounts are looked at: those that the worker drives.
    public init(
        _ settings: Settings,
        environment: AWSEnvironment,
        http: any HTTPSender,
        base: any CredentialProvider
    ) {
        self.settings = settings
        self.environment = environment
        self.http = http
        self.base = base
        clock = ServerClock()
    }

    private var folder: AccountsFolder { settings.folder }

    /// Everything that was found: the worker's and the registry's first, then account by account.
    ///
    /// Throws `CancellationError`.
    public func examine() async throws -> [Finding] {
        let own = client(base, nil, folder.registry.region)
        let identity: CallerIdentity
        switch try await see({ try await STS(own).callerIdentity() }) {
        case .success(let found): identity = found
        case .failure(let error):
            let fix =
                "give the worker credentials, in any way that AWS's SDKs find them; nothing else was looked at"
            return [.missing("worker", "identity", "\(error)", fix: fix)]
        }
        let workers = self.workers(as: Self.principal(identity.arn))
        let worker = Permissions(folder, workers, []).roles[0]
        let roles = RoleCheck(own: own, worker: worker) { credentials, account, region in
            client(StaticCredentials(credentials), account, region)
        }
        let text = "runs as \(identity.arn), SenderId \(identity.userID)"
        var findings = [Finding.ok("worker", "identity", text)] + others

        let registry = try await self.registry(roles, Permissions(folder, workers, []))
        findings += registry.findings
        let permissions = Permissions(folder, workers, registry.places)
        let wards = try await self.wards(roles, permissions, registry)
        let workerCheck = WorkerCheck(
            folder: folder,
            role: worker,
            own: own,
            registry: registry.client,
            registryRole: registry.role,
            queuePolicy: folder.queuePolicy(folder.registry.queue, workers).statements[0],
            now: { Date() }
        )
        let workerPolicy = PolicyCheck(
            name: "worker",
            role: permissions.roles[0],
            grant: worker.optional.first { $0.sid == "Simulate" },
            grantee: worker,
            client: own,
            known: registry.artifacts
        )
        var looks: [Look] = [workerCheck.clock, workerCheck.bus, workerPolicy.look]
        looks += settings.queues.map { url in { try await workerCheck.queue(url) } }
        for ward in wards.found {
            let storage = StorageCheck(ward: ward, registry: folder.registry) { place in
                folder.artifactStatements([place], workers)
            }
            let account = AccountCheck(ward: ward)
            looks += [
                storage.artifacts, storage.models, storage.testObjects, account.endpoints,
                account.endpointList,
                account.executionRole, account.images, account.keys, account.alarms, account.quotas,
            ]
            looks += policies(ward, permissions, registry.artifacts).map { $0.look }
        }
        let results = try await looks.concurrentMap(atMost: Self.breadth) { try await $0() }
        return Self.ordered(findings + wards.findings + results.flatMap(\.self), folder)
    }

    /// This worker, with all that it drives, and then the others.
    private func workers(as principal: String) -> [WorkerPlan] {
        let driven = folder.accounts.filter { settings.driven.contains($0.name) }
        let others = folder.accounts.filter { !settings.driven.contains($0.name) }
        return [WorkerPlan(who: "worker", arn: principal, accounts: driven)] + folder.workers(driving: others)
    }

    /// What other workers drive, they have to look at themselves.
    private var others: [Finding] {
        folder.accounts.filter { !settings.driven.contains($0.name) }.map { account in
            .unknown(
                account.name,
                "worker",
                "another worker drives it",
                fix:
                    "run `sluice doctor\(account.queue == nil ? "" : " --only \(account.name)")` as that worker"
            )
        }
    }

    private typealias Look = @Sendable () async throws -> [Finding]

    /// The worker's and the registry's first, then by account in the folder's order; otherwise as they came.
    static func ordered(_ findings: [Finding], _ folder: AccountsFolder) -> [Finding] {
        let order = ["worker", "registry"] + folder.accounts.map(\.name)
        return order.flatMap { name in findings.filter { $0.account == name } }
    }

    /// The role or user behind a session, as policies name it.
    static func principal(_ arn: String) -> String {
        guard let match = arn.wholeMatch(of: /(arn:[a-z\-]+):sts::([0-9]{12}):assumed-role\/([^\/]+)\/.+/)
        else {
            return arn
        }
        return "\(match.1):iam::\(match.2):role/\(match.3)"
    }

    private struct Registry {
        var findings: [Finding]
        /// Nil where its role cannot be assumed.
        let client: AWSClient?
        let role: RolePermissions
        let names: ResourceNames
        var packages: [NewestPackage] = []

        private var objects: [S3URL] { packages.compactMap { $0.artifact.flatMap(S3URL.init) } }

        /// The buckets that the packages have their artifacts in.
        var places: [S3Prefix] { objects.map { S3Prefix(bucket: $0.bucket, prefix: "") }.unique }

        /// The ARNs of the artifacts.
        var artifacts: [String] { objects.map { names.bucket("\($0.bucket)/\($0.key)") } }
    }

    private func registry(_ roles: RoleCheck, _ permissions: Permissions) async throws -> Registry {
        let document = folder.registry
        let role = document.role.flatMap(permissions.role) ?? permissions.roles[0]
        var reader = client(base, nil, document.region)
        var findings: [Finding] = []
        if let arn = document.role {
            let sight = try await roles.look(
                .init(
                    name: "registry",
                    account: document.account,
                    region: document.region,
                    role: arn,
                    externalID: document.externalId,
                    permissions: role
                )
            )
            findings = [sight.finding]
            guard let found = sight.client else {
                return Registry(findings: findings, client: nil, role: role, names: document.names)
            }
            reader = found
        }
        let check = RegistryCheck(
            settings: settings,
            role: role,
            policies: permissions.resources,
            client: reader
        )
        let sights = try await folder.groups.concurrentMap(atMost: Self.breadth) {
            try await check.look(at: $0)
        }
        return Registry(
            findings: findings + sights.flatMap(\.findings),
            client: reader,
            role: role,
            names: document.names,
            packages: sights.compactMap(\.package)
        )
    }

    private func wards(
        _ roles: RoleCheck,
        _ permissions: Permissions,
        _ registry: Registry
    ) async throws -> (found: [Ward], findings: [Finding]) {
        let deployments = folder.deployments(
            artifacts: ArtifactSources(owners: folder.registry.artifactOwners, prefixes: registry.places)
        ).filter { settings.driven.contains($0.account.name) }
        let seen = try await deployments.concurrentMap(atMost: Self.breadth) { deployment in
            let account = deployment.account
            let role = account.role.flatMap(permissions.role) ?? permissions.roles[0]
            let sight = try await roles.look(
                .init(
                    name: account.name,
                    account: account.account,
                    region: account.region,
                    role: account.role,
                    externalID: account.externalId,
                    permissions: role
                )
            )
            let ward = sight.client.map { found in
                // Own credentials are used in the region of the account that has no role.
                let local = account.role == nil ? client(base, account.account, account.region) : found
                return Ward(deployment: deployment, client: local, role: role, packages: registry.packages)
            }
            return (ward, sight.finding)
        }
        return (seen.compactMap(\.0), seen.map(\.1))
    }

    /// What IAM is asked about an account: its role, unless that is the worker's own, and its execution role.
    private func policies(
        _ ward: Ward,
        _ permissions: Permissions,
        _ artifacts: [String]
    ) -> [PolicyCheck] {
        let execution = permissions.role(ward.account.executionRole).map(\.loading)
        let own = ward.account.role == nil ? nil : ward.role
        return [own, execution].compactMap(\.self).map { role in
            PolicyCheck(
                name: ward.name,
                role: role,
                grant: ward.statement("Simulate"),
                grantee: ward.role,
                client: ward.client,
                known: artifacts
            )
        }
    }

    private func client(_ credentials: any CredentialProvider, _ account: String?, _ region: String)
        -> AWSClient
    {
        AWSClient(
            http: http,
            credentials: credentials,
            region: region,
            environment: environment,
            account: account,
            clock: clock
        )
    }
}
