import AWS
import Ledger
import Promotion

/// What an endpoint that may be adopted has now, and its successor keeps: whatever the accounts folder does
/// not speak of.
///
/// It is read from the live config before every switch, so that what the first release took over goes on from
/// config to config.
struct Inherited: Sendable {
    let config: EndpointConfigDescription
    let variant: EndpointVariant
    fileprivate let sageMaker: SageMaker

    /// The live model; it cannot be read from a config what network its container is in.
    func model() async throws -> ModelDescription {
        let name = variant.modelName ?? ""
        do {
            return try await sageMaker.describeModel(name: name)
        } catch let error as AWSError where error.isMissing {
            throw FailureError(
                .invalid,
                "model \(name) of the live config \(config.name) was deleted, so nobody can say in which network the "
                    + "endpoint's container has to be. Point the endpoint to a config whose model exists, or delete "
                    + "it, then retry this release."
            )
        }
    }
}

extension EndpointRoller {
    /// What is kept of the live endpoint: nil where there is none, or where it is not one to adopt.
    func inherited() async throws -> Inherited? {
        guard endpoint.adopt, let live = work.attempt.before?.config else { return nil }
        let adoption = Adoption(endpoint: endpoint.name, account: account.name)
        switch try await adoption.inspect(live, sageMaker) {
        case .success(let inherited): return inherited
        case .failure(let refusal): throw FailureError(.invalid, refusal.sentence)
        }
    }
}

/// Whether an endpoint that Sluice did not make can be taken over.
struct Adoption: Sendable {
    let endpoint: String
    let account: String

    /// Why it cannot.
    struct Refusal: Error {
        let sentence: String
    }

    func inspect(_ config: String, _ sageMaker: SageMaker) async throws -> Result<Inherited, Refusal> {
        let found: EndpointConfigDescription
        do {
            found = try await sageMaker.describeEndpointConfig(name: config)
        } catch let error as AWSError where error.isMissing {
            return .failure(
                refusal("its config \(config) was deleted, so nobody can say what of it is to be kept")
            )
        }
        if let obstacle = Self.obstacle(in: found) { return .failure(refusal(obstacle)) }
        guard let variant = found.variants.first else {
            return .failure(refusal("its config \(config) has no variant"))
        }
        return .success(Inherited(config: found, variant: variant, sageMaker: sageMaker))
    }

    private func refusal(_ obstacle: String) -> Refusal {
        Refusal(
            sentence:
                "endpoint \(endpoint) in account \(account) cannot be adopted: \(obstacle). It is left as it is. "
                + "Give the endpoint another name in the accounts folder, or change the live one, then retry this "
                + "release."
        )
    }

    /// What Sluice cannot carry on: these serve in ways that a release neither tests nor rolls.
    static func obstacle(in config: EndpointConfigDescription) -> String? {
        if config.others["AsyncInferenceConfig"] != nil { return "it answers asynchronously" }
        if config.others["ShadowProductionVariants"] != nil { return "it has shadow variants" }
        if config.variants.count > 1 {
            let names = config.variants.map(\.name).sorted().joined(separator: ", ")
            return "it has \(config.variants.count) production variants (\(names)), and Sluice rolls one"
        }
        guard let variant = config.variants.first else { return nil }
        if variant.others["ServerlessConfig"] != nil { return "its variant \(variant.name) is serverless" }
        if variant.modelName == nil {
            return "its variant \(variant.name) has no model of its own, but inference components"
        }
        return nil
    }
}
