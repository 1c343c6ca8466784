import AWS
import Foundation
import Native

/// Looks, with the worker's own credentials and changing nothing, at everything a rollout of an accounts folder
/// will need, and says all that is missing at once.
public struct Doctor: Sendable {
    /// What is looked at by itself.
    typealias Area = @Sendable () async throws -> [Finding]

    /// How much is looked at at a time.
    static let breadth = 8

    let settings: Settings
    private let environment: AWSEnvironment
    private let http: any HTTPSender
    let base: any CredentialProvider
    private let clock: ServerClock

    /// - Parameter settings: Which accounts are looked at: those that the worker drives.
    init(
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

    var folder: AccountsFolder { settings.folder }

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
        let unplaced = Permissions(folder, workers, [])
        let roles = RoleCheck(own: own, worker: unplaced.roles[0]) { credentials, account, region in
            client(StaticCredentials(credentials), account, region)
        }
        let registry = try await self.registry(roles, unplaced)
        let permissions = Permissions(folder, workers, registry.places)
        let wards = try await self.wards(roles, permissions, registry)

        var areas = self.areas(own, permissions.roles[0], registry, workers)
        areas.append(senders(identity, own, permissions.roles[0], wards.found).look)
        for ward in wards.found {
            let storage = StorageCheck(ward: ward, registry: folder.registry) { place in
                folder.artifactStatements([place], workers)
            }
            areas +=
                [storage.artifacts, storage.models, storage.testObjects] + AccountCheck(ward: ward).areas
            areas += policies(ward, permissions, registry.artifacts).map { $0.look }
        }
        let results = try await areas.concurrentMap(atMost: Self.breadth) { try await $0() }
        let text = "runs as \(identity.arn), SenderId \(identity.userID)"
        let first = [Finding.ok("worker", "identity", text)] + others + registry.findings + wards.findings
        return Self.ordered(first + results.flatMap(\.self), folder)
    }

    private func areas(
        _ own: AWSClient,
        _ worker: RolePermissions,
        _ registry: Registry,
        _ workers: [WorkerPlan]
    ) -> [Area] {
        let check = WorkerCheck(
            folder: folder,
            role: worker,
            own: own,
            registry: registry.client,
            registryRole: registry.role,
            queuePolicy: folder.queuePolicy(folder.registry.queue, workers).statements[0],
            now: { Date() }
        )
        let policy = PolicyCheck(
            name: "worker",
            role: worker,
            grant: worker.optional.first { $0.sid == "Simulate" },
            grantee: worker,
            client: own,
            known: registry.artifacts
        )
        let queues: [Area] = settings.queues.map { url in { try await check.queue(url) } }
        return [check.clock] + queues + [check.bus, policy.look]
    }

    private func senders(
        _ identity: CallerIdentity,
        _ own: AWSClient,
        _ worker: RolePermissions,
        _ wards: [Ward]
    ) -> SenderPatterns {
        let here = SenderPatterns.Place(
            name: "worker",
            account: identity.account,
            client: own,
            role: worker,
            grant: worker.optional.first { $0.sid == "LookAtRoles" }
        )
        return SenderPatterns(
            folder: folder,
            places: [here]
                + wards.map { ward in
                    .init(
                        name: ward.name,
                        account: ward.account.account,
                        client: ward.client,
                        role: ward.role,
                        grant: ward.statement("LookAtRoles")
                    )
                }
        )
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

    func client(_ credentials: any CredentialProvider, _ account: String?, _ region: String)
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
