import Native

/// The calls made to AWS Key Management Service.
///
/// See [DescribeKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html).
public struct KMS: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// A key as it is.
    public struct Key: Sendable, Hashable {
        /// Its own ARN, also where it was asked for by an alias.
        public let arn: String
        /// `Enabled`, `Disabled`, `PendingDeletion`, ….
        public let state: String
    }

    /// Throws `AWSError`.
    ///
    /// - Parameter id: The ARN of the key or of its alias.
    public func key(id: String) async throws -> Key {
        struct Output: Decodable {
            struct Metadata: Decodable {
                let arn: String?
                let state: String?

                private enum CodingKeys: String, CodingKey {
                    case arn = "Arn"
                    case state = "KeyState"
                }
            }
            let metadata: Metadata

            private enum CodingKeys: String, CodingKey { case metadata = "KeyMetadata" }
        }
        let found = try await ask(.describeKey, id, as: Output.self).metadata
        return Key(arn: found.arn ?? id, state: found.state ?? "")
    }

    /// A key's policy as JSON; only in the key's own account. Throws `AWSError`.
    ///
    /// - Parameter arn: The key's own, no alias'.
    public func policy(ofKey arn: String) async throws -> String {
        struct Output: Decodable {
            let policy: String?

            private enum CodingKeys: String, CodingKey { case policy = "Policy" }
        }
        return try await ask(.getKeyPolicy, arn, policy: "default", as: Output.self).policy ?? ""
    }

    private struct Input: Encodable {
        let keyId: String
        let policyName: String?
    }

    private func ask<Output: Decodable & Sendable>(
        _ operation: AWSOperation,
        _ id: String,
        policy: String? = nil,
        as _: Output.Type
    ) async throws -> Output {
        let call = try AWSCall.json(
            operation,
            target: "TrentService",
            version: "1.1",
            subject: id,
            input: Input(keyId: id, policyName: policy)
        )
        return try await client.send(call) { try AWSJSON.decode(Output.self, from: $0.body) }
    }
}
