import Foundation
import Native

/// The calls made to Amazon SageMaker: the registry, models, endpoint configs, endpoints and tags.
///
/// All of them throw `AWSError`, or `CancellationError`. A creating or updating call whose answer is lost is
/// not sent again: it throws `AWSError` of kind `unknownOutcome`, and a description tells what happened.
///
/// See the [Amazon SageMaker API Reference](https://docs.aws.amazon.com/sagemaker/latest/APIReference/).
public struct SageMaker: Sendable {
    /// The longest that a call which may not be repeated may take: a claim has to outlast it.
    static let changing = Duration.seconds(15)

    let client: AWSClient
    private let mayBegin: (@Sendable (Duration) -> Bool)?

    /// - Parameter mayBegin: Asked before every sending of a call that must not be sent twice, with the time until
    ///   it is answered or given up. Where it says no the call throws `AWSError` of kind `lapsed`.
    public init(_ client: AWSClient, mayBegin: (@Sendable (Duration) -> Bool)? = nil) {
        self.client = client
        self.mayBegin = mayBegin
    }

    /// All tags of a resource of SageMaker's.
    public func listTags(arn: String) async throws -> [String: String] {
        struct Input: Encodable {
            let resourceArn: String
            let nextToken: String?
        }
        struct Output: Decodable {
            let tags: [Tag]?
            let nextToken: String?

            private enum CodingKeys: String, CodingKey {
                case tags = "Tags"
                case nextToken = "NextToken"
            }
        }
        struct Tag: Decodable {
            let key: String
            let value: String?

            private enum CodingKeys: String, CodingKey {
                case key = "Key"
                case value = "Value"
            }
        }
        var tags: [String: String] = [:]
        var token: String?
        repeat {
            let page: Output = try await send(
                .listTags,
                subject: arn,
                Input(resourceArn: arn, nextToken: token)
            )
            for tag in page.tags ?? [] { tags[tag.key] = tag.value ?? "" }
            token = page.nextToken
        } while token != nil
        return tags
    }

    /// Adds tags to a resource of SageMaker's, in place of those of the same name.
    ///
    /// See [AddTags](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html).
    public func addTags(arn: String, _ tags: [String: String]) async throws {
        struct Input: Encodable {
            let resourceArn: String
            let tags: [TagInput]?
        }
        try await sendIgnoringReply(
            .addTags,
            subject: arn,
            Input(resourceArn: arn, tags: TagInput.list(tags))
        )
    }

    func send<Output: Decodable>(
        _ operation: AWSOperation,
        subject: String,
        _ input: some Encodable,
        isRepeatable: Bool = true
    ) async throws -> Output {
        try await client.send(call(operation, subject: subject, input, isRepeatable: isRepeatable)) {
            try AWSJSON.decode(Output.self, from: $0.body)
        }
    }

    /// For operations that answer with nothing.
    func sendIgnoringReply(
        _ operation: AWSOperation,
        subject: String,
        _ input: some Encodable,
        isRepeatable: Bool = true
    ) async throws {
        try await client.send(call(operation, subject: subject, input, isRepeatable: isRepeatable)) { _ in }
    }

    private func call(
        _ operation: AWSOperation,
        subject: String,
        _ input: some Encodable,
        isRepeatable: Bool
    ) throws -> AWSCall {
        var call = try AWSCall.json(
            operation,
            target: "SageMaker",
            version: "1.1",
            subject: subject,
            input: input
        )
        call.isRepeatable = isRepeatable
        if !isRepeatable {
            call.mayBegin = mayBegin
            call.timeouts.total = Self.changing
        }
        return call
    }
}

/// A tag as SageMaker's inputs write it.
struct TagInput: Encodable {
    let key: String
    let value: String

    /// In order of their names, so that equal tags make equal requests; nil for none.
    static func list(_ tags: [String: String]) -> [TagInput]? {
        guard !tags.isEmpty else { return nil }
        return tags.sorted { $0.key < $1.key }.map { TagInput(key: $0.key, value: $0.value) }
    }
}
