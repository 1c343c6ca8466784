import Foundation
import Native
import TestTools
import Testing

@testable import AWS

/// The credentials that the chain finds.
func find(_ variables: [String: String]) async throws -> Credentials {
    try await provider(variables).credentials()
}

func provider(_ variables: [String: String]) throws -> any CredentialProvider {
    try CredentialChain.standard(
        environment: AWSEnvironment(variables),
        http: HTTPClient(),
        region: "eu-west-1"
    )
}

extension TestReply {
    /// STS's reply to an AssumeRole, or to one with a web identity.
    static func session(_ key: String, with token: Bool = false, until: String = "2099-01-01T00:00:00Z")
        -> Self
    {
        let result = token ? "AssumeRoleWithWebIdentity" : "AssumeRole"
        return TestReply(
            200,
            """
            <\(result)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(result)Result>
              <AssumedRoleUser><AssumedRoleId>AROAX:s</AssumedRoleId><Arn>arn:aws:sts::2:assumed-role/r/s</Arn></AssumedRoleUser>
              <Credentials><AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
              <SessionToken>t</SessionToken><Expiration>\(until)</Expiration></Credentials>
            </\(result)Result></\(result)Response>
            """
        )
    }
}

extension TestRequest {
    /// A parameter of an STS call, still percent-encoded.
    func parameter(_ name: String) -> String? {
        text.split(separator: "&").first { $0.hasPrefix("\(name)=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }
}

/// A folder of the test's own with the shared files in it, removed with the value.
final class Folder: Sendable {
    let path: String

    init(credentials: String? = nil, config: String? = nil, program: String? = nil) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        if let credentials { try write("credentials", credentials) }
        if let config { try write("config", config) }
        if let program {
            try write("program", program)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path + "/program")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var variables: [String: String] {
        [
            "AWS_SHARED_CREDENTIALS_FILE": path + "/credentials", "AWS_CONFIG_FILE": path + "/config",
            // A test asks no machine but its own.
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    func variables(profile: String) -> [String: String] {
        variables.merging(["AWS_PROFILE": profile]) { $1 }
    }

    func write(config: String) throws { try write("config", config) }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
    }
}
