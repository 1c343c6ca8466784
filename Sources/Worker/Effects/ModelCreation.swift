import AWS
import Ledger
import Native
import Promotion

extension EndpointRoller {
    /// What a model is made of, and what one that exists already is compared with.
    private struct Wanted {
        let image: String
        let environment: [String: String]
        let url: String
        let isMultiModel: Bool
        let multiModelConfig: JSONValue?
        let network: ModelNetwork
    }

    func createModel() async throws -> String {
        let wanted = try await wanted()
        let name = try Names.model(work.release)
        if try await createModel(name, wanted) { return name }
        // The release's name is taken by a model of other settings: an earlier attempt's, whose config may
        // still be live. This attempt's own name is free.
        let own = try Names.model(work.release, attempt: work.attempt.number)
        if try await createModel(own, wanted) { return own }
        throw FailureError(
            .invalid,
            "models \(name) and \(own) exist in account \(account.name) with other contents. Delete what Sluice did "
                + "not make, then retry this release."
        )
    }

    private func wanted() async throws -> Wanted {
        let live = try await inherited()?.model()
        return Wanted(
            image: work.release.models.values.first?.image ?? "",
            environment: try await environment(),
            url: Names.modelData(work.release, of: endpoint, in: account),
            isMultiModel: endpoint.serves == .multiModel,
            multiModelConfig: live?.container?.multiModelConfig,
            network: live?.network ?? ModelNetwork()
        )
    }

    /// The container's environment: the accounts folder's or, on a single-model endpoint, the package's own,
    /// which tells many containers what to run.
    private func environment() async throws -> [String: String] {
        if let container = endpoint.container { return container.environment }
        guard endpoint.serves == .singleModel, let version = work.release.models.values.first else {
            return [:]
        }
        let registry = await performer.sessions.registry()
        let package = try await SageMaker(registry).describeModelPackage(arn: version.package)
        return package.containers.first?.environment ?? [:]
    }

    /// - Returns: Whether a model of that name now is what is wanted.
    private func createModel(_ name: String, _ wanted: Wanted) async throws -> Bool {
        do {
            _ = try await sageMaker.createModel(
                name: name,
                containerImage: wanted.image,
                environment: wanted.environment,
                modelDataURL: wanted.url,
                multiModel: wanted.isMultiModel,
                multiModelConfig: wanted.multiModelConfig,
                network: wanted.network,
                executionRoleARN: account.executionRole,
                tags: tags
            )
            return true
        } catch let error as AWSError where error.kind == .alreadyExists || error.kind == .unknownOutcome {
            let found = try await settled(error) { try await sageMaker.describeModel(name: name) }
            return found.executionRoleARN == account.executionRole
                && found.container?.image == wanted.image
                && found.container?.modelDataURL == wanted.url
                && (found.container?.mode == "MultiModel") == wanted.isMultiModel
                && found.container?.environment == wanted.environment
                && found.network == wanted.network
        }
    }
}
