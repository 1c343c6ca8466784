import Foundation
import Native

/// The call made to Amazon EventBridge.
///
/// See [PutEvents](https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
public struct EventBridge: Sendable {
    let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// Puts up to ten events, 256 KB in all, on their buses and returns one result for each, in order: some may
    /// fail while others are taken.
    ///
    /// Events may be delivered twice, so the call is sent again when its answer is lost. Throws `AWSError`.
    public func putEvents(_ entries: [EventEntry]) async throws -> [EventResult] {
        struct Input: Encodable { let entries: [EventEntry] }
        struct Output: Decodable {
            let entries: [EventResult]

            private enum CodingKeys: String, CodingKey { case entries = "Entries" }
        }
        guard !entries.isEmpty else { return [] }
        let call = try AWSCall.json(
            .putEvents,
            target: "AWSEvents",
            version: "1.1",
            subject: entries[0].eventBusName ?? "default",
            input: Input(entries: entries)
        )
        return try await client.send(call) { response in
            let results = try AWSJSON.decode(Output.self, from: response.body).entries
            guard results.count == entries.count else { throw TruncatedReply() }
            return results
        }
    }
}

/// One event to put.
public struct EventEntry: Sendable, Encodable {
    public let source: String
    public let detailType: String
    /// A JSON object, as text.
    public let detail: String
    public let resources: [String]
    /// The name or ARN of the bus; nil for the default one.
    public let eventBusName: String?

    public init(
        source: String,
        detailType: String,
        detail: String,
        resources: [String] = [],
        eventBusName: String? = nil
    ) {
        self.source = source
        self.detailType = detailType
        self.detail = detail
        self.resources = resources
        self.eventBusName = eventBusName
    }
}

/// What became of one event.
public struct EventResult: Sendable, Decodable, Equatable {
    /// EventBridge's id, where it took the event.
    public let eventID: String?
    /// Why it did not, such as `ThrottlingException`.
    public let errorCode: String?
    public let errorMessage: String?

    private enum CodingKeys: String, CodingKey {
        case eventID = "EventId"
        case errorCode = "ErrorCode"
        case errorMessage = "ErrorMessage"
    }
}
