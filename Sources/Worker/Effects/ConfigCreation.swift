import AWS
import Ledger
import Promotion

extension EndpointRoller {
    func createConfig() async throws -> String {
        let name = try Names.config(work.release, attempt: work.attempt.number)
        let document = try stage.variant
        let live = try await inherited()
        let variant = EndpointVariant(
            name: variantName(document, live: live?.variant),
            modelName: work.attempt.modelName ?? "",
            instanceType: document.instance,
            initialInstanceCount: document.count,
            initialWeight: live?.variant.initialWeight ?? 1,
            others: live?.variant.others ?? [:]
        )
        let kmsKey = document.volumeKmsKey ?? live?.config.kmsKey
        do {
            _ = try await sageMaker.createEndpointConfig(
                name: name,
                variant: variant,
                kmsKey: kmsKey,
                others: live?.config.others ?? [:],
                tags: tags
            )
        } catch let error as AWSError where error.kind == .alreadyExists || error.kind == .unknownOutcome {
            let found = try await settled(error) { try await sageMaker.describeEndpointConfig(name: name) }
            let made = found.variants.first
            guard found.variants.count == 1, made?.modelName == variant.modelName,
                made?.name == variant.name, made?.instanceType == variant.instanceType,
                made?.initialInstanceCount == variant.initialInstanceCount, found.kmsKey == kmsKey
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
}
