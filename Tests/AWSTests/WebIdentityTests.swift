import Foundation
import Native
import Synchronization
import TestTools
import Testing

@testable import AWS

@Suite struct WebIdentityTests {
    private let role = "arn:aws:iam::111111111111:role/sluice-worker"

    @Test func aTokenIsExchangedWithoutASignature() async throws {
        let server = try TestServer()
        let folder = try Folder()
        try folder.write("token", "header.payload.signature\n")
        try await server.reply(.session("ASIA1", with: true))
        let found = try await find(variables(folder, server, ["AWS_ROLE_SESSION_NAME": "worker-1"]))
        #expect(found.accessKeyID == "ASIA1")
        let request = try #require(try await server.requests().first)
        #expect(request.header("Authorization") == [])
        #expect(
            request.text == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
                + "&RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2Fsluice-worker"
                + "&RoleSessionName=worker-1&WebIdentityToken=header.payload.signature"
        )
    }

    @Test func theTokenIsReadAnewEachTime() async throws {
        let server = try TestServer()
        let folder = try Folder()
        try folder.write("token", "first")
        try await server.reply(.session("ASIA1", with: true), .session("ASIA2", with: true))
        let provider = try provider(variables(folder, server))
        let used = try await provider.credentials()
        try folder.write("token", "second")
        await provider.invalidate(used)
        #expect(try await provider.credentials().accessKeyID == "ASIA2")
        #expect(try await server.requests().map { $0.parameter("WebIdentityToken") } == ["first", "second"])
        #expect(try await server.requests().map { $0.parameter("RoleSessionName") } == ["sluice", "sluice"])
    }

    /// The old credentials are used while they last.
    @Test func aTokenThatVanishesStopsNothingAtOnce() async throws {
        let server = try TestServer()
        let folder = try Folder()
        try folder.write("token", "first")
        try await server.reply(.session("ASIA1", with: true, until: "2026-01-02T04:04:05Z"))
        let identity = try #require(try WebIdentity(AWSEnvironment(variables(folder, server)), nil))
        let sts = STS(
            AWSClient(
                http: HTTPClient(),
                credentials: NoCredentials(),
                region: "eu-west-1",
                environment: AWSEnvironment(variables(folder, server))
            )
        )
        // 2026-01-02T03:04:05Z: the session lasts an hour.
        let now = Mutex(Date(timeIntervalSince1970: 1_767_323_045))
        let provider = ExpiringCredentials(now: { now.withLock { $0 } }) { try await identity.fetch(sts) }
        #expect(try await provider.credentials().accessKeyID == "ASIA1")
        try FileManager.default.removeItem(atPath: folder.path + "/token")
        now.withLock { $0 += 3599 }
        #expect(try await provider.credentials().accessKeyID == "ASIA1")
        now.withLock { $0 += 1 }
        let error = await #expect(throws: CredentialsError.self) { try await provider.credentials() }
        #expect(error?.isTransient == true)
        #expect(error?.reason == "the token file \(folder.path)/token cannot be read")
    }

    @Test func aProfileMayNameTheToken() async throws {
        let server = try TestServer()
        let folder = try Folder()
        try folder.write("token", "theirs")
        try folder.write(
            config: """
                [profile eks]
                role_arn = \(role)
                web_identity_token_file = \(folder.path)/token
                role_session_name = eks-worker
                region = eu-central-1
                """
        )
        try await server.reply(.session("ASIA1", with: true))
        var variables = folder.variables(profile: "eks")
        variables["AWS_ENDPOINT_URL"] = server.url
        #expect(try await find(variables).accessKeyID == "ASIA1")
        let request = try #require(try await server.requests().first)
        #expect(request.parameter("RoleSessionName") == "eks-worker")
        #expect(request.parameter("WebIdentityToken") == "theirs")
    }

    @Test func itComesAfterTheProfilesRoleAndBeforeItsKeys() async throws {
        let server = try TestServer()
        let folder = try Folder(
            credentials: "[default]\naws_access_key_id=AKD\naws_secret_access_key=s",
            config: "[profile roled]\nrole_arn = \(role)\nsource_profile = default"
        )
        try folder.write("token", "t")
        try await server.reply(.session("ASIA1", with: true), .session("ASIA2"))
        #expect(try await find(variables(folder, server)).accessKeyID == "ASIA1")
        #expect(try await find(variables(folder, server, ["AWS_PROFILE": "roled"])).accessKeyID == "ASIA2")
    }

    @Test(arguments: [("", 1, "is empty"), (" \n", 1, "is empty"), ("x", 20_001, "holds no token")])
    func aFileWithoutATokenIsSaidToBeOne(_ text: String, _ times: Int, _ reason: String) async throws {
        let server = try TestServer()
        let folder = try Folder()
        try folder.write("token", String(repeating: text, count: times))
        let error = await #expect(throws: CredentialsError.self) {
            try await find(variables(folder, server))
        }
        #expect(error?.source == "web identity")
        #expect(error?.reason.contains(reason) == true)
        #expect(try await server.requests().isEmpty)
    }

    @Test(arguments: [
        ("AWS_ROLE_ARN", "", "there is no AWS_ROLE_ARN, so no role to ask for"),
        ("AWS_ROLE_ARN", "sluice-worker", "`sluice-worker` is no role's ARN"),
        (
            "AWS_ROLE_SESSION_NAME", "a b",
            "the session name `a b` is not 2 to 64 letters, digits and `_+=,.@-`"
        ),
    ])
    func settingsThatCannotBeMeantAreRefused(_ name: String, _ value: String, _ reason: String) async throws {
        let server = try TestServer()
        let folder = try Folder()
        try folder.write("token", "t")
        let error = await #expect(throws: CredentialsError.self) {
            try await find(variables(folder, server, [name: value]))
        }
        #expect(error?.reason == reason)
    }

    /// STS quotes what it does not like.
    @Test func aRefusalHoldsNoToken() async throws {
        let server = try TestServer()
        let folder = try Folder()
        try folder.write("token", "sesame-token")
        try await server.reply(
            TestReply(
                400,
                "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>sesame-token is not signed by "
                    + "a known key</Message></Error></ErrorResponse>"
            )
        )
        let error = await #expect(throws: AWSError.self) { try await find(variables(folder, server)) }
        #expect(
            error?.description == "STS AssumeRoleWithWebIdentity of \(role) was refused: "
                + "InvalidIdentityToken: … is not signed by a known key"
        )
    }

    private func variables(
        _ folder: Folder,
        _ server: TestServer,
        _ more: [String: String] = [:]
    ) -> [String: String] {
        folder.variables.merging(
            [
                "AWS_ENDPOINT_URL": server.url, "AWS_ROLE_ARN": role,
                "AWS_WEB_IDENTITY_TOKEN_FILE": folder.path + "/token",
            ]
        ) { $1 }.merging(more) { $1 }
    }
}
