import AWS

/// An account that is looked at, as the role that deploys there.
struct Ward: Sendable {
    let deployment: Deployment
    /// As the role, in the account's region.
    let client: AWSClient
    let role: RolePermissions
    /// The newest approved package of each group, as far as they could be read.
    let packages: [NewestPackage]

    var account: AccountDocument { deployment.account }
    var name: String { account.name }

    /// The packages that are served here.
    var served: [NewestPackage] {
        let groups = Set(deployment.endpoints.flatMap(\.models.values).map(\.name))
        return packages.filter { groups.contains($0.group) }
    }

    /// The statement of the role that has this name.
    func statement(_ sid: String) -> Statement? { role.statement(sid, of: account) }

    func add(_ sid: String) -> String {
        statement(sid).map { Finding.add($0, to: role) } ?? "grant it to \(role.arn ?? role.who)"
    }

    func unseen(_ check: String, _ error: AWSError, grant sid: String) -> Finding {
        .unseen(name, check, error, role, statement(sid))
    }
}

/// The newest approved package of a group: what the next release would serve.
struct NewestPackage: Hashable, Sendable {
    let group: String
    let arn: String
    let image: String?
    /// `s3://bucket/key`.
    let artifact: String?
}
