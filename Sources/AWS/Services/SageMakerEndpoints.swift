public import Foundation

extension SageMaker {
    /// Describes an endpoint.
    ///
    /// See [DescribeEndpoint](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html).
    public func describeEndpoint(name: String) async throws -> EndpointDescription {
        try await send(.describeEndpoint, subject: name, EndpointInput(endpointName: name))
    }

    /// Begins to create an endpoint and returns its ARN.
    ///
    /// See [CreateEndpoint](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html).
    @discardableResult
    public func createEndpoint(
        name: String,
        configName: String,
        tags: [String: String] = [:]
    ) async throws -> String {
        struct Input: Encodable {
            let endpointName: String
            let endpointConfigName: String
            let tags: [TagInput]?
        }
        let output: EndpointARN = try await send(
            .createEndpoint,
            subject: name,
            Input(endpointName: name, endpointConfigName: configName, tags: TagInput.list(tags)),
            isRepeatable: false
        )
        return output.arn
    }

    /// Begins to move an endpoint to another config and returns its ARN.
    ///
    /// The endpoint ends `inService` whether the update succeeds or not: only its config's name tells.
    ///
    /// See [UpdateEndpoint](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html).
    ///
    /// - Parameters:
    ///   - retainAllVariantProperties: Whether counts and weights stay as they are now instead of becoming the
    ///     config's, so that automatic scaling is not undone.
    ///   - deployment: How the traffic moves. Without one SageMaker moves it all at once and watches nothing,
    ///     whatever the update before was told.
    @discardableResult
    public func updateEndpoint(
        name: String,
        configName: String,
        retainAllVariantProperties: Bool,
        deployment: DeploymentConfig? = nil
    ) async throws -> String {
        struct Input: Encodable {
            let endpointName: String
            let endpointConfigName: String
            let retainAllVariantProperties: Bool
            let deploymentConfig: DeploymentConfig?
        }
        let output: EndpointARN = try await send(
            .updateEndpoint,
            subject: name,
            Input(
                endpointName: name,
                endpointConfigName: configName,
                retainAllVariantProperties: retainAllVariantProperties,
                deploymentConfig: deployment
            ),
            isRepeatable: false
        )
        return output.arn
    }

    /// Begins to delete an endpoint; it is gone some time later.
    ///
    /// See [DeleteEndpoint](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpoint.html).
    public func deleteEndpoint(name: String) async throws {
        try await sendIgnoringReply(
            .deleteEndpoint,
            subject: name,
            EndpointInput(endpointName: name),
            isRepeatable: false
        )
    }

    /// One page of the account's endpoints, the last created first.
    ///
    /// See [ListEndpoints](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpoints.html).
    ///
    /// - Parameters:
    ///   - lastModifiedAfter: AWS takes whole seconds, so the fraction is dropped.
    ///   - nextToken: From the page before; nil for the first.
    public func listEndpoints(
        lastModifiedAfter: Date? = nil,
        nextToken: String? = nil
    ) async throws -> Page<EndpointSummary> {
        struct Input: Encodable {
            let lastModifiedTimeAfter: Date?
            // AWS cannot sort by the time of modification.
            let sortBy = "CreationTime"
            let sortOrder = "Descending"
            let maxResults = 100
            let nextToken: String?
        }
        struct Output: Decodable {
            let endpoints: [EndpointSummary]?
            let nextToken: String?

            private enum CodingKeys: String, CodingKey {
                case endpoints = "Endpoints"
                case nextToken = "NextToken"
            }
        }
        let output: Output = try await send(
            .listEndpoints,
            subject: "",
            Input(lastModifiedTimeAfter: lastModifiedAfter, nextToken: nextToken)
        )
        return Page(items: output.endpoints ?? [], nextToken: output.nextToken)
    }

    private struct EndpointInput: Encodable { let endpointName: String }
    private struct EndpointARN: Decodable {
        let arn: String

        private enum CodingKeys: String, CodingKey { case arn = "EndpointArn" }
    }
}
