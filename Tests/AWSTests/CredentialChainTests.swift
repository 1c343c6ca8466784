import Foundation
import Native
import TestTools
import Testing

@testable import AWS

@Suite struct CredentialChainTests {
    @Test func theEnvironmentComesFirst() async throws {
        let folder = try Folder(credentials: "[default]\naws_access_key_id=AKF\naws_secret_access_key=s")
        var variables = folder.variables
        variables["AWS_ACCESS_KEY_ID"] = "AKE"
        variables["AWS_SECRET_ACCESS_KEY"] = "s"
        variables["AWS_SESSION_TOKEN"] = "t"
        #expect(try await find(variables).accessKeyID == "AKE")
        variables["AWS_SECRET_ACCESS_KEY"] = nil
        await #expect(throws: CredentialsError.self) { try await find(variables) }
    }

    @Test func profilesAreRead() async throws {
        let folder = try Folder(
            credentials: """
                # a comment
                [default]
                aws_access_key_id = AKD
                aws_secret_access_key = a=b # comment
                [build]
                aws_access_key_id=AKB
                AWS_SECRET_ACCESS_KEY=s#t
                aws_session_token=tok
                """,
            config: """
                [profile both]
                aws_access_key_id=AKC
                aws_secret_access_key=s
                s3 =
                  aws_access_key_id = nested
                [profile build]
                region=eu-west-1
                [default]
                aws_access_key_id=AKX
                aws_secret_access_key=s
                """
        )
        #expect(try await find(folder.variables).accessKeyID == "AKD")
        #expect(try await find(folder.variables).secretAccessKey == "a=b")
        let build = try await find(folder.variables(profile: "build"))
        #expect(build.accessKeyID == "AKB")
        #expect(build.secretAccessKey == "s#t")
        #expect(build.sessionToken == "tok")
        #expect(try await find(folder.variables(profile: "both")).accessKeyID == "AKC")
        let error = await #expect(throws: CredentialsError.self) {
            try await find(folder.variables(profile: "nobody"))
        }
        #expect(
            error?.description == "no AWS credentials from profile nobody: there is no such profile in "
                + "\(folder.path)/credentials or \(folder.path)/config"
        )
    }

    @Test func halfAKeyIsAMistake() async throws {
        let folder = try Folder(credentials: "[default]\naws_access_key_id=AKF")
        let error = await #expect(throws: CredentialsError.self) { try await find(folder.variables) }
        #expect(error?.reason == "it has aws_access_key_id and no aws_secret_access_key")
    }

    @Test func aProcessIsRunWithoutAShell() async throws {
        let folder = try Folder(
            program: """
                #!/bin/sh
                printf '{"Version": 1, "AccessKeyId": "AKP", "SecretAccessKey": "%s", ' "$*"
                printf '"SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z"}'
                """
        )
        try folder.write(
            config:
                "[default]\ncredential_process = \(folder.path)/program one 'two  three' \"$(id); `id`\" > x | y"
        )
        let found = try await find(folder.variables)
        #expect(found.accessKeyID == "AKP")
        #expect(found.secretAccessKey == "one two  three $(id); `id` > x | y")
        #expect(found.expiration == Date(timeIntervalSince1970: 4_070_908_800))
    }

    @Test(arguments: [
        "exit 3", "echo nothing", #"echo '{"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "sesame"}'"#,
        #"echo '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "sesame", "Expiration": "soon"}'"#,
        #"echo '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": ["sesame"]}'"#,
    ])
    func aProcessThatFailsGivesNothing(_ script: String) async throws {
        let folder = try Folder(program: "#!/bin/sh\n\(script)")
        try folder.write(config: "[default]\ncredential_process = \(folder.path)/program")
        let error = await #expect(throws: CredentialsError.self) { try await find(folder.variables) }
        #expect(error.map { "\($0)".contains("sesame") } == false)
    }

    /// A program that asks somebody something would otherwise keep the worker from every account for ever.
    @Test func aProcessThatNeverEndsIsKilled() async throws {
        let folder = try Folder(program: "#!/bin/sh\nexec sleep 600")
        let process = CredentialProcess(
            "\(folder.path)/program",
            environment: AWSEnvironment(folder.variables),
            patience: .milliseconds(100)
        )
        let error = await #expect(throws: CredentialsError.self) { try await process.run() }
        #expect(error?.isTransient == true)
        #expect(error?.description.contains("it did not end in time") == true)
    }

    @Test(arguments: [
        ("a b", ["a", "b"]), ("  a   b ", ["a", "b"]), ("'a b' c", ["a b", "c"]),
        (#""a \"b\"" c"#, [#"a "b""#, "c"]),
        (#"a\ b"#, ["a b"]), (#"'a\b'"#, [#"a\b"#]), ("a''b \"\"", ["ab", ""]), ("", []),
    ])
    func splitsIntoWords(_ line: String, _ words: [String]) throws {
        #expect(try CredentialProcess.words(line) == words)
    }

    @Test(arguments: ["'a", "\"a", "a\\"])
    func refusesOpenQuotes(_ line: String) {
        #expect(throws: CredentialsError.self) { try CredentialProcess.words(line) }
    }

    @Test func aContainerIsAsked() async throws {
        let server = try TestServer()
        let folder = try Folder()
        try await server.reply(
            TestReply(
                200,
                #"{"AccessKeyId": "AKK", "SecretAccessKey": "s", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"}"#
            )
        )
        try folder.write("token", "Basic abc=")
        var variables = folder.variables
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url + "/creds?x=1"
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "other"
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = folder.path + "/token"
        let found = try await find(variables)
        #expect(found.accessKeyID == "AKK")
        #expect(found.sessionToken == "t")
        let request = try #require(try await server.requests().first)
        #expect(request.target == "/creds?x=1")
        #expect(request.header("Authorization") == ["Basic abc="])
        // A line break would begin another header.
        try folder.write("token", "Basic abc=\r\nX: y")
        await #expect(throws: CredentialsError.self) { try await find(variables) }
    }

    @Test(arguments: [
        ("http://169.254.170.2/a", true), ("http://169.254.170.23/a", true),
        ("http://[fd00:ec2::23]/a", true),
        ("http://localhost:80/", true), ("http://127.9.8.7/", true), ("https://example.com/", true),
        ("http://example.com/", false), ("http://127.0.0.1.example.com/", false), ("http://10.0.0.1/", false),
        ("http://169.254.169.254/", false),
    ])
    func tokensGoOnlyToKnownHosts(_ url: String, _ isAllowed: Bool) throws {
        #expect(ContainerCredentials.isAllowed(try #require(HTTPAddress(url))) == isAllowed)
    }

    /// Whoever reads it sees where something was looked for, and need not ask the next question.
    @Test func nothingAnywhereIsAnErrorThatSaysWhatEachPlaceLacks() async throws {
        let folder = try Folder()
        let error = await #expect(throws: CredentialsError.self) { try await find(folder.variables) }
        #expect(
            error?.description == "no AWS credentials from anywhere: "
                + "the environment has neither AWS_ACCESS_KEY_ID nor AWS_WEB_IDENTITY_TOKEN_FILE; "
                + "there is no profile default in \(folder.path)/credentials or \(folder.path)/config; "
                + "no container service is named by AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI; "
                + "AWS_EC2_METADATA_DISABLED keeps from the instance's metadata"
        )
    }

    @Test func aProfileOfIdentityCenterIsToldHow() async throws {
        let folder = try Folder(config: "[profile team]\nsso_session = corp\nsso_account_id = 1")
        let error = await #expect(throws: CredentialsError.self) {
            try await find(folder.variables(profile: "team"))
        }
        #expect(error?.reason.contains("aws configure export-credentials --profile team") == true)
    }

}
