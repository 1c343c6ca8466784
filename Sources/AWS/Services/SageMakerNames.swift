extension SageMaker {
    /// A model or an endpoint config as a list shows it.
    public struct Named: Sendable, Hashable {
        public let name: String
        public let arn: String
    }

    /// All models whose names contain a text; case does not matter.
    ///
    /// See [ListModels](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModels.html).
    public func models(nameContains text: String) async throws -> [Named] {
        try await list(.listModels, text)
    }

    /// All endpoint configs whose names contain a text; case does not matter.
    ///
    /// See [ListEndpointConfigs](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpointConfigs.html).
    public func endpointConfigs(nameContains text: String) async throws -> [Named] {
        try await list(.listEndpointConfigs, text)
    }

    private func list(_ operation: AWSOperation, _ text: String) async throws -> [Named] {
        struct Input: Encodable {
            let nameContains: String
            let maxResults = 100
            let nextToken: String?
        }
        var found: [Named] = []
        var token: String?
        repeat {
            let page: NamedPage = try await send(
                operation,
                subject: text,
                Input(nameContains: text, nextToken: token)
            )
            found += page.items.map { Named(name: $0.name, arn: $0.arn) }
            token = page.nextToken
        } while token != nil
        return found
    }
}

/// A page of either list.
private struct NamedPage: Decodable {
    struct Item: Decodable {
        let name: String
        let arn: String

        private enum CodingKeys: String, CodingKey {
            case modelName = "ModelName"
            case modelARN = "ModelArn"
            case configName = "EndpointConfigName"
            case configARN = "EndpointConfigArn"
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            let isModel = values.contains(.modelName)
            name = try values.decode(String.self, forKey: isModel ? .modelName : .configName)
            arn = try values.decode(String.self, forKey: isModel ? .modelARN : .configARN)
        }
    }

    private let models: [Item]?
    private let configs: [Item]?
    let nextToken: String?

    private enum CodingKeys: String, CodingKey {
        case models = "Models"
        case configs = "EndpointConfigs"
        case nextToken = "NextToken"
    }

    var items: [Item] { models ?? configs ?? [] }
}
