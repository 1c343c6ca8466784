import Foundation
import Native
import Testing

/// The local stand-in for AWS, as `Tests/run` started it: its control API, never AWS's own.
struct LocalAWS: Sendable {
    /// Where the stand-in answers; nil where none was started, and then nothing here is tested.
    static let url = ProcessInfo.processInfo.environment["SLUICE_LOCAL_AWS"]

    private static let client = HTTPClient()

    let url: String

    init() throws {
        url = try #require(Self.url, "SLUICE_LOCAL_AWS says where the stand-in answers")
    }

    /// The stand-in refused: the test asked for something that cannot be.
    struct Refused: Error, CustomStringConvertible {
        let status: Int
        let description: String
    }

    @discardableResult
    func post(_ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
        try await ask("POST", path, [UInt8](body.text.utf8))
    }

    func get(_ path: String) async throws -> JSONValue {
        try await ask("GET", path, [])
    }

    func delete(_ path: String) async throws {
        _ = try await ask("DELETE", path, [])
    }

    private func ask(_ method: String, _ path: String, _ body: [UInt8]) async throws -> JSONValue {
        let request = HTTPRequest(
            method: method,
            url: "\(url)/_local/\(path)",
            headers: [HTTPHeader("Content-Type", "application/json")],
            body: body,
            timeouts: HTTPTimeouts(connect: .seconds(30), total: .seconds(60)),
            maximumResponseBytes: 64 << 20
        )
        let reply = try await Self.client.send(request)
        let limits = JSONLimits(bytes: 64 << 20, depth: 64)
        let answer = try JSONDocument(parsing: reply.body, limits: limits).root
        guard reply.status == 200 else {
            throw Refused(status: reply.status, description: "\(method) \(path): \(try answer.text)")
        }
        return answer
    }
}

/// Keys of somebody in the made-up world, and the SenderId that SQS shows for them.
struct Identity: Sendable {
    let accessKey: String
    let secret: String
    let id: String

    init(_ value: JSONValue?) throws {
        accessKey = try #require(value?["accessKeyId"]?.string)
        secret = try #require(value?["secretAccessKey"]?.string)
        id = try #require(value?["userId"]?.string)
    }
}
