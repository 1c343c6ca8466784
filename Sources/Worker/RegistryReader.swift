import AWS
import Foundation
import Ledger
import Promotion

/// Reads the model registry: what a package says, and which packages a group has.
struct RegistryReader: Sendable {
    let sessions: Sessions
    let settings: Settings

    /// Looks at one package. One that is gone is seen as deleted.
    ///
    /// - Parameter group: The group's name as the ledger knows it.
    func look(at package: String, group: String) async throws -> PackageSight {
        let client = await sessions.registry()
        do {
            let found = try await SageMaker(client).describeModelPackage(arn: package)
            return Self.sight(of: found, group: group, now: sessions.timing.moment)
        } catch let error as AWSError where error.isMissing {
            return PackageSight(
                arn: package,
                group: group,
                version: Self.version(package),
                status: .deleted,
                image: nil,
                artifact: nil,
                problem: "model package \(package) is no longer in the registry",
                modifiedAt: sessions.timing.moment,
                lookedAt: sessions.timing.moment
            )
        }
    }

    func list(_ group: String) async throws -> [PackageListing] {
        let client = await sessions.registry()
        var listing: [PackageListing] = []
        var token: String?
        repeat {
            let page = try await SageMaker(client).listModelPackages(
                group: settings.reference(toGroup: group),
                nextToken: token
            )
            listing += page.items.compactMap { item in
                guard let status = item.approvalStatus.flatMap({ ApprovalStatus(rawValue: $0.rawValue) })
                else {
                    return nil
                }
                return PackageListing(
                    arn: item.arn,
                    version: item.version ?? Self.version(item.arn),
                    status: status,
                    createdAt: Moment(item.creationTime)
                )
            }
            token = page.nextToken
        } while token != nil
        return listing
    }

    private static func version(_ arn: String) -> Int {
        arn.split(separator: "/").last.flatMap { Int($0) } ?? 0
    }

    /// What a reply showed. Which group a package is of is the registry's to say and nobody else's, or a
    /// forged event could have any model of the registry served.
    ///
    /// - Parameter group: The group that it was looked for in; ARNs do not keep the case of its name.
    static func sight(of package: ModelPackage, group: String, now: Moment) -> PackageSight {
        let container = package.containers.count == 1 ? package.containers[0] : nil
        return PackageSight(
            arn: package.arn,
            group: package.group.map { $0.lowercased() == group.lowercased() ? group : $0 } ?? "",
            version: package.version ?? version(package.arn),
            status: package.approvalStatus.flatMap { ApprovalStatus(rawValue: $0.rawValue) } ?? .pending,
            image: container?.image,
            artifact: container?.modelDataURL?.withoutURLQueries,
            problem: problem(with: package),
            modifiedAt: Moment(package.lastModifiedTime ?? package.creationTime),
            modifiedBy: package.lastModifiedBy,
            lookedAt: now
        )
    }

    /// Why a package cannot be served from a multi-model endpoint, as a sentence with what to do.
    private static func problem(with package: ModelPackage) -> String? {
        let name = "model package \(package.arn)"
        guard package.status == "Completed" else {
            return
                "\(name) is \(package.status), and only a Completed one can be served. Register the model again "
                + "and approve the new version."
        }
        guard package.containers.count == 1 else {
            return
                "\(name) has \(package.containers.count) containers, and a target model has exactly one. Register "
                + "a version with one container."
        }
        guard let url = package.containers[0].modelDataURL else {
            return
                "\(name) names its artifact by ModelDataSource, which a multi-model endpoint cannot load. Register "
                + "a version whose ModelDataUrl is a .tar.gz."
        }
        guard S3URL(url) != nil else {
            return
                "\(name) has the artifact \(url.withoutURLQueries), which is no s3://bucket/key. Register a "
                + "version whose ModelDataUrl is one."
        }
        return nil
    }
}

extension AWSError {
    /// Whether what the call names does not exist.
    var isMissing: Bool {
        if case .notFound = kind { true } else { false }
    }
}
