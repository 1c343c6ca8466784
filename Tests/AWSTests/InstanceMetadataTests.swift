import Foundation
import Native
import TestTools
import Testing

@testable import AWS

@Suite struct InstanceMetadataTests {
    private static let path = "/latest/meta-data/iam/security-credentials/"
    private let token = TestReply(200, "token==")
    private let role = TestReply(200, "sluice-worker")

    @Test func theRolesCredentialsAreAskedForWithAToken() async throws {
        let server = try TestServer()
        try await server.reply(token, role, Self.keys("AKI"))
        let found = try await find(server)
        #expect(found.accessKeyID == "AKI")
        #expect(found.sessionToken == "t")
        #expect(found.expiration == Date(timeIntervalSince1970: 4_070_908_800))
        let requests = try await server.requests()
        #expect(requests.map(\.method) == ["PUT", "GET", "GET"])
        #expect(requests.map(\.target) == ["/latest/api/token", Self.path, Self.path + "sluice-worker"])
        #expect(requests[0].header("X-aws-ec2-metadata-token-ttl-seconds") == ["21600"])
        for request in requests.dropFirst() {
            #expect(request.header("X-aws-ec2-metadata-token") == ["token=="])
        }
    }

    /// Version 1 is the same service without the token.
    @Test(arguments: [400, 403, 404, 405, 500])
    func withoutATokenNothingElseIsAsked(_ status: Int) async throws {
        let server = try TestServer()
        try await server.reply(TestReply(status))
        await #expect(throws: CredentialsError.self) { try await find(server) }
        #expect(try await server.requests().map(\.method) == ["PUT"])
    }

    @Test func aContainerBeyondTheHopLimitIsTold() async throws {
        let server = try TestServer()
        try await server.reply(TestReply(200, "token", action: .hold))
        let error = await #expect(throws: CredentialsError.self) {
            try await find(server, ["AWS_METADATA_SERVICE_TIMEOUT": "1"])
        }
        #expect(error?.isTransient == true)
        #expect(error?.reason.contains("did not answer within 1 s") == true)
        #expect(error?.reason.contains("--http-put-response-hop-limit 2") == true)
        // It is the last place, so whoever reads it learns what the others lack.
        #expect(error?.reason.contains("AWS_WEB_IDENTITY_TOKEN_FILE") == true)
    }

    @Test(arguments: [
        (
            TestReply(200, #"{"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume it"}"#),
            "it has no credentials of role sluice-worker: AssumeRoleUnauthorizedAccess: EC2 cannot assume it"
        ),
        (TestReply(200, "<html>"), "what it says of role sluice-worker is not JSON"),
        (TestReply(200, #"{"Code": "Success"}"#), "what it says of role sluice-worker holds no credentials"),
        (
            TestReply(200, #"{"Code": "Success", "AccessKeyId": "a", "SecretAccessKey": "sesame"}"#),
            "it does not say when the credentials of role sluice-worker end"
        ),
        (
            TestReply(200, #"{"AccessKeyId": "a", "SecretAccessKey": "sesame", "Expiration": "soon"}"#),
            "the expiration is not an ISO 8601 time"
        ),
    ])
    func whatIsNoSuccessIsAnError(_ reply: TestReply, _ reason: String) async throws {
        let server = try TestServer()
        try await server.reply(token, role, reply)
        let error = await #expect(throws: CredentialsError.self) { try await find(server) }
        #expect(error?.reason.hasSuffix("the instance's metadata: \(reason)") == true)
        #expect(error?.description.contains("sesame") == false)
    }

    @Test func anInstanceWithoutARoleIsSaidToBeOne() async throws {
        let server = try TestServer()
        try await server.reply(token, TestReply(404))
        let error = await #expect(throws: CredentialsError.self) { try await find(server) }
        #expect(error?.reason.hasSuffix("the instance has no role (no instance profile)") == true)
        try await server.reply(token, TestReply(200, "../../dynamic"))
        await #expect(throws: CredentialsError.self) { try await find(server) }
        #expect(try await server.requests().count == 4)
    }

    /// A token with a line break in it would begin another header.
    @Test func aTokenIsOneWord() async throws {
        let server = try TestServer()
        try await server.reply(TestReply(200, "a\r\nX: y"))
        await #expect(throws: CredentialsError.self) { try await find(server) }
        #expect(try await server.requests().count == 1)
    }

    /// While the service cannot renew them, AWS accepts those that have ended.
    @Test func endedOnesAreKeptForTwentyMinutes() async throws {
        let server = try TestServer()
        try await server.reply(token, role, Self.keys("AKI", until: "2026-01-02T03:04:05Z"))
        let metadata = try #require(
            try InstanceMetadata(AWSEnvironment(variables(server)), http: HTTPClient())
        )
        let now = Date(timeIntervalSince1970: 1_767_323_045)
        #expect(try await metadata.fetch(now: now).expiration == now.addingTimeInterval(1200))
    }

    @Test func itIsTheLastPlaceAndCanBeShut() async throws {
        let server = try TestServer()
        var variables = variables(server)
        variables["AWS_EC2_METADATA_DISABLED"] = "True"
        await #expect(throws: CredentialsError.self) { try await AWSTests.find(variables) }
        variables["AWS_EC2_METADATA_DISABLED"] = nil
        variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "metadata"
        let error = await #expect(throws: CredentialsError.self) { try await AWSTests.find(variables) }
        #expect(error?.reason == "AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http or https URL")
        #expect(try await server.requests().isEmpty)
    }

    private static func keys(_ key: String, until: String = "2099-01-01T00:00:00Z") -> TestReply {
        TestReply(
            200,
            """
            {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "\(key)", "SecretAccessKey": "s",
             "Token": "t", "Expiration": "\(until)"}
            """
        )
    }

    private func variables(_ server: TestServer) -> [String: String] {
        [
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url + "/",
            // The machine that tests may be busy.
            "AWS_METADATA_SERVICE_TIMEOUT": "60",
        ]
    }

    private func find(_ server: TestServer, _ more: [String: String] = [:]) async throws -> Credentials {
        try await AWSTests.find(variables(server).merging(more) { $1 })
    }
}
