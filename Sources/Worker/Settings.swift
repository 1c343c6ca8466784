import Native
public import Promotion

/// The accounts folder as the running worker uses it: looked up by name, with the digests that tie every
/// attempt and approval to the settings it was made under, and which accounts this worker drives.
public struct Settings: Sendable {
    public let folder: AccountsFolder
    /// The endpoints that this worker has a part in.
    public let plans: [EndpointPlan]
    /// The names of the accounts that this worker drives.
    public let driven: Set<String>
    private let accounts: [String: AccountDocument]
    private let endpoints: [String: EndpointDocument]

    /// - Parameter only: The names of the accounts to drive; where it is empty, those without a queue of their
    ///   own.
    /// - Throws: `SettingsError` where there is no such account, or none to drive, or where accounts of a unit
    ///   are not in their place.
    public init(_ folder: AccountsFolder, only: [String] = []) throws {
        self.folder = folder
        if let unit = folder.units.first {
            throw SettingsError("it is not known yet which accounts are in \(unit)")
        }
        accounts = Dictionary(folder.accounts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        endpoints = Dictionary(
            folder.endpoints.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let known = folder.accounts.map(\.name).joined(separator: ", ")
        // One that has left its unit takes nothing from the others, as long as there are any.
        let there = only.filter { folder.account(named: $0) != nil }
        let strangers = only.filter { folder.account(named: $0) == nil }
        if let stranger = strangers.first(where: { folder.unit(of: $0) == nil || there.isEmpty }) {
            let why =
                folder.unit(of: stranger).map { "there is no such active account in \($0)" }
                ?? "the accounts folder has no such account"
            throw SettingsError("--only \(stranger): \(why); it has \(known)")
        }
        let driven = Set(only.isEmpty ? folder.accounts.filter { $0.queue == nil }.map(\.name) : there)
        if driven.isEmpty, !folder.accounts.isEmpty {
            throw SettingsError(
                "every account has a queue of its own, so this worker would drive none; name those it drives with "
                    + "--only: \(known)"
            )
        }
        self.driven = driven
        plans = try folder.endpoints.compactMap { try Self.plan($0, driven) }
    }

    public var registry: RegistryDocument { folder.registry }

    public func account(_ name: String) -> AccountDocument? { accounts[name] }

    public func endpoint(_ name: String) -> EndpointDocument? { endpoints[name] }

    /// The folder as if there were nothing but what this worker drives: its accounts, the stages and endpoints
    /// that they are in, and a queue that it polls.
    public var share: AccountsFolder {
        var share = folder
        share.accounts = folder.accounts.filter { driven.contains($0.name) }
        share.endpoints = folder.endpoints.compactMap { endpoint in
            var endpoint = endpoint
            endpoint.stages = endpoint.stages.compactMap { stage in
                var stage = stage
                stage.accounts = stage.accounts.filter { driven.contains($0.name) }
                return stage.accounts.isEmpty ? nil : stage
            }
            return endpoint.stages.isEmpty ? nil : endpoint
        }
        if let queue = queues.first, !queues.contains(registry.queue) { share.registry.queue = queue }
        return share
    }

    /// The queues that this worker polls: the registry's where it drives an account without one.
    public var queues: [String] {
        let own = folder.accounts.filter { driven.contains($0.name) }.map(\.queue)
        return own.map { $0 ?? registry.queue }.unique
    }

    /// Whether this worker hands releases over to others, and whether others hand over to it.
    var handsOver: Bool { plans.contains(where: \.handsOver) }
    var takesOver: Bool { relays.contains { !$0.senders.values.joined().isEmpty } }

    private var relays: [Relay] { plans.flatMap(\.stages).map(\.relay) }

    /// Why an account that something was to be done in is not there.
    func absence(of name: String) -> String {
        guard let unit = folder.unit(of: name) else {
            return
                "account \(name) is no longer in the accounts folder; put it back, or retry the release once it has ended"
        }
        return
            "account \(name) is no active account of \(unit) any more; move it back, or retry the release once it has "
            + "ended"
    }

    /// Which endpoint SageMaker calls this in the account of these digits, and in which account documents.
    func place(of liveName: String, in account: String) -> (accounts: [String], endpoint: String) {
        let accounts = folder.accounts.filter { $0.account == account }
        for endpoint in folder.endpoints {
            let called = accounts.filter { $0.liveName(of: endpoint.name) == liveName }
            if !called.isEmpty { return (called.map(\.name), endpoint.name) }
        }
        return ([], liveName)
    }

    /// The group as the registry is asked for it: its ARN where the accounts folder gives one, or where it is
    /// asked from another account, which could not find it by its name.
    func reference(toGroup name: String) -> String {
        let groups = folder.endpoints.flatMap(\.models.values)
        if let arn = groups.first(where: { $0.name == name })?.arn { return arn }
        let isAtHome = registry.role != nil || queues.contains(registry.queue)
        return isAtHome ? name : registry.names.arn("sagemaker", "model-package-group/\(name)")
    }

    private static func plan(_ endpoint: EndpointDocument, _ driven: Set<String>) throws -> EndpointPlan? {
        let places = endpoint.stages.map { stage in
            stage.accounts.map { account in
                Place(
                    stage: stage.name,
                    name: account.name,
                    account: account.account,
                    queue: account.queue,
                    isHere: driven.contains(account.name)
                )
            }
        }
        let isShared = places.joined().contains { !$0.isHere }
        let stages = try endpoint.stages.indices.compactMap { index -> StagePlan? in
            guard places[index].contains(where: \.isHere) else { return nil }
            let relay = isShared ? relay(index, of: endpoint, places) : Relay()
            return try stage(endpoint.stages[index], of: endpoint, driven, relay)
        }
        guard !stages.isEmpty else { return nil }
        return EndpointPlan(
            name: endpoint.name,
            targets: endpoint.models.mapValues(\.name),
            image: endpoint.container?.image,
            stages: stages,
            operators: endpoint.operators,
            onRejection: endpoint.onRejection,
            onModelFailure: endpoint.onModelFailure,
            composes: places.first?.contains(where: \.isHere) ?? false
        )
    }

    private static func relay(_ index: Int, of endpoint: EndpointDocument, _ places: [[Place]]) -> Relay {
        let next = index + 1 < places.count ? index + 1 : nil
        let after = next.map { places[$0].filter { !$0.isHere && $0.queue != nil } } ?? []
        let here = places[index].filter(\.isHere)
        let senders = endpoint.stages[index].accounts.filter { account in
            here.contains { $0.name == account.name }
        }
        return Relay(
            before: Array(places[..<index].joined()),
            tolerance: Dictionary(
                endpoint.stages[..<index].map { ($0.name, $0.failureTolerance) },
                uniquingKeysWith: { first, _ in first }
            ),
            here: here,
            after: after,
            nextGate: after.isEmpty ? nil : next.map { endpoint.stages[$0].gate },
            senders: Dictionary(
                senders.map { ($0.name, $0.upstream) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }

    private static func stage(
        _ stage: StageDocument,
        of endpoint: EndpointDocument,
        _ driven: Set<String>,
        _ relay: Relay
    ) throws -> StagePlan {
        var digests: [String: String] = [:]
        for account in stage.accounts where driven.contains(account.name) {
            digests[account.name] = Digest.hex(
                try Digest.sha256(endpoint.settingsDigestInput(account: account))
            )
        }
        return stage.plan(accounts: digests, relay: relay)
    }
}

/// The accounts folder is right, and not for what the worker was asked to do with it.
public struct SettingsError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension StageDocument {
    /// The stage as the core sees it.
    ///
    /// - Parameter accounts: Account name → digest of the settings in force there.
    func plan(accounts: [String: String], relay: Relay = Relay()) -> StagePlan {
        StagePlan(
            name: name,
            accounts: accounts,
            accepts: Set(accepts.compactMap { ApprovalStatus(rawValue: $0.rawValue) }),
            soak: soak,
            lag: lag,
            traffic: traffic?.shift.type,
            gate: gate,
            concurrency: concurrency,
            failureTolerance: failureTolerance,
            relay: relay
        )
    }
}
