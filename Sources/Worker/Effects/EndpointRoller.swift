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

    let endpoint: EndpointDocument
    let session: Sessions.Session
    let work: Work

    private var sageMaker: SageMaker { SageMaker(session.client) }
    private var account: AccountDocument { session.account }

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

    private var tags: [String: String] {
        account.tags.merging([Self.releaseTag: work.release.id]) { _, own in own }
    }

    private func createModel() async throws -> String {
        let name = try Names.model(work.release)
        if try await createModel(name) { return name }
        // The release's name is taken by a model of other settings: an earlier attempt's, whose config may
        // still be live. This attempt's own name is free.
        let own = try Names.model(work.release, attempt: work.attempt.number)
        if try await createModel(own) { return own }
        throw FailureError(
            .invalid,
            "models \(name) and \(own) exist in account \(account.name) with other contents. Delete what Sluice did "
                + "not make, then retry this release."
        )
    }

    /// - Returns: Whether a model of that name now is what is wanted.
    private func createModel(_ name: String) async throws -> Bool {
        let image = work.release.models.values.first?.image ?? ""
        let environment = endpoint.container?.environment ?? [:]
        let url = Names.prefix(work.release, in: account)
        do {
            _ = try await sageMaker.createModel(
                name: name,
                containerImage: image,
                environment: environment,
                modelDataURL: url,
                multiModel: true,
                executionRoleARN: account.executionRole,
                tags: tags
            )
            return true
        } catch let error as AWSError where error.kind == .alreadyExists || error.kind == .unknownOutcome {
            let found = try await settled(error) { try await sageMaker.describeModel(name: name) }
            return found.executionRoleARN == account.executionRole && found.container?.image == image
                && found.container?.modelDataURL == url && found.container?.mode == "MultiModel"
                && found.container?.environment == environment
        }
    }

    private var variant: VariantDocument {
        get throws {
            guard let stage = endpoint.stage(named: work.attempt.stage) else {
                throw FailureError(
                    .invalid,
                    "endpoint \(endpoint.name) no longer has the stage \(work.attempt.stage)"
                )
            }
            return stage.variant
        }
    }

    private func createConfig() async throws -> String {
        let name = try Names.config(work.release, attempt: work.attempt.number)
        let document = try variant
        let model = work.attempt.modelName ?? ""
        do {
            _ = try await sageMaker.createEndpointConfig(
                name: name,
                variant: EndpointVariant(
                    name: document.name,
                    modelName: model,
                    instanceType: document.instance,
                    initialInstanceCount: document.count
                ),
                tags: tags
            )
        } catch let error as AWSError where error.kind == .alreadyExists || error.kind == .unknownOutcome {
            let found = try await settled(error) { try await sageMaker.describeEndpointConfig(name: name) }
            let live = found.variants.first
            guard found.variants.count == 1, live?.modelName == model, live?.name == document.name,
                live?.instanceType == document.instance, live?.initialInstanceCount == document.count
            else {
                throw FailureError(
                    .invalid,
                    "endpoint config \(name) exists in account \(account.name) with other contents. Delete it, then "
                        + "retry this release."
                )
            }
        }
        return name
    }

    /// Looks at what a create may have left behind. Where there is nothing, the create did not happen and
    /// is owed still.
    private func settled<Found>(_ error: AWSError, _ describe: () async throws -> Found) async throws -> Found
    {
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
                name: endpoint.name,
                configName: config,
                tags: account.tags.merging([Self.endpointTag: endpoint.name]) { _, own in own }
            )
        } catch let error as AWSError where error.kind == .alreadyExists || error.kind == .unknownOutcome {
            guard let found = try await described() else { throw FailureError(.transient, "\(error)") }
            guard found.configName == config || found.pendingConfigName == config else {
                throw FailureError(
                    .invalid,
                    "endpoint \(endpoint.name) appeared in account \(account.name) while this release was on its way; "
                        + "somebody else made it. Delete it or rename yours, then retry this release."
                )
            }
        }
    }

    private func update(_ config: String) async throws {
        if work.isRepeated, let found = try await described(), isOn(config, found) { return }
        let keepsCounts = try await keepsCounts()
        do {
            _ = try await sageMaker.updateEndpoint(
                name: endpoint.name,
                configName: config,
                retainAllVariantProperties: keepsCounts
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
            return try await sageMaker.describeEndpoint(name: endpoint.name)
        } catch let error as AWSError where error.isMissing {
            return nil
        }
    }

    /// Whether the live counts and weights are kept, so that an update does not undo autoscaling: always,
    /// unless the accounts folder now asks for another count than the live config was made with.
    private func keepsCounts() async throws -> Bool {
        guard work.attempt.state != .restoring, work.servedSettings != work.attempt.settings,
            let live = work.attempt.before?.config
        else { return true }
        do {
            let config = try await sageMaker.describeEndpointConfig(name: live)
            return try config.variants.first?.initialInstanceCount == variant.count
        } catch let error as AWSError where error.isMissing {
            // Somebody deleted the live config, and what cannot be compared must not stop the switch.
            return false
        }
    }

    private func delete() async throws {
        do {
            try await sageMaker.deleteEndpoint(name: endpoint.name)
        } catch let error as AWSError where error.isMissing {
            return
        }
    }
}
