public import Foundation
import Native

/// The calls made to Amazon SQS.
///
/// All of them throw `AWSError`, or `CancellationError`.
/// See the [Amazon SQS API Reference](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/).
public struct SQS: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// Waits for messages and takes up to `maximum` of them out of others' sight.
    ///
    /// A message whose receipt is lost on the way stays out of sight for `visibilitySeconds`.
    ///
    /// - Parameters:
    ///   - maximum: 1 to 10.
    ///   - waitSeconds: 0 to 20; how long an empty queue is watched.
    ///   - visibilitySeconds: 0 to 43,200.
    public func receiveMessages(
        queueURL: String,
        maximum: Int = 10,
        waitSeconds: Int = 20,
        visibilitySeconds: Int
    ) async throws -> [ReceivedMessage] {
        struct Input: Encodable {
            let queueUrl: String
            let maxNumberOfMessages: Int
            let waitTimeSeconds: Int
            let visibilityTimeout: Int
            let messageSystemAttributeNames = ["SenderId", "SentTimestamp", "ApproximateReceiveCount"]
        }
        struct Output: Decodable {
            let messages: [ReceivedMessage]?

            private enum CodingKeys: String, CodingKey { case messages = "Messages" }
        }
        var call = try call(
            .receiveMessage,
            queueURL,
            Input(
                queueUrl: queueURL,
                maxNumberOfMessages: maximum,
                waitTimeSeconds: waitSeconds,
                visibilityTimeout: visibilitySeconds
            )
        )
        call.timeouts.total = .seconds(waitSeconds + 15)
        // Ten messages of 1 MiB, each character of which JSON may write as six.
        call.maximumResponseBytes = 64 << 20
        // AWS leaves the list out when it is empty.
        return try await client.send(call) { try AWSJSON.decode(Output.self, from: $0.body).messages ?? [] }
    }

    /// Deletes up to ten messages and returns those that could not be, by their place in `receiptHandles`.
    ///
    /// A handle of an earlier receipt may be accepted without effect.
    public func deleteMessages(
        queueURL: String,
        receiptHandles: [String]
    ) async throws -> [BatchFailure] {
        struct Entry: Encodable {
            let id: String
            let receiptHandle: String
        }
        guard !receiptHandles.isEmpty else { return [] }
        let entries = receiptHandles.enumerated().map {
            Entry(id: String($0.offset), receiptHandle: $0.element)
        }
        let call = try call(.deleteMessageBatch, queueURL, Batch(queueUrl: queueURL, entries: entries))
        return try await client.send(call) {
            // Of an entry that was not asked for nothing can be said.
            (try AWSJSON.decode(BatchOutput.self, from: $0.body).failed ?? []).filter {
                entries.indices.contains($0.index)
            }
        }
    }

    /// Sends one message and returns its id.
    ///
    /// Throws `AWSError` of kind `unknownOutcome` where the message may be on the queue, and of kind
    /// `unreadable` where SQS proves that it holds another text.
    @discardableResult
    public func sendMessage(queueURL: String, body: String) async throws -> String {
        struct Input: Encodable {
            let queueUrl: String
            let messageBody: String
        }
        struct Output: Decodable {
            let messageID: String
            let bodyMD5: String

            private enum CodingKeys: String, CodingKey {
                case messageID = "MessageId"
                case bodyMD5 = "MD5OfMessageBody"
            }
        }
        let call = try call(.sendMessage, queueURL, Input(queueUrl: queueURL, messageBody: body))
            .notRepeatable()
        let output = try await client.send(call) { try AWSJSON.decode(Output.self, from: $0.body) }
        guard try output.bodyMD5 == Digest.hex(Digest.md5(body)) else {
            throw call.error(
                .unreadable,
                code: "MD5Mismatch",
                message: "message \(output.messageID) holds another text",
                account: client.account
            )
        }
        return output.messageID
    }

    /// What a queue is set to, by SQS's names: `Policy`, `RedrivePolicy`, `KmsMasterKeyId`, ….
    public func queueAttributes(queueURL: String) async throws -> [String: String] {
        struct Input: Encodable {
            let queueUrl: String
            let attributeNames = ["All"]
        }
        struct Output: Decodable {
            let attributes: [String: String]?

            private enum CodingKeys: String, CodingKey { case attributes = "Attributes" }
        }
        let call = try call(.getQueueAttributes, queueURL, Input(queueUrl: queueURL))
        return try await client.send(call) {
            try AWSJSON.decode(Output.self, from: $0.body).attributes ?? [:]
        }
    }

    private struct Batch<Entry: Encodable>: Encodable {
        let queueUrl: String
        let entries: [Entry]
    }

    private struct BatchOutput: Decodable {
        let failed: [BatchFailure]?

        private enum CodingKeys: String, CodingKey { case failed = "Failed" }
    }

    /// The queue's URL goes into the body; the request goes to the region that URL names.
    private func call(_ operation: AWSOperation, _ queueURL: String, _ input: some Encodable) throws
        -> AWSCall
    {
        var call = try AWSCall.json(
            operation,
            target: "AmazonSQS",
            version: "1.0",
            subject: Self.queueName(queueURL),
            input: input
        )
        // SQS then also names an error as its older protocol did, which some callers know better.
        call.headers.append(HTTPHeader("x-amzn-query-mode", "true"))
        call.region = Self.region(queueURL)
        return call
    }

    private static func queueName(_ url: String) -> String {
        url.split(separator: "/").last.map(String.init) ?? url
    }

    /// `eu-west-1` of `https://sqs.eu-west-1.amazonaws.com/111111111111/name`.
    static func region(_ url: String) -> String? {
        guard let labels = HTTPAddress(url)?.host.split(separator: "."), labels.count >= 4,
            labels[0] == "sqs", labels[2] == "amazonaws"
        else { return nil }
        return String(labels[1])
    }
}

/// One message as SQS delivered it.
public struct ReceivedMessage: Sendable, Decodable {
    /// SQS's id. A message moved back from a dead-letter queue gets a new one.
    public let messageID: String
    /// Names this delivery, for deleting it.
    public let receiptHandle: String
    /// The text; bytes that are not UTF-8 are U+FFFD, and `isIntact` is false.
    public let body: String
    /// Who sent it, as SQS saw it: `AIDA…` for a user, `AROA…:<session>` for a role.
    public let senderID: String?
    public let sentAt: Date?
    /// How often it was received, this time included.
    public let receiveCount: Int
    /// Whether `body` has the MD5 that SQS computed.
    public let isIntact: Bool

    private enum CodingKeys: String, CodingKey {
        case messageID = "MessageId"
        case receiptHandle = "ReceiptHandle"
        case body = "Body"
        case bodyMD5 = "MD5OfBody"
        case attributes = "Attributes"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        messageID = try values.decode(String.self, forKey: .messageID)
        receiptHandle = try values.decode(String.self, forKey: .receiptHandle)
        body = try values.decodeIfPresent(String.self, forKey: .body) ?? ""
        let md5 = try values.decodeIfPresent(String.self, forKey: .bodyMD5)
        isIntact = try md5 == Digest.hex(Digest.md5(body))
        // All attributes are strings, counts and times too.
        let attributes = try values.decodeIfPresent([String: String].self, forKey: .attributes) ?? [:]
        senderID = attributes["SenderId"]
        sentAt = attributes["SentTimestamp"].flatMap { Double($0) }.map {
            Date(timeIntervalSince1970: $0 / 1000)
        }
        receiveCount = attributes["ApproximateReceiveCount"].flatMap { Int($0) } ?? 1
    }
}

/// One entry of a batch that SQS refused while it took others.
public struct BatchFailure: Sendable, Decodable, Equatable {
    /// The entry's place in the batch, from 0.
    public let index: Int
    public let code: String
    public let message: String

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case code = "Code"
        case message = "Message"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard let index = Int(try values.decode(String.self, forKey: .id)) else {
            throw DecodingError.dataCorruptedError(forKey: .id, in: values, debugDescription: "not an index")
        }
        self.index = index
        code = try values.decodeIfPresent(String.self, forKey: .code) ?? ""
        message = try values.decodeIfPresent(String.self, forKey: .message) ?? ""
    }
}
