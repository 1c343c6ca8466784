import AWS
import Ledger
import Promotion

/// Looks at the model package groups and their newest approved packages.
struct RegistryCheck: Sendable {
    let settings: Settings
    let role: RolePermissions
    /// The policies that groups of other accounts have to have.
    let policies: [ResourcePolicy]
    /// As who reads the registry.
    let client: AWSClient

    private static let name = "registry"

    /// What was seen of one group.
    struct Sight: Sendable {
        let findings: [Finding]
        let package: NewestPackage?
    }

    func look(at group: ModelPackageGroup) async throws -> Sight {
        let listed = try await see {
            try await SageMaker(client).listModelPackages(
                group: settings.reference(toGroup: group.name),
                approvalStatus: .approved,
                maximum: 1
            ).items
        }
        switch listed {
        case .failure(let error):
            return Sight(findings: [failure(error, group, grant: "Groups")], package: nil)
        case .success(let items):
            guard let newest = items.first else {
                let text = "\(group) has no approved package yet, so there is no artifact or image to look at"
                return Sight(findings: [.unknown(Self.name, "group", text)], package: nil)
            }
            return try await look(at: newest.arn, of: group)
        }
    }

    private func look(at package: String, of group: ModelPackageGroup) async throws -> Sight {
        switch try await see({ try await SageMaker(client).describeModelPackage(arn: package) }) {
        case .failure(let error):
            return Sight(findings: [failure(error, group, grant: "Packages")], package: nil)
        case .success(let found):
            let sight = RegistryReader.sight(of: found, group: group.name, now: .init(milliseconds: 0))
            if let problem = sight.problem {
                let fix = "until then the one approved before it serves"
                return Sight(findings: [.missing(Self.name, "package", problem, fix: fix)], package: nil)
            }
            return Sight(
                findings: [
                    .ok(Self.name, "group", "\(group) can be read; the newest approved is \(package)")
                ],
                package: NewestPackage(
                    group: group.name,
                    arn: package,
                    image: sight.image,
                    artifact: sight.artifact
                )
            )
        }
    }

    private func failure(_ error: AWSError, _ group: ModelPackageGroup, grant sid: String) -> Finding {
        if error.isMissing {
            return .missing(
                Self.name,
                "group",
                "there is no model package group \(group)",
                fix:
                    "create it in \(group.owner(in: settings.registry).account), or mend `models` of the endpoints it feeds"
            )
        }
        guard error.kind == .denied else {
            return .unknown(Self.name, "group", "could not look: \(error)")
        }
        let statement = role.statements.first { $0.sid == sid }
        let own = statement.map { Finding.add($0, to: role) } ?? ""
        let others = policies.first { $0.what == "model package group \(group.name)" }?.statements.first
        let theirs = others.map { ", and to the group's own policy: \($0.json)" } ?? ""
        return .missing(Self.name, "group", "\(group) cannot be read: \(error)", fix: own + theirs)
    }
}
