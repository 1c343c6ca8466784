import AWS
import Promotion

/// What a live endpoint tells about itself, as far as an accounts folder can say it.
struct LiveEndpoint: Sendable {
    let serves: EndpointDocument.Serves
    let variant: VariantDocument
    let container: ContainerDocument?
    /// Names in the container's environment that look like secrets.
    let withheld: [String]
    let executionRole: String?
    /// Where its artifacts are; nil where that is no prefix of S3.
    let models: S3Prefix?
    /// What a multi-model endpoint can serve.
    let targets: [String]
    /// The model package group of a single model, where it was made of a package.
    let group: String?
    /// Whether Sluice made it.
    let isOurs: Bool

    /// Reads an endpoint. Throws `AWSError`, or `FailureError` where it serves in a way that Sluice does not.
    static func read(_ name: String, in account: String, _ client: AWSClient) async throws -> LiveEndpoint {
        func refusal(_ obstacle: String) -> FailureError {
            FailureError(
                .invalid,
                "endpoint \(name) in account \(account) cannot be described: \(obstacle)"
            )
        }
        let sageMaker = SageMaker(client)
        let endpoint = try await sageMaker.describeEndpoint(name: name)
        guard let configName = endpoint.configName else {
            throw refusal("it has no config yet; it is \(endpoint.status.rawValue)")
        }
        let config = try await sageMaker.describeEndpointConfig(name: configName)
        if let obstacle = Adoption.obstacle(in: config) { throw refusal(obstacle) }
        guard let live = config.variants.first, let modelName = live.modelName,
            let instance = live.instanceType
        else { throw refusal("its config \(configName) has no variant of instances") }
        let model = try await sageMaker.describeModel(name: modelName)
        guard let container = model.container else {
            throw refusal("its model \(modelName) is a pipeline of several containers")
        }
        let serves: EndpointDocument.Serves =
            container.mode == "MultiModel" ? .multiModel : .singleModel
        let place = container.modelDataURL.flatMap { prefix($0, of: serves) }
        let isOurs = try await sageMaker.listTags(arn: endpoint.arn)[EndpointRoller.endpointTag] == name
        let (open, withheld) = divide(container.environment)
        return LiveEndpoint(
            serves: serves,
            variant: VariantDocument(
                name: live.name,
                instance: instance,
                count: max(1, live.initialInstanceCount ?? 1),
                volumeKmsKey: config.kmsKey.flatMap { AWSNames.isKey($0) ? $0 : nil }
            ),
            // What Sluice rolled out came from the packages or the folder there is.
            container: isOurs ? nil : container.image.map { ContainerDocument(image: $0, environment: open) },
            withheld: isOurs ? [] : withheld,
            executionRole: model.executionRoleARN,
            models: isOurs ? place?.parent : place,
            targets: serves == .multiModel ? try await targets(below: place, client) : [],
            group: container.modelPackageName.flatMap(group),
            isOurs: isOurs
        )
    }

    /// The prefix of a multi-model endpoint, or the folder of a single model's archive.
    private static func prefix(_ url: String, of serves: EndpointDocument.Serves) -> S3Prefix? {
        if serves == .multiModel { return S3Prefix(url) }
        guard let slash = url.lastIndex(of: "/") else { return nil }
        return S3Prefix(String(url[...slash]))
    }

    private static func targets(below place: S3Prefix?, _ client: AWSClient) async throws -> [String] {
        guard let place else { return [] }
        return try await S3(client).listObjects(bucket: place.bucket, prefix: place.prefix)
            .map { String($0.dropFirst(place.prefix.count)) }
            .filter { $0.hasSuffix(".tar.gz") && AWSNames.isRelativePath($0) }
            .sorted()
    }

    /// `demand-de` of `arn:aws:sagemaker:…:model-package/demand-de/3`.
    private static func group(_ package: String) -> String? {
        let parts = package.split(separator: "/")
        return parts.count == 3 ? String(parts[1]) : nil
    }

    private static func divide(_ environment: [String: String]) -> (open: [String: String], [String]) {
        func isSecret(_ name: String) -> Bool {
            name.uppercased().contains(
                /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY/
            )
        }
        return (environment.filter { !isSecret($0.key) }, environment.keys.filter(isSecret).sorted())
    }
}

extension S3Prefix {
    /// The prefix that this one's last folder lies below.
    fileprivate var parent: S3Prefix {
        let above = prefix.dropLast().lastIndex(of: "/").map { prefix[...$0] } ?? ""
        return S3Prefix(bucket: bucket, prefix: String(above))
    }
}
