import Foundation

/// What a profile of the shared `credentials` and `config` files says about credentials.
///
/// Static keys in the credentials file come before `credential_process`, and that before static keys in the
/// config file, as in AWS's own tools.
public struct ProfileCredentials: Sendable {
    private let credentialsFile: ProfileFile
    private let configFile: ProfileFile
    private let profile: String

    /// Reads the files the environment names. A file that is not there holds nothing.
    public init(_ environment: AWSEnvironment) {
        credentialsFile = ProfileFile(Self.text(environment.credentialsFile))
        configFile = ProfileFile(Self.text(environment.configFile))
        profile = environment.profile
    }

    /// Whether either file names the profile.
    public var exists: Bool { credentialsFile[profile] != nil || configSection != nil }

    /// The profile's `credential_process`, where no static keys come before it.
    public var process: String? {
        guard Self.keys(credentialsFile[profile]) == nil else { return nil }
        return credentialsFile[profile]?["credential_process"] ?? configSection?["credential_process"]
    }

    /// The profile's static keys, if it has any.
    public var staticKeys: Credentials? {
        Self.keys(credentialsFile[profile]) ?? Self.keys(configSection)
    }

    private var configSection: [String: String]? {
        configFile["profile \(profile)"] ?? (profile == "default" ? configFile["default"] : nil)
    }

    private static func keys(_ section: [String: String]?) -> Credentials? {
        guard let key = section?["aws_access_key_id"], let secret = section?["aws_secret_access_key"] else {
            return nil
        }
        return Credentials(
            accessKeyID: key,
            secretAccessKey: secret,
            sessionToken: section?["aws_session_token"]
        )
    }

    private static func text(_ path: String?) -> String {
        path.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } ?? ""
    }
}
