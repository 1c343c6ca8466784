import Native

/// The call made to Amazon Elastic Container Registry.
///
/// See [BatchGetImage](https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html).
public struct ECR: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// Whether a repository has an image. Throws `AWSError`: `notFound` where there is no such repository.
    ///
    /// - Parameters:
    ///   - registry: The twelve digits of the account the repository is in.
    ///   - tag: Of the image, where no digest is given.
    public func hasImage(
        registry: String,
        repository: String,
        tag: String?,
        digest: String?
    ) async throws -> Bool {
        struct Input: Encodable {
            struct ImageID: Encodable {
                let imageTag: String?
                let imageDigest: String?
            }

            let registryId: String
            let repositoryName: String
            let imageIds: [ImageID]
        }
        struct Output: Decodable {
            struct Image: Decodable {}
            let images: [Image]?
        }
        var call = AWSCall(.batchGetImage, subject: "\(registry)/\(repository):\(tag ?? digest ?? "")")
        call.headers = [
            HTTPHeader("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"),
            HTTPHeader("Content-Type", "application/x-amz-json-1.1"),
        ]
        // Unlike elsewhere the members begin with a small letter.
        let input = Input(
            registryId: registry,
            repositoryName: repository,
            imageIds: [.init(imageTag: tag, imageDigest: digest)]
        )
        call.body = try AWSJSON.encode(input, capitalized: false)
        return try await client.send(call) { response in
            try AWSJSON.decode(Output.self, from: response.body).images?.isEmpty == false
        }
    }
}
