import Foundation

/// The credentials of a role for a token that somebody else signed, such as a Kubernetes service account's.
///
/// See [Assume role credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html).
struct WebIdentity: Sendable {
    let tokenFile: String
    let roleARN: String
    let sessionName: String

    /// Nil where neither the environment nor the profile names a token file.
    ///
    /// Each setting is taken from the environment before the profile. Throws `CredentialsError` where there is
    /// a file and no role for it.
    init?(_ environment: AWSEnvironment?, _ profile: Profile?) throws(CredentialsError) {
        let fromEnvironment = environment?["AWS_WEB_IDENTITY_TOKEN_FILE"]
        guard let file = fromEnvironment ?? profile?["web_identity_token_file"] else { return nil }
        guard let role = environment?["AWS_ROLE_ARN"] ?? profile?["role_arn"] else {
            let missing = fromEnvironment == nil ? "role_arn beside web_identity_token_file" : "AWS_ROLE_ARN"
            throw Self.error("there is no \(missing), so no role to ask for")
        }
        guard RoleText.isRole(role) else { throw Self.error("`\(role)` is no role's ARN") }
        let name =
            environment?["AWS_ROLE_SESSION_NAME"] ?? profile?["role_session_name"] ?? RoleText.sessionName
        guard RoleText.isSessionName(name) else {
            throw Self.error("the session name `\(name)` is not \(RoleText.sessionNames)")
        }
        tokenFile = file
        roleARN = role
        sessionName = name
    }

    /// Reads the token anew, because whoever wrote it there replaces it before it ends, and asks STS for the
    /// role's credentials.
    func fetch(_ sts: STS) async throws -> Credentials {
        try await sts.assumeRoleWithWebIdentity(
            roleARN: roleARN,
            sessionName: sessionName,
            token: try token()
        ).credentials
    }

    private func token() throws(CredentialsError) -> String {
        guard let data = FileManager.default.contents(atPath: tokenFile) else {
            throw Self.error("the token file \(tokenFile) cannot be read", isTransient: true)
        }
        // Before it is a text: a file of any size may stand there.
        guard data.count <= 20_000, let text = String(data: data, encoding: .utf8) else {
            throw Self.error("\(tokenFile) holds no token: it is no text of at most 20,000 characters")
        }
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty else {
            throw Self.error("the token file \(tokenFile) is empty", isTransient: true)
        }
        return token
    }

    private static func error(_ reason: String, isTransient: Bool = false) -> CredentialsError {
        CredentialsError(source: "web identity", reason: reason, isTransient: isTransient)
    }
}

/// Signs nothing: for calls that carry their own proof of who makes them.
struct NoCredentials: CredentialProvider {
    func credentials() throws -> Credentials {
        throw CredentialsError(source: "nobody", reason: "the call is not signed")
    }

    func invalidate(_ used: Credentials) {}
}
