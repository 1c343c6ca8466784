public import Foundation
public import Native

extension SageMaker {
    /// Creates an endpoint config, which is never changed afterwards.
    ///
    /// See [CreateEndpointConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html).
    ///
    /// - Parameters:
    ///   - kmsKey: Encrypts the instances' volumes.
    ///   - others: Members that this program does not name, such as `DataCaptureConfig`, as AWS gave them.
    /// - Returns: The config's ARN. Calls that name it may not see it at once.
    @discardableResult
    public func createEndpointConfig(
        name: String,
        variant: EndpointVariant,
        kmsKey: String? = nil,
        others: [String: JSONValue] = [:],
        tags: [String: String] = [:]
    ) async throws -> String {
        struct Input: Encodable {
            let endpointConfigName: String
            let productionVariants: [EndpointVariant]
            let kmsKeyId: String?
            let tags: [TagInput]?
            let others: [String: JSONValue]

            private enum CodingKeys: String, CodingKey {
                case endpointConfigName, productionVariants, kmsKeyId, tags
            }

            func encode(to encoder: any Encoder) throws {
                try others.encode(to: encoder)
                var values = encoder.container(keyedBy: CodingKeys.self)
                try values.encode(endpointConfigName, forKey: .endpointConfigName)
                try values.encode(productionVariants, forKey: .productionVariants)
                try values.encodeIfPresent(kmsKeyId, forKey: .kmsKeyId)
                try values.encodeIfPresent(tags, forKey: .tags)
            }
        }
        struct Output: Decodable {
            let arn: String

            private enum CodingKeys: String, CodingKey { case arn = "EndpointConfigArn" }
        }
        let output: Output = try await send(
            .createEndpointConfig,
            subject: name,
            Input(
                endpointConfigName: name,
                productionVariants: [variant],
                kmsKeyId: kmsKey,
                tags: TagInput.list(tags),
                others: others
            ),
            isRepeatable: false
        )
        return output.arn
    }

    /// See [DescribeEndpointConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpointConfig.html).
    public func describeEndpointConfig(name: String) async throws -> EndpointConfigDescription {
        struct Input: Encodable { let endpointConfigName: String }
        return try await send(.describeEndpointConfig, subject: name, Input(endpointConfigName: name))
    }

    /// Deletes an endpoint config. AWS does so too where an endpoint runs on it or moves to it, which leaves
    /// that endpoint without instance information, updates and patches: look first.
    ///
    /// See [DeleteEndpointConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html).
    public func deleteEndpointConfig(name: String) async throws {
        struct Input: Encodable { let endpointConfigName: String }
        try await sendIgnoringReply(.deleteEndpointConfig, subject: name, Input(endpointConfigName: name))
    }
}

/// Which model runs on what.
public struct EndpointVariant: Sendable, Equatable, Codable {
    public let name: String
    /// The model; nil for a variant of inference components.
    public let modelName: String?
    /// Such as `ml.m5.large`; nil for a serverless variant.
    public let instanceType: String?
    public let initialInstanceCount: Int?
    /// The share of the traffic, relative to the other variants'.
    public let initialWeight: Double?
    /// The members that are not named here, such as `VolumeSizeInGB`, as AWS gave them.
    public let others: [String: JSONValue]

    public init(
        name: String,
        modelName: String,
        instanceType: String,
        initialInstanceCount: Int,
        initialWeight: Double = 1,
        others: [String: JSONValue] = [:]
    ) {
        self.name = name
        self.modelName = modelName
        self.instanceType = instanceType
        self.initialInstanceCount = initialInstanceCount
        self.initialWeight = initialWeight
        self.others = others
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name = "VariantName"
        case modelName = "ModelName"
        case instanceType = "InstanceType"
        case initialInstanceCount = "InitialInstanceCount"
        case initialWeight = "InitialVariantWeight"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        modelName = try values.decodeIfPresent(String.self, forKey: .modelName)
        instanceType = try values.decodeIfPresent(String.self, forKey: .instanceType)
        initialInstanceCount = try values.decodeIfPresent(Int.self, forKey: .initialInstanceCount)
        initialWeight = try values.decodeIfPresent(Double.self, forKey: .initialWeight)
        others = try JSONValue.members(of: decoder, besides: CodingKeys.self)
    }

    public func encode(to encoder: any Encoder) throws {
        try others.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encodeIfPresent(modelName, forKey: .modelName)
        try values.encodeIfPresent(instanceType, forKey: .instanceType)
        try values.encodeIfPresent(initialInstanceCount, forKey: .initialInstanceCount)
        try values.encodeIfPresent(initialWeight, forKey: .initialWeight)
    }
}

/// An endpoint config as DescribeEndpointConfig shows it.
public struct EndpointConfigDescription: Sendable, Decodable {
    public let name: String
    public let arn: String
    public let variants: [EndpointVariant]
    public let kmsKey: String?
    public let creationTime: Date?
    /// The members that are not named here, such as `DataCaptureConfig`, as AWS gave them.
    public let others: [String: JSONValue]

    private enum CodingKeys: String, CodingKey, CaseIterable {
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
        others = try JSONValue.members(of: decoder, besides: CodingKeys.self)
    }
}
