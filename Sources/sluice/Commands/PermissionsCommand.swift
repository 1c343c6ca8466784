import ArgumentParser
import Worker

struct PermissionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "permissions",
        abstract: "Print the policies that the accounts folder needs, role by role, and why.",
        discussion: """
            Each action is one that some call of this program needs; what SageMaker itself needs to run the models \
            is listed as an execution role's. Nothing is asked of AWS.

            A role of an organizational unit's accounts is printed once, with {account} in place of each one's digits.

            The accounts folder does not say where artifacts are. Without --artifacts the roles may read whatever \
            is in buckets of `artifactOwners`, and the artifact bucket's policy names the bucket ARTIFACTS.

            Example:
              sluice permissions --artifacts s3://acme-artifacts-111111111111/

            --json prints {`roles`: [{`who`, `arn`, `policy`, `optional`, `trust`}], `resources`: [{`what`, \
            `account`, `policy`}]}, where `policy`, `optional` (what `sluice doctor` and `sluice teardown` alone look with) and `trust` \
            are policy documents as IAM takes them. `arn` is left out for people, `trust` where it is not Sluice's \
            to say.
            """
    )

    @OptionGroup var accounts: AccountsOption

    @Option(
        help:
            "The ARN of the role a worker runs as, once for each worker. Default: sluice-worker, in its queue's account."
    )
    var worker: [String] = []

    @Option(help: "Where packages have their artifacts, as s3://bucket/prefix/; may be given several times.")
    var artifacts: [ArtifactPlace] = []

    @OptionGroup var json: JSONFlag

    func run() throws {
        let folder = try accounts.load()
        let permissions = Permissions(folder, workers: worker, artifacts: artifacts.map(\.place))
        if json.isOn { return try json.print(Report(permissions)) }
        for role in permissions.roles {
            print("\(role.who)\(role.arn.map { ": \($0)" } ?? "")")
            for statement in role.trust ?? [] { show(statement, "trust") }
            for statement in role.statements { show(statement) }
            for statement in role.optional { show(statement, "optional") }
        }
        for resource in permissions.resources {
            print("\(resource.what)\(resource.account.map { " in \($0)" } ?? "")")
            for statement in resource.statements { show(statement) }
        }
    }

    private func show(_ statement: Statement, _ kind: String? = nil) {
        print("  \(kind.map { "\($0) " } ?? "")\(statement.sid): \(statement.reason)")
        if let principal = statement.principal { print("    to    \(principal)") }
        print("    allow \(statement.actions.joined(separator: ", "))")
        for resource in statement.resources { print("    on    \(resource)") }
        for (test, keys) in statement.condition.sorted(by: { $0.key < $1.key }) {
            for (key, values) in keys.sorted(by: { $0.key < $1.key }) {
                print("    if    \(key) \(test) \(values.joined(separator: ", "))")
            }
        }
    }

    private struct Report: Encodable {
        struct Role: Encodable {
            let who: String
            let arn: String?
            let policy: PolicyDocument
            let optional: PolicyDocument?
            let trust: PolicyDocument?
        }

        struct Resource: Encodable {
            let what: String
            let account: String?
            let policy: PolicyDocument
        }

        let roles: [Role]
        let resources: [Resource]

        init(_ permissions: Permissions) {
            roles = permissions.roles.map { role in
                Role(
                    who: role.who,
                    arn: role.arn,
                    policy: PolicyDocument(role.statements),
                    optional: role.optional.isEmpty ? nil : PolicyDocument(role.optional),
                    trust: role.trust.map(PolicyDocument.init)
                )
            }
            resources = permissions.resources.map {
                Resource(what: $0.what, account: $0.account, policy: PolicyDocument($0.statements))
            }
        }
    }
}

/// A place of artifacts, as it is typed.
struct ArtifactPlace: ExpressibleByArgument {
    let place: S3Prefix

    init?(argument: String) {
        guard let place = S3Prefix(argument) else { return nil }
        self.place = place
    }
}
