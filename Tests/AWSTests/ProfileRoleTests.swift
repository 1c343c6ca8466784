import Foundation
import TestTools
import Testing

@testable import AWS

@Suite struct ProfileRoleTests {
    private static let keys = "aws_access_key_id=AKB\naws_secret_access_key=s"

    @Test func aRoleIsAssumedWithAnotherProfilesKeys() async throws {
        let server = try TestServer()
        let folder = try Folder(
            credentials: "[base]\n\(Self.keys)",
            config: """
                [profile deploy]
                \(Self.role("deploy"))
                source_profile = base
                external_id = acme
                role_session_name = ci-7
                duration_seconds = 900
                region = eu-central-1
                """
        )
        try await server.reply(.session("ASIA1"))
        #expect(try await find(folder, server, "deploy").accessKeyID == "ASIA1")
        let request = try #require(try await server.requests().first)
        #expect(request.parameter("RoleArn") == "arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fdeploy")
        #expect(request.parameter("ExternalId") == "acme")
        #expect(request.parameter("RoleSessionName") == "ci-7")
        #expect(request.parameter("DurationSeconds") == "900")
        #expect(try Self.signer(request) == "AKB/eu-central-1")
    }

    @Test func rolesAreAssumedOneAfterTheOther() async throws {
        let server = try TestServer()
        let folder = try Folder(
            config: """
                [default]
                \(Self.keys)
                [profile hub]
                \(Self.role("hub"))
                source_profile = default
                [profile spoke]
                \(Self.role("spoke"))
                source_profile = hub
                """
        )
        try await server.reply(.session("ASIA1"), .session("ASIA2"))
        #expect(try await find(folder, server, "spoke").accessKeyID == "ASIA2")
        #expect(try await server.requests().map(Self.signer) == ["AKB/eu-west-1", "ASIA1/eu-west-1"])
        #expect(try await server.requests().map { $0.parameter("RoleSessionName") } == ["sluice", "sluice"])
    }

    @Test func aProfileMayNameItselfForItsKeys() async throws {
        let server = try TestServer()
        let folder = try Folder(
            config: "[profile own]\n\(Self.role("own"))\nsource_profile = own\n\(Self.keys)"
        )
        try await server.reply(.session("ASIA1"))
        #expect(try await find(folder, server, "own").accessKeyID == "ASIA1")
        #expect(try await server.requests().map(Self.signer) == ["AKB/eu-west-1"])
    }

    @Test func aSourceMayHaveAProgramOrAToken() async throws {
        let server = try TestServer()
        let folder = try Folder(
            config: """
                [profile a]
                \(Self.role("a"))
                source_profile = printed
                [profile printed]
                credential_process = /bin/echo '{"Version": 1, "AccessKeyId": "AKP", "SecretAccessKey": "s"}'
                [profile b]
                \(Self.role("b"))
                source_profile = token
                """
        )
        try folder.write("token", "t")
        try folder.write(
            "credentials",
            "[token]\n\(Self.role("token"))\nweb_identity_token_file = \(folder.path)/token"
        )
        try await server.reply(.session("ASIA1"), .session("ASIA2", with: true), .session("ASIA3"))
        #expect(try await find(folder, server, "a").accessKeyID == "ASIA1")
        #expect(try await find(folder, server, "b").accessKeyID == "ASIA3")
        let requests = try await server.requests()
        #expect(try Self.signer(requests[0]) == "AKP/eu-west-1")
        #expect(requests[1].header("Authorization").isEmpty)
        #expect(try Self.signer(requests[2]) == "ASIA2/eu-west-1")
    }

    @Test func theEnvironmentsKeysAskForTheRoleOfAChosenProfile() async throws {
        let server = try TestServer()
        let folder = try Folder(
            config: """
                [profile plain]
                \(Self.role("plain"))
                source_profile = base
                [profile base]
                \(Self.keys)
                [profile chosen]
                \(Self.role("chosen"))
                credential_source = Environment
                [profile next]
                \(Self.role("next"))
                source_profile = chosen
                """
        )
        try await server.reply(.session("ASIA1"), .session("ASIA2"), .session("ASIA3"))
        let keys = ["AWS_ACCESS_KEY_ID": "AKE", "AWS_SECRET_ACCESS_KEY": "s"]
        #expect(try await find(folder, server, "plain", keys).accessKeyID == "AKE")
        #expect(try await find(folder, server, "chosen", keys).accessKeyID == "ASIA1")
        #expect(try await find(folder, server, "next", keys).accessKeyID == "ASIA3")
        #expect(
            try await server.requests().map(Self.signer)
                == ["AKE/eu-west-1", "AKE/eu-west-1", "ASIA2/eu-west-1"]
        )
    }

    @Test func aContainerOrAnInstanceMayAskForTheRole() async throws {
        let (server, service) = (try TestServer(), try TestServer())
        let folder = try Folder(
            config: """
                [profile task]
                \(Self.role("task"))
                credential_source = EcsContainer
                [profile machine]
                \(Self.role("machine"))
                credential_source = Ec2InstanceMetadata
                """
        )
        let expiration = #""Expiration": "2099-01-01T00:00:00Z""#
        try await service.reply(
            TestReply(200, #"{"AccessKeyId": "AKK", "SecretAccessKey": "s", "Token": "t", \#(expiration)}"#),
            TestReply(200, "token"),
            TestReply(200, "role"),
            TestReply(200, #"{"AccessKeyId": "AKI", "SecretAccessKey": "s", "Token": "t", \#(expiration)}"#)
        )
        try await server.reply(.session("ASIA1"), .session("ASIA2"))
        let container = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url + "/creds"]
        #expect(try await find(folder, server, "task", container).accessKeyID == "ASIA1")
        let instance = [
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url,
            "AWS_METADATA_SERVICE_TIMEOUT": "60",
        ]
        #expect(try await find(folder, server, "machine", instance).accessKeyID == "ASIA2")
        #expect(try await server.requests().map(Self.signer) == ["AKK/eu-west-1", "AKI/eu-west-1"])
    }

    @Test(arguments: [
        (
            "\(role("a"))\nsource_profile = b\n[profile b]\n\(role("b"))\nsource_profile = a",
            "profile b", "its source_profile leads back to where it came from: a → b → a"
        ),
        (
            "\(role("a"))\nsource_profile = a", "profile a",
            "its source_profile leads back to where it came from: a → a"
        ),
        (
            "\(role("a"))\nsource_profile = b\n[profile b]\nregion = eu-west-1", "profile a",
            "its source_profile b has no role_arn, no web_identity_token_file, no keys and no credential_process"
        ),
        (
            "\(role("a"))\n\(keys)", "profile a",
            "it has role_arn and neither source_profile nor credential_source, whose credentials would ask for "
                + "the role"
        ),
        (
            "\(role("a"))\nsource_profile = b\ncredential_source = Environment", "profile a",
            "it has both source_profile and credential_source; keep one"
        ),
        (
            "\(role("a"))\ncredential_source = Ec2", "profile a",
            "its credential_source `Ec2` is not Environment, Ec2InstanceMetadata or EcsContainer"
        ),
        (
            "\(role("a"))\ncredential_source = Environment", "profile a",
            "its credential_source is Environment, which has no AWS_ACCESS_KEY_ID"
        ),
        (
            "\(role("a"))\ncredential_source = EcsContainer", "profile a",
            "its credential_source is EcsContainer, but neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                + "_FULL_URI is set"
        ),
        (
            "\(role("a"))\ncredential_source = Ec2InstanceMetadata", "profile a",
            "its credential_source is Ec2InstanceMetadata, from which AWS_EC2_METADATA_DISABLED keeps"
        ),
        (
            "\(role("a"))\ncredential_source = Environment\nmfa_serial = arn:aws:iam::1:mfa/me", "profile a",
            "its role asks for a code of arn:aws:iam::1:mfa/me, which nobody can type into a worker. Use a role "
                + "without mfa_serial, or a credential_process that has asked already"
        ),
        (
            "\(role("a"))\ncredential_source = Environment\nduration_seconds = 60", "profile a",
            "its duration_seconds `60` is not 900 to 43200"
        ),
        (
            "\(role("a"))\ncredential_source = Environment\nrole_session_name = é", "profile a",
            "its role_session_name `é` is not 2 to 64 letters, digits and `_+=,.@-`"
        ),
        ("role_arn = admin\nsource_profile = b", "profile a", "its role_arn `admin` is no role's ARN"),
    ])
    func whatCannotBeMeantIsRefused(_ profile: String, _ source: String, _ reason: String) async throws {
        let server = try TestServer()
        let folder = try Folder(config: "[profile a]\n\(profile)")
        let error = await #expect(throws: CredentialsError.self) { try await find(folder, server, "a") }
        #expect(error?.source == source)
        #expect(error?.reason == reason)
        #expect(try await server.requests().isEmpty)
    }

    @Test func aSourceThatIsNotThereIsNamed() async throws {
        let folder = try Folder(config: "[profile a]\n\(Self.role("a"))\nsource_profile = z")
        let error = await #expect(throws: CredentialsError.self) {
            try await AWSTests.find(folder.variables(profile: "a"))
        }
        #expect(error?.reason.hasPrefix("its source_profile z is not in \(folder.path)/credentials") == true)
    }

    private static func role(_ name: String) -> String { "role_arn = arn:aws:iam::222222222222:role/\(name)" }

    /// The access key and region that a request is signed with.
    private static func signer(_ request: TestRequest) throws -> String {
        let header = try #require(request.header("Authorization").first)
        let scope = try #require(header.split(separator: "Credential=").last).split(separator: "/")
        return "\(scope[0])/\(scope[2])"
    }

    private func find(
        _ folder: Folder,
        _ server: TestServer,
        _ profile: String,
        _ more: [String: String] = [:]
    ) async throws -> Credentials {
        var variables = folder.variables(profile: profile)
        variables["AWS_ENDPOINT_URL"] = server.url
        return try await AWSTests.find(variables.merging(more) { $1 })
    }
}
