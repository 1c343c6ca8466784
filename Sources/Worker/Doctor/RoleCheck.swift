import AWS

/// Assumes the roles, and looks in which accounts they are.
struct RoleCheck: Sendable {
    /// With the worker's own credentials.
    let own: AWSClient
    let worker: RolePermissions
    /// Makes a client of a session's.
    let client: @Sendable (_ credentials: Credentials, _ account: String, _ region: String) -> AWSClient

    /// Who asks, in the trail of each account.
    private static let session = "sluice-doctor"

    /// A role as the accounts folder has it.
    struct Asked: Sendable {
        /// What the finding is about.
        let name: String
        let account: String
        let region: String
        let role: String?
        let externalID: String?
        let permissions: RolePermissions
    }

    /// What was found, and a client in the account where that is right.
    struct Sight: Sendable {
        let finding: Finding
        let client: AWSClient?
    }

    func look(_ asked: Asked) async throws -> Sight {
        guard let role = asked.role else { return try await prove(own, asked) }
        let session = try await see {
            try await STS(own).assumeRole(
                roleARN: role,
                sessionName: Self.session,
                externalID: asked.externalID,
                durationSeconds: 900
            )
        }
        switch session {
        case .success(let session):
            return try await prove(client(session.credentials, asked.account, asked.region), asked)
        case .failure(let error) where error.kind == .denied:
            return Sight(finding: refused(role, error, asked), client: nil)
        case .failure(let error):
            let finding = Finding.missing(
                asked.name,
                "role",
                "\(error)",
                fix: "mend `role` in the accounts folder, or try again where AWS failed"
            )
            return Sight(finding: finding, client: nil)
        }
    }

    /// AWS does not say which of the two refused, nor whether there is such a role at all.
    private func refused(_ role: String, _ error: AWSError, _ asked: Asked) -> Finding {
        let trust = asked.permissions.trust?.first?.json ?? ""
        let own =
            worker.statements.first { $0.sid == "AssumeRoles" }.map { Finding.add($0, to: worker) } ?? ""
        let external = asked.externalID.map { "external id \($0)" } ?? "no external id"
        return .missing(
            asked.name,
            "role",
            "\(role) cannot be assumed with \(external): \(error). It does not exist, or does not trust "
                + "\(worker.arn ?? "the worker"), or asks for another external id",
            fix: "set its trust policy to have: \(trust); and \(own)"
        )
    }

    private func prove(_ client: AWSClient, _ asked: Asked) async throws -> Sight {
        switch try await see({ try await STS(client).callerIdentity() }) {
        case .failure(let error):
            return Sight(finding: .unknown(asked.name, "account", "could not look: \(error)"), client: nil)
        case .success(let identity) where identity.account == asked.account:
            let text =
                asked.role == nil
                ? "the worker's own credentials are in" : "the role can be assumed, and is in"
            let finding = Finding.ok(asked.name, "role", "\(text) \(asked.account)")
            return Sight(finding: finding, client: client)
        case .success(let identity):
            let finding = Finding.missing(
                asked.name,
                "account",
                "account \(asked.name) should be \(asked.account), but the credentials are of \(identity.account)",
                fix: asked.role == nil
                    ? "give the account a `role` in the accounts folder, or run the worker with credentials of it"
                    : "mend `role` or `account` in the accounts folder"
            )
            return Sight(finding: finding, client: nil)
        }
    }
}
