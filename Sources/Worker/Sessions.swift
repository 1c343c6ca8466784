import AWS
import Logging
import Native
import Promotion

/// The identities the worker acts as: its own, the registry's reader, and one session per account.
///
/// Every session of an account is proven once: GetCallerIdentity has to name the account that the
/// accounts folder says, before anything there is changed.
actor Sessions {
    /// A deployment account and a client whose credentials are known to be in it.
    struct Session: Sendable {
        let account: AccountDocument
        let client: AWSClient
    }

    private let settings: Settings
    private let environment: AWSEnvironment
    private let http: any HTTPSender
    private let base: any CredentialProvider
    private let worker: String
    private let observer: any CallObserver
    nonisolated let timing: Timing
    private let clock: ServerClock
    private var clients: [String: AWSClient] = [:]
    private var proofs: [String: Task<Session, any Error>] = [:]

    /// - Parameter worker: The worker's id; sessions are named `sluice-<worker>`.
    init(
        settings: Settings,
        environment: AWSEnvironment,
        http: any HTTPSender,
        base: any CredentialProvider,
        worker: String,
        observer: any CallObserver,
        timing: Timing = Timing()
    ) {
        self.settings = settings
        self.environment = environment
        self.http = http
        self.base = base
        self.worker = worker
        self.observer = observer
        self.timing = timing
        clock = ServerClock(local: timing.now)
    }

    /// A client with the worker's own credentials.
    func own(in region: String) -> AWSClient {
        client("own in \(region)", account: nil, region: region, credentials: base)
    }

    /// Reads the registry, as its role where it has one.
    func registry() -> AWSClient {
        let registry = settings.registry
        return client(
            "registry",
            account: registry.account,
            region: registry.region,
            role: registry.role,
            externalID: registry.externalId
        )
    }

    /// A client in an account that is proven to be there. One proof is shared by all who wait for it; a
    /// failed one is forgotten, so that the next caller tries again.
    func session(_ name: String) async throws -> Session {
        guard let account = settings.account(name) else {
            // It may be put back, but a look that is tried for a day would keep the endpoint from its next
            // release for as long.
            throw FailureError(.vanished, settings.absence(of: name))
        }
        if let proof = proofs[name] { return try await proof.value }
        let client = client(
            "account \(name)",
            account: account.account,
            region: account.region,
            role: account.role,
            externalID: account.externalId
        )
        let proof = Task(executorPreference: timing.executor) { try await Self.prove(account, client) }
        proofs[name] = proof
        do {
            return try await proof.value
        } catch {
            proofs[name] = nil
            throw error
        }
    }

    private static func prove(_ account: AccountDocument, _ client: AWSClient) async throws -> Session {
        let identity = try await STS(client).callerIdentity()
        guard identity.account == account.account else {
            let cure =
                account.role == nil
                ? "Give the account a role in the accounts folder, or run the worker with credentials of that account."
                : "Mend the role or the account number in the accounts folder."
            throw FailureError(
                .denied,
                "account \(account.name) should be \(account.account), but its credentials are of "
                    + "\(identity.account). Nothing was changed. \(cure)"
            )
        }
        return Session(account: account, client: client)
    }

    private func client(
        _ key: String,
        account: String,
        region: String,
        role: String?,
        externalID: String?
    ) -> AWSClient {
        let sts = STS(own(in: region))
        return client(
            key,
            account: account,
            region: region,
            credentials: role.map { role in
                AssumedRole(
                    sts: sts,
                    roleARN: role,
                    sessionName: "sluice-\(worker)",
                    externalID: externalID
                )
            } ?? base
        )
    }

    private func client(
        _ key: String,
        account: String?,
        region: String,
        credentials: @autoclosure () -> any CredentialProvider
    ) -> AWSClient {
        if let client = clients[key] { return client }
        let client = AWSClient(
            http: http,
            credentials: credentials(),
            region: region,
            environment: environment,
            account: account,
            observer: observer,
            timing: timing,
            clock: clock
        )
        clients[key] = client
        return client
    }
}
