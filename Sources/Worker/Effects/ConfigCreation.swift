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
                tags: tags.merging(modelTags) { own, _ in own }
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

    /// What the config serves, told by its tags, so that a lost ledger can be made again from the accounts.
    /// SageMaker takes fifty tags and not every character: a set that does not fit is not told at all.
    private var modelTags: [String: String] {
        let models = work.release.models
        let fits = models.keys.allSatisfy { target in
            target.utf8.count <= 128 - Self.modelTag.count
                && target.wholeMatch(of: /[\p{L}\p{Z}\p{N}_.:\/=+\-@]*/) != nil
        }
        guard fits, tags.count + models.count <= 50 else { return [:] }
        return Dictionary(uniqueKeysWithValues: models.map { (Self.modelTag + $0.key, $0.value.package) })
    }
}
