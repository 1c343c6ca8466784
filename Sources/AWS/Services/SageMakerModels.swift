public import Native

extension SageMaker {
    /// Creates a model: a container image and the place of its artifact or artifacts.
    ///
    /// See [CreateModel](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html).
    ///
    /// - Parameters:
    ///   - name: At most 63 letters, digits and inner hyphens.
    ///   - modelDataURL: An artifact, or for a multi-model endpoint the prefix of all of them.
    ///   - multiModelConfig: How a multi-model container is set up, as AWS gave it; nil for AWS's own default.
    ///   - network: How the container reaches the network.
    /// - Returns: The model's ARN.
    @discardableResult
    public func createModel(
        name: String,
        containerImage: String,
        environment: [String: String] = [:],
        modelDataURL: String,
        multiModel: Bool,
        multiModelConfig: JSONValue? = nil,
        network: ModelNetwork = ModelNetwork(),
        executionRoleARN: String,
        tags: [String: String] = [:]
    ) async throws -> String {
        struct Input: Encodable {
            let modelName: String
            let executionRoleArn: String
            let primaryContainer: Container
            let vpcConfig: JSONValue?
            let enableNetworkIsolation: Bool?
            let tags: [TagInput]?
        }
        struct Container: Encodable {
            let image: String
            let mode: String
            let modelDataUrl: String
            let environment: [String: String]?
            let multiModelConfig: JSONValue?
        }
        struct Output: Decodable {
            let arn: String

            private enum CodingKeys: String, CodingKey { case arn = "ModelArn" }
        }
        let container = Container(
            image: containerImage,
            mode: multiModel ? "MultiModel" : "SingleModel",
            modelDataUrl: modelDataURL,
            environment: environment.isEmpty ? nil : environment,
            multiModelConfig: multiModel ? multiModelConfig : nil
        )
        let output: Output = try await send(
            .createModel,
            subject: name,
            Input(
                modelName: name,
                executionRoleArn: executionRoleARN,
                primaryContainer: container,
                vpcConfig: network.vpc,
                enableNetworkIsolation: network.isIsolated ? true : nil,
                tags: TagInput.list(tags)
            ),
            isRepeatable: false
        )
        return output.arn
    }

    /// See [DescribeModel](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeModel.html).
    public func describeModel(name: String) async throws -> ModelDescription {
        struct Input: Encodable { let modelName: String }
        return try await send(.describeModel, subject: name, Input(modelName: name))
    }

    /// Deletes a model. Its artifacts stay, and so does an endpoint that serves it, until it needs new instances.
    ///
    /// See [DeleteModel](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModel.html).
    public func deleteModel(name: String) async throws {
        struct Input: Encodable { let modelName: String }
        try await sendIgnoringReply(.deleteModel, subject: name, Input(modelName: name))
    }
}

/// A model as DescribeModel shows it.
public struct ModelDescription: Sendable, Decodable {
    public let name: String
    public let arn: String
    public let executionRoleARN: String?
    /// The container; nil for a model that is a pipeline of several.
    public let container: ModelContainer?
    /// How the container reaches the network.
    public let network: ModelNetwork

    private enum CodingKeys: String, CodingKey {
        case name = "ModelName"
        case arn = "ModelArn"
        case executionRoleARN = "ExecutionRoleArn"
        case container = "PrimaryContainer"
        case vpc = "VpcConfig"
        case isIsolated = "EnableNetworkIsolation"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        arn = try values.decode(String.self, forKey: .arn)
        executionRoleARN = try values.decodeIfPresent(String.self, forKey: .executionRoleARN)
        container = try values.decodeIfPresent(ModelContainer.self, forKey: .container)
        network = ModelNetwork(
            vpc: try values.decodeIfPresent(JSONValue.self, forKey: .vpc),
            isIsolated: try values.decodeIfPresent(Bool.self, forKey: .isIsolated) ?? false
        )
    }
}

/// How a model's container reaches the network.
public struct ModelNetwork: Sendable, Equatable {
    /// The subnets and security groups, as AWS gave them; nil where it is in no VPC of the account's.
    public let vpc: JSONValue?
    /// Whether it reaches nothing at all.
    public let isIsolated: Bool

    public init(vpc: JSONValue? = nil, isIsolated: Bool = false) {
        self.vpc = vpc
        self.isIsolated = isIsolated
    }
}

/// The container of a model.
public struct ModelContainer: Sendable, Decodable {
    public let image: String?
    public let modelDataURL: String?
    /// The ARN of the model package it was made of, if it was.
    public let modelPackageName: String?
    /// `SingleModel` or `MultiModel`; AWS may leave the first out.
    public let mode: String?
    public let environment: [String: String]
    /// How a multi-model container is set up, as AWS gave it.
    public let multiModelConfig: JSONValue?

    private enum CodingKeys: String, CodingKey {
        case image = "Image"
        case modelDataURL = "ModelDataUrl"
        case modelPackageName = "ModelPackageName"
        case mode = "Mode"
        case environment = "Environment"
        case multiModelConfig = "MultiModelConfig"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        image = try values.decodeIfPresent(String.self, forKey: .image)
        modelDataURL = try values.decodeIfPresent(String.self, forKey: .modelDataURL)
        modelPackageName = try values.decodeIfPresent(String.self, forKey: .modelPackageName)
        mode = try values.decodeIfPresent(String.self, forKey: .mode)
        environment = try values.decodeIfPresent([String: String].self, forKey: .environment) ?? [:]
        multiModelConfig = try values.decodeIfPresent(JSONValue.self, forKey: .multiModelConfig)
    }
}
