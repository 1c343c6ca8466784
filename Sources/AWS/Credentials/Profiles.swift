import Foundation

/// The profiles of the shared `config` and `credentials` files.
struct Profiles: Sendable {
    /// The files they were read from, for errors.
    let place: String
    private let credentialsFile: ProfileFile
    private let configFile: ProfileFile

    /// Reads the files the environment names. A file that is not there holds nothing.
    init(_ environment: AWSEnvironment) {
        credentialsFile = ProfileFile(Self.text(environment.credentialsFile))
        configFile = ProfileFile(Self.text(environment.configFile))
        let paths = [environment.credentialsFile, environment.configFile].compactMap(\.self)
        place = paths.isEmpty ? "any file, because HOME is not set" : paths.joined(separator: " or ")
    }

    /// The profile of that name; nil where neither file has it.
    subscript(name: String) -> Profile? {
        let config = configFile["profile \(name)"] ?? (name == "default" ? configFile["default"] : nil)
        guard config != nil || credentialsFile[name] != nil else { return nil }
        return Profile(name: name, credentials: credentialsFile[name] ?? [:], config: config ?? [:])
    }

    private static func text(_ path: String?) -> String {
        path.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } ?? ""
    }
}

/// What the two files say about one profile. Where both say something, the credentials file counts.
struct Profile: Sendable {
    let name: String
    let credentials: [String: String]
    let config: [String: String]

    subscript(setting: String) -> String? {
        let value = credentials[setting] ?? config[setting]
        return value?.isEmpty == true ? nil : value
    }

    /// The static keys in either file.
    var staticKeys: Credentials? {
        get throws(CredentialsError) {
            if let found = try keys(in: credentials) { return found }
            return try keys(in: config)
        }
    }

    /// Keys or a program to run: keys in the credentials file come before `credential_process`, and that before
    /// keys in the config file, as in AWS's own tools.
    func ownCredentials(_ environment: AWSEnvironment) throws(CredentialsError) -> (any CredentialProvider)? {
        if let found = try keys(in: credentials) { return StaticCredentials(found) }
        if let line = self["credential_process"] {
            let process = CredentialProcess(line, environment: environment)
            return ExpiringCredentials { try await process.run() }
        }
        if let found = try keys(in: config) { return StaticCredentials(found) }
        return nil
    }

    func error(_ reason: String) -> CredentialsError {
        CredentialsError(source: "profile \(name)", reason: reason)
    }

    private func keys(in section: [String: String]) throws(CredentialsError) -> Credentials? {
        guard let key = section["aws_access_key_id"] else { return nil }
        guard let secret = section["aws_secret_access_key"] else {
            throw error("it has aws_access_key_id and no aws_secret_access_key")
        }
        return Credentials(
            accessKeyID: key,
            secretAccessKey: secret,
            sessionToken: section["aws_session_token"]
        )
    }
}
