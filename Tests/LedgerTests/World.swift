import Ledger
import Promotion

/// The outside as the ledger's outcomes report it: a registry and endpoints that do as they are told.
///
/// It stays when a worker is killed, so that an effect done twice can be seen.
final class World {
    struct Version {
        let group: String
        let number: Int
        let createdAt: Moment
        var status: ApprovalStatus
        var modifiedAt: Moment
    }

    private(set) var versions: [String: Version] = [:]
    /// Account → the config that is live.
    private(set) var live: [String: String] = [:]
    /// Account → every switch that was asked for, in order.
    private(set) var switches: [String: [String]] = [:]
    /// Targets whose smoke test fails.
    var bad: Set<String> = []

    static func arn(_ group: String, _ number: Int) -> String {
        "arn:aws:sagemaker:eu-west-1:111111111111:model-package/\(group)/\(number)"
    }

    /// Registers a version, or gives it another status.
    @discardableResult
    func set(_ group: String, _ number: Int, _ status: ApprovalStatus, at moment: Moment) -> String {
        let arn = Self.arn(group, number)
        versions[arn] = Version(
            group: group,
            number: number,
            createdAt: versions[arn]?.createdAt ?? moment,
            status: status,
            modifiedAt: moment
        )
        return arn
    }

    func delete(_ arn: String) {
        versions[arn] = nil
    }

    func listing(of group: String) -> [PackageListing] {
        versions.filter { $0.value.group == group }.sorted { $0.value.number < $1.value.number }.map {
            PackageListing(
                arn: $0.key,
                version: $0.value.number,
                status: $0.value.status,
                createdAt: $0.value.createdAt
            )
        }
    }

    func sight(of arn: String, group: String, now: Moment) -> PackageSight {
        let version = versions[arn]
        return PackageSight(
            arn: arn,
            group: group,
            version: version?.number ?? 0,
            status: version?.status ?? .deleted,
            image: version == nil ? nil : "image:1",
            artifact: version == nil ? nil : "s3://registry/\(group)/\(version?.number ?? 0).tar.gz",
            problem: version == nil ? "\(arn) is gone" : nil,
            modifiedAt: version?.modifiedAt ?? now,
            lookedAt: now
        )
    }

    func perform(_ look: Look, now: Moment) -> Outcome {
        .looked(look, sight(of: look.package, group: look.group, now: now))
    }

    func perform(_ work: Work, now: Moment) -> Outcome {
        let (facts, event) = outcome(of: work, now: now)
        return .attempt(work.claim, facts, event)
    }

    private func outcome(of work: Work, now: Moment) -> ([Fact], Attempt.Event) {
        let account = work.attempt.account
        let name = "\(work.release.digest.prefix(10))-\(work.attempt.number)"
        switch work.effect {
        case .inspect:
            return (pins(for: work), .inspected(Inspection(endpoint: endpoint(in: account), isOurs: true)))
        case .copyArtifacts:
            let copies = work.release.models.keys.sorted().map { target in
                Fact.copy(
                    ArtifactCopy(
                        target: target,
                        url: "s3://\(account)/\(work.release.id)/\(target)",
                        versionID: nil,
                        etag: "\"etag\"",
                        sha256: String(repeating: "a", count: 64)
                    )
                )
            }
            return (copies, .artifactsCopied)
        case .createModel: return ([], .modelCreated(name: "model-\(name)"))
        case .createEndpointConfig: return ([], .endpointConfigCreated(name: "config-\(name)"))
        case .createEndpoint(let config), .updateEndpoint(let config):
            // As the worker does: what was begun before is looked for and not asked for again.
            if !(work.isRepeated && live[account] == config) {
                switches[account, default: []].append(config)
                live[account] = config
            }
            return ([], .endpointUpdateAccepted)
        case .deleteEndpoint:
            live[account] = nil
            return ([], .endpointDeleted)
        case .look:
            guard let sight = endpoint(in: account) else {
                return ([], .effectFailed(Failure(.vanished, "no endpoint in \(account)")))
            }
            return ([], .endpointSeen(sight))
        case .invoke(let targets):
            guard let target = targets.first(where: bad.contains) else {
                return ([], .modelsAnswered(evidence: ""))
            }
            return ([], .checkFailed(blame: .targets([target]), sentence: "\(target) answered nonsense"))
        case .wait: return ([], .effectFailed(Failure(.interrupted, "nothing to perform")))
        }
    }

    private func pins(for work: Work) -> [Fact] {
        work.release.models.values.filter { work.pins[$0.package] == nil }.map { version in
            .pin(package: version.package, Self.pin(version.artifact))
        }
    }

    static func pin(_ url: String, etag: String = "\"etag\"", sha256: String? = nil) -> Pin {
        Pin(url: url, owner: "111111111111", versionID: nil, etag: etag, size: 7, sha256: sha256)
    }

    private func endpoint(in account: String) -> EndpointSight? {
        live[account].map { config in
            EndpointSight(
                kind: .inService,
                status: "InService",
                config: config,
                modifiedAt: Moment(milliseconds: Int64(switches[account]?.count ?? 0)),
                failureReason: nil
            )
        }
    }
}
