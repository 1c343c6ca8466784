import Foundation
import Native
import XMLCoder

/// The code and message of an error as a service wrote them, before anybody judges them.
struct ErrorReply: Sendable, Equatable {
    var status: Int
    var code: String
    var message: String
    var requestID: String?

    /// Reads an error in whichever of AWS's forms the response is.
    ///
    /// JSON services name the code in `__type` or a header; STS and S3 answer in XML; HEAD has no body, and a
    /// load balancer answers in HTML.
    ///
    /// - Parameter secrets: What the message may not hold. A service that doubts a signature quotes the request,
    ///   session token and all.
    init(_ response: HTTPResponse, hiding secrets: [String] = []) {
        status = response.status
        requestID = Self.requestID(response)
        code = ""
        message = ""
        let first = response.body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if first == UInt8(ascii: "{") {
            readJSON(response)
        } else if first == UInt8(ascii: "<") {
            readXML(response)
        }
        if let type = response.header("x-amzn-errortype") { code = Self.bareCode(type) }
        if let old = response.header("x-amzn-query-error")?.split(separator: ";"), old.count == 2 {
            code = String(old[0])
        }
        if code.isEmpty { code = "HTTP \(status)" }
        if let quote = message.range(of: "The Canonical String") {
            message.removeSubrange(quote.lowerBound...)
        }
        for secret in secrets where !secret.isEmpty { message = message.replacing(secret, with: "…") }
        message = String(message.prefix(1024)).withoutURLQueries
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    init(status: Int, code: String, message: String, requestID: String?) {
        self.status = status
        self.code = code
        self.message = String(message.prefix(1024))
        self.requestID = requestID
    }

    static func requestID(_ response: HTTPResponse) -> String? {
        response.header("x-amzn-requestid") ?? response.header("x-amz-request-id")
    }

    private mutating func readJSON(_ response: HTTPResponse) {
        struct Body: Decodable {
            let type: String?
            let code: String?
            let message: String?
            let capitalMessage: String?
            let originalMessage: String?

            private enum CodingKeys: String, CodingKey {
                case type = "__type"
                case code
                case message
                case capitalMessage = "Message"
                case originalMessage = "OriginalMessage"
            }
        }
        guard let body = try? AWSJSON.decode(Body.self, from: response.body) else { return }
        code = Self.bareCode(body.type ?? body.code ?? "")
        let said = body.message ?? body.capitalMessage ?? ""
        // SageMaker quotes a container's words in its own message, and then gives them once more.
        let original = body.originalMessage.flatMap { said.contains($0) ? nil : $0 } ?? ""
        message = "\(said) \(original)".trimmingCharacters(in: .whitespaces)
    }

    private mutating func readXML(_ response: HTTPResponse) {
        struct Inner: Decodable {
            let code: String?
            let message: String?

            private enum CodingKeys: String, CodingKey {
                case code = "Code"
                case message = "Message"
            }
        }
        struct Body: Decodable {
            let code: String?
            let message: String?
            let requestID: String?
            let error: Inner?

            private enum CodingKeys: String, CodingKey {
                case code = "Code"
                case message = "Message"
                case requestID = "RequestId"
                case error = "Error"
            }
        }
        guard let body = try? AWSXML.decode(Body.self, from: response.body) else { return }
        code = body.error?.code ?? body.code ?? ""
        message = body.error?.message ?? body.message ?? ""
        requestID = body.requestID ?? requestID
    }

    /// `com.amazonaws.sqs#QueueDoesNotExist:http://…` is `QueueDoesNotExist`.
    private static func bareCode(_ text: String) -> String {
        let front = text.prefix { $0 != ":" }
        return String(front[(front.lastIndex(of: "#").map { front.index(after: $0) } ?? front.startIndex)...])
    }
}
