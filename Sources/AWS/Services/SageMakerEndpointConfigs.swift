public import Foundation

extension SageMaker {
    /// Creates an endpoint config, which is never changed afterwards.
    ///
    /// See [CreateEndpointConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html).
    ///
    /// - Parameter kmsKey: Encrypts the instances' volumes.
    /// - Returns: The config's ARN. Calls that name it may not see it at once.
    @discardableResult
    public func createEndpointConfig(
        name: String,
        variant: EndpointVariant,
        kmsKey: String? = nil,
        tags: [String: String] = [:]
    ) async throws -> String {
        struct Input: Encodable {
            let endpointConfigName: String
            let productionVariants: [EndpointVariant]
            let kmsKeyId: String?
            let tags: [TagInput]?
        }
        struct Output: Decodable {
            let arn: String

            private enum CodingKeys: String, CodingKey { case arn = "EndpointConfigArn" }
        }
        let output: Output = try await send(
            "CreateEndpointConfig",
            subject: name,
            Input(
                endpointConfigName: name,
                productionVariants: [variant],
                kmsKeyId: kmsKey,
                tags: TagInput.list(tags)
            ),
            isRepeatable: false
        )
        return output.arn
    }

    /// See [DescribeEndpointConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpointConfig.html).
    public func describeEndpointConfig(name: String) async throws -> EndpointConfigDescription {
        struct Input: Encodable { let endpointConfigName: String }
        return try await send("DescribeEndpointConfig", subject: name, Input(endpointConfigName: name))
    }
}

/// Which model runs on what.
public struct EndpointVariant: Sendable, Equatable, Codable {
    public let name: String
    public let modelName: String?
    /// Such as `ml.m5.large`; nil for a serverless variant.
    public let instanceType: String?
    public let initialInstanceCount: Int?
    /// The share of the traffic, relative to the other variants'.
    public let initialWeight: Double?

    public init(
        name: String,
        modelName: String,
        instanceType: String,
        initialInstanceCount: Int,
        initialWeight: Double = 1
    ) {
        self.name = name
        self.modelName = modelName
        self.instanceType = instanceType
        self.initialInstanceCount = initialInstanceCount
        self.initialWeight = initialWeight
    }

    private enum CodingKeys: String, CodingKey {
        case name = "VariantName"
        case modelName = "ModelName"
        case instanceType = "InstanceType"
        case initialInstanceCount = "InitialInstanceCount"
        case initialWeight = "InitialVariantWeight"
    }
}

/// An endpoint config as DescribeEndpointConfig shows it.
public struct EndpointConfigDescription: Sendable, Decodable {
    public let name: String
    public let arn: String
    public let variants: [EndpointVariant]
    public let kmsKey: String?
    public let creationTime: Date?

    private enum CodingKeys: String, CodingKey {
        case name = "EndpointConfigName"
        case arn = "EndpointConfigArn"
        case variants = "ProductionVariants"
        case kmsKey = "KmsKeyId"
        case creationTime = "CreationTime"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        arn = try values.decode(String.self, forKey: .arn)
        variants = try values.decodeIfPresent([EndpointVariant].self, forKey: .variants) ?? []
        kmsKey = try values.decodeIfPresent(String.self, forKey: .kmsKey)
        creationTime = try values.decodeIfPresent(Date.self, forKey: .creationTime)
    }
}
