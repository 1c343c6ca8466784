import AWS
import Ledger
import Promotion

/// Creates the model and the config of an attempt and switches the endpoint to it.
///
/// None of these calls takes a token that would make it idempotent, so a lost reply is settled by looking
/// (Describe and compare), never by a second create.
struct EndpointRoller {
    /// On endpoints: whose they are.
    static let endpointTag = "sluice:endpoint"
    /// On models and configs: which release they belong to.
    static let releaseTag = "sluice:release"
    /// On configs, before each target model's name: the package it serves.
    static let modelTag = "sluice:model/"

    let performer: Performer
    let endpoint: EndpointDocument
    let session: Sessions.Session
    let work: Work
    let lease: Lease

    var sageMaker: SageMaker {
        SageMaker(session.client) { [lease, performer] in lease.covers($0, from: performer.now) }
    }
    var account: AccountDocument { session.account }
    /// What SageMaker calls the endpoint here.
    private var liveName: String { account.liveName(of: endpoint.name) }

    func roll() async throws -> Attempt.Event {
        switch work.effect {
        case .createModel: return .modelCreated(name: try await createModel())
        case .createEndpointConfig: return .endpointConfigCreated(name: try await createConfig())
        case .createEndpoint(let config): try await create(config)
        case .updateEndpoint(let config): try await update(config)
        case .deleteEndpoint:
            try await delete()
            return .endpointDeleted
        case .inspect, .copyArtifacts, .look, .invoke, .wait: break
        }
        return .endpointUpdateAccepted
    }

    /// On models and configs.
    var tags: [String: String] {
        account.tags.merging([Self.releaseTag: work.release.id]) { _, own in own }
    }

    var stage: StageDocument {
        get throws {
            guard let stage = endpoint.stage(named: work.attempt.stage) else {
                throw FailureError(
                    .invalid,
                    "endpoint \(endpoint.name) no longer has the stage \(work.attempt.stage)"
                )
            }
            return stage
        }
    }

    /// Looks at what a create may have left behind. Where there is nothing, the create did not happen and
    /// is owed still.
    func settled<Found>(_ error: AWSError, _ describe: () async throws -> Found) async throws -> Found {
        do {
            return try await describe()
        } catch let missing as AWSError where missing.isMissing {
            throw FailureError(.transient, "\(error)")
        }
    }

    private func create(_ config: String) async throws {
        if work.isRepeated, let found = try await described(), found.configName == config { return }
        do {
            _ = try await sageMaker.createEndpoint(
                name: liveName,
                configName: config,
                tags: account.tags.merging([Self.endpointTag: endpoint.name]) { _, own in own }
            )
        } catch let error as AWSError where error.kind == .alreadyExists || error.kind == .unknownOutcome {
            guard let found = try await described() else { throw FailureError(.transient, "\(error)") }
            guard found.configName == config || found.pendingConfigName == config else {
                throw FailureError(
                    .invalid,
                    "endpoint \(liveName) appeared in account \(account.name) while this release was on its way; "
                        + "somebody else made it. Delete it or rename yours, then retry this release."
                )
            }
        }
    }

    private func update(_ config: String) async throws {
        if work.isRepeated, let found = try await described(), isOn(config, found) { return }
        let terms = try await terms()
        do {
            _ = try await sageMaker.updateEndpoint(
                name: liveName,
                configName: config,
                retainAllVariantProperties: terms.keepsCounts,
                deployment: terms.traffic.map(DeploymentConfig.init)
            )
        } catch let error as AWSError where error.kind == .inProgress || error.kind == .unknownOutcome {
            if let found = try await described(), isOn(config, found) { return }
            throw error
        }
    }

    /// Whether the switch to the config has begun or is done.
    private func isOn(_ config: String, _ found: EndpointDescription) -> Bool {
        found.pendingConfigName == config || found.configName == config
    }

    private func described() async throws -> EndpointDescription? {
        do {
            return try await sageMaker.describeEndpoint(name: liveName)
        } catch let error as AWSError where error.isMissing {
            return nil
        }
    }

    private func delete() async throws {
        do {
            try await sageMaker.deleteEndpoint(name: liveName)
        } catch let error as AWSError where error.isMissing {
            return
        }
    }

    /// Marks an endpoint that was adopted as ours once it serves what was tested: UpdateEndpoint takes no tags.
    func claimAdopted() async throws {
        guard endpoint.adopt, work.attempt.before != nil, let found = try await described() else { return }
        try await sageMaker.addTags(arn: found.arn, [Self.endpointTag: endpoint.name])
    }
}
