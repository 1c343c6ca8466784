import Native
public import Promotion

/// The accounts folder as the running worker uses it: looked up by name, and with the digests that tie
/// every attempt and approval to the settings it was made under.
public struct Settings: Sendable {
    public let folder: AccountsFolder
    public let plans: [EndpointPlan]
    private let accounts: [String: AccountDocument]
    private let endpoints: [String: EndpointDocument]

    public init(_ folder: AccountsFolder) throws {
        self.folder = folder
        accounts = Dictionary(folder.accounts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        endpoints = Dictionary(
            folder.endpoints.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        plans = try folder.endpoints.map(Self.plan)
    }

    public var registry: RegistryDocument { folder.registry }

    public func account(_ name: String) -> AccountDocument? { accounts[name] }

    public func endpoint(_ name: String) -> EndpointDocument? { endpoints[name] }

    /// The names of the deployment accounts that have these twelve digits.
    func names(of account: String) -> [String] {
        folder.accounts.filter { $0.account == account }.map(\.name)
    }

    /// The group as the registry is asked for it: its ARN where the accounts folder gives one.
    func reference(toGroup name: String) -> String {
        let groups = folder.endpoints.flatMap(\.models.values)
        return groups.first { $0.name == name }?.description ?? name
    }

    private static func plan(_ endpoint: EndpointDocument) throws -> EndpointPlan {
        EndpointPlan(
            name: endpoint.name,
            targets: endpoint.models.mapValues(\.name),
            image: endpoint.container?.image,
            stages: try endpoint.stages.map { try stage($0, of: endpoint) },
            operators: endpoint.operators,
            onRejection: endpoint.onRejection,
            onModelFailure: endpoint.onModelFailure
        )
    }

    private static func stage(_ stage: StageDocument, of endpoint: EndpointDocument) throws -> StagePlan {
        var digests: [String: String] = [:]
        for account in stage.accounts {
            digests[account.name] = Digest.hex(
                try Digest.sha256(endpoint.settingsDigestInput(account: account))
            )
        }
        return stage.plan(accounts: digests)
    }
}

extension StageDocument {
    /// The stage as the core sees it.
    ///
    /// - Parameter accounts: Account name → digest of the settings in force there.
    func plan(accounts: [String: String]) -> StagePlan {
        StagePlan(
            name: name,
            accounts: accounts,
            accepts: Set(accepts.compactMap { ApprovalStatus(rawValue: $0.rawValue) }),
            soak: soak,
            lag: lag,
            traffic: traffic?.shift.type,
            gate: gate
        )
    }
}
