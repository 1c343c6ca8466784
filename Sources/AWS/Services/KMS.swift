import Native

/// The call made to AWS Key Management Service.
///
/// See [DescribeKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html).
public struct KMS: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// What state a key is in: `Enabled`, `Disabled`, `PendingDeletion`, …. Throws `AWSError`.
    ///
    /// - Parameter id: The ARN of the key or of its alias.
    public func keyState(id: String) async throws -> String {
        struct Input: Encodable { let keyId: String }
        struct Output: Decodable {
            struct Metadata: Decodable {
                let state: String?

                private enum CodingKeys: String, CodingKey { case state = "KeyState" }
            }
            let metadata: Metadata

            private enum CodingKeys: String, CodingKey { case metadata = "KeyMetadata" }
        }
        let call = try AWSCall.json(
            .describeKey,
            target: "TrentService",
            version: "1.1",
            subject: id,
            input: Input(keyId: id)
        )
        return try await client.send(call) {
            try AWSJSON.decode(Output.self, from: $0.body).metadata.state ?? ""
        }
    }
}
