/// The role that a profile says to assume, and whose credentials to assume it with.
///
/// See [Assume role credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html).
struct ProfileRole: Sendable, Equatable {
    /// Whose credentials ask for the role.
    enum Source: Sendable, Equatable {
        case profile(String)
        case environment
        case instance
        case container
    }

    let roleARN: String
    let source: Source
    let externalID: String?
    let sessionName: String
    let durationSeconds: Int

    /// Nil where the profile has no role, or takes it with a web identity token.
    ///
    /// Throws `CredentialsError` where what it says about the role cannot be meant.
    init?(_ profile: Profile) throws(CredentialsError) {
        guard let role = profile["role_arn"], profile["web_identity_token_file"] == nil else { return nil }
        guard RoleText.isRole(role) else { throw profile.error("its role_arn `\(role)` is no role's ARN") }
        if let device = profile["mfa_serial"] {
            throw profile.error(
                "its role asks for a code of \(device), which nobody can type into a worker. Use a role "
                    + "without mfa_serial, or a credential_process that has asked already"
            )
        }
        roleARN = role
        source = try Self.source(profile)
        externalID = profile["external_id"]
        sessionName = profile["role_session_name"] ?? RoleText.sessionName
        guard RoleText.isSessionName(sessionName) else {
            throw profile.error("its role_session_name `\(sessionName)` is not \(RoleText.sessionNames)")
        }
        let seconds = profile["duration_seconds"] ?? "3600"
        guard let duration = Int(seconds), (900...43_200).contains(duration) else {
            throw profile.error("its duration_seconds `\(seconds)` is not 900 to 43200")
        }
        durationSeconds = duration
    }

    private static func source(_ profile: Profile) throws(CredentialsError) -> Source {
        switch (profile["source_profile"], profile["credential_source"]) {
        case (nil, nil):
            throw profile.error(
                "it has role_arn and neither source_profile nor credential_source, whose credentials would ask "
                    + "for the role"
            )
        case (_?, _?): throw profile.error("it has both source_profile and credential_source; keep one")
        case (let name?, nil): return .profile(name)
        case (nil, "Environment"): return .environment
        case (nil, "Ec2InstanceMetadata"): return .instance
        case (nil, "EcsContainer"): return .container
        case (nil, let other?):
            throw profile.error(
                "its credential_source `\(other)` is not Environment, Ec2InstanceMetadata or EcsContainer"
            )
        }
    }
}

/// What a role and its session may be called.
enum RoleText {
    /// Where nobody gives a session a name.
    static let sessionName = "sluice"
    static let sessionNames = "2 to 64 letters, digits and `_+=,.@-`"

    static func isRole(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" && parts[2] == "iam" && parts[5].hasPrefix("role/")
            && (20...2048).contains(text.utf8.count)
    }

    static func isSessionName(_ text: String) -> Bool {
        (2...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "_+=,.@-".utf8.contains(byte)
            }
    }
}
