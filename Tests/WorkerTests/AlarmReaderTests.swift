import Foundation
import Logging
import Native
import Promotion
import Testing

@testable import AWS
@testable import Worker

/// Where the stand-in answers; nil where none was started, and then nothing here is tested.
private let localAWS = ProcessInfo.processInfo.environment["SLUICE_LOCAL_AWS"]

/// Alarms read through a session of a deployment account, from the local stand-in for AWS.
@Suite(.enabled(if: localAWS != nil))
struct AlarmReaderTests {
    private static let registry = "1\(Int.random(in: 10_000_000_000...99_999_999_999))"
    private static let account = "2\(registry.dropFirst())"

    @Test func everyNameAskedForGetsASight() async throws {
        let http = HTTPClient()
        let reader = try await Self.reader(http)
        try await Self.post(
            http,
            "alarms",
            #"{"account": "\#(Self.account)", "name": "5xx", "state": "ALARM"}"#
        )
        try await Self.post(
            http,
            "alarms",
            #"{"account": "\#(Self.account)", "name": "all", "state": "OK", "composite": true}"#
        )
        try await Self.post(
            http,
            "alarms",
            #"{"account": "\#(Self.account)", "name": "new", "state": "INSUFFICIENT_DATA"}"#
        )
        let first = try await reader.look(at: ["all", "none", "5xx", "new", "5xx"], in: "staging")
        #expect(first.map(\.name) == ["all", "none", "5xx", "new", "5xx"])
        #expect(first.map(\.state) == [.ok, .missing, .alarm, .insufficientData, .alarm])
        #expect(first.allSatisfy { $0.account == "staging" })
        #expect(first.map { $0.since == nil } == [false, true, false, false, false])

        // The same state once more is no transition, and another one is.
        try await Self.post(
            http,
            "alarms",
            #"{"account": "\#(Self.account)", "name": "5xx", "state": "ALARM"}"#
        )
        let again = try await reader.look(at: ["5xx"], in: "staging")
        #expect(again.map(\.since) == [first[2].since])
        try await Self.post(http, "alarms", #"{"account": "\#(Self.account)", "name": "5xx", "state": "OK"}"#)
        let quiet = try #require(try await reader.look(at: ["5xx"], in: "staging").first)
        #expect(quiet.state == .ok)
        #expect(try #require(quiet.since) > #require(first[2].since))
        await http.shutdown()
    }

    private static func reader(_ http: HTTPClient) async throws -> AlarmReader {
        let world = try await post(
            http,
            "worlds",
            #"{"registry": "\#(registry)", "accounts": [{"name": "staging", "account": "\#(account)"}]}"#
        )
        let keys = world["identities"]?["worker"]
        var fixture = AccountsFixture()
        try fixture.replace("\"111111111111\"", with: "\"\(registry)\"", in: "registry.yaml")
        try fixture.replace("/111111111111/", with: "/\(registry)/", in: "registry.yaml")
        try fixture.replace("\"222222222222\"", with: "\"\(account)\"", in: "staging.yaml")
        try fixture.replace(
            "iam::222222222222:role/sluice",
            with: "iam::\(account):role/sluice",
            in: "staging.yaml"
        )
        try fixture.replace(
            "iam::222222222222:role/sage",
            with: "iam::\(account):role/sage",
            in: "staging.yaml"
        )
        let environment = AWSEnvironment(["AWS_ENDPOINT_URL": try #require(localAWS)])
        let sessions = Sessions(
            settings: try Settings(try fixture.load()),
            environment: environment,
            http: http,
            base: StaticCredentials(
                Credentials(
                    accessKeyID: try #require(keys?["accessKeyId"]?.string),
                    secretAccessKey: try #require(keys?["secretAccessKey"]?.string)
                )
            ),
            worker: "alarms",
            observer: CallLog(log: Logger(label: "alarms"))
        )
        return AlarmReader(sessions: sessions)
    }

    @discardableResult
    private static func post(_ http: HTTPClient, _ path: String, _ body: String) async throws -> JSONValue {
        let request = HTTPRequest(
            method: "POST",
            url: "\(try #require(localAWS))/_local/\(path)",
            headers: [HTTPHeader("Content-Type", "application/json")],
            body: Array(body.utf8),
            timeouts: HTTPTimeouts()
        )
        let reply = try await http.send(request)
        try #require(reply.status == 200, "\(String(decoding: reply.body, as: UTF8.self))")
        return try JSONDocument(parsing: reply.body).root
    }
}
