import AWS
import Ledger
import Logging
import Native
import Promotion

/// Finds out what serves where the ledger knows of no release, so that a lost ledger rolls nothing again.
///
/// What a config serves is told by its own tags, and the release's id is the digest of it: tags that somebody
/// changed do not agree with it and are not believed.
struct Takeover: Sendable {
    let settings: Settings
    let sessions: Sessions
    let reader: RegistryReader
    let ledger: Ledger
    let log: Logger

    /// Looks at every endpoint that has had no release.
    ///
    /// - Throws: What keeps an account from being looked at for now. What was denied is no reason to wait: the
    ///   rollout meets it again, and says so.
    func run() async throws {
        for name in try await ledger.endpointsWithoutReleases() {
            guard let endpoint = settings.share.endpoints.first(where: { $0.name == name }) else { continue }
            try await run(endpoint)
        }
    }

    private func run(_ endpoint: EndpointDocument) async throws {
        var found: [Standing] = []
        var sights: [String: PackageSight] = [:]
        for (index, stage) in endpoint.stages.enumerated() {
            for account in stage.accounts {
                guard let standing = try await standing(endpoint, in: account.name, &sights) else { continue }
                found.append(standing)
            }
            // A release goes through the first stage first: where that has none of ours, no later one has.
            if index == 0, found.isEmpty { return }
        }
        try await ledger.takeOver(
            endpoint.name,
            found,
            sights: Array(sights.values),
            now: sessions.timing.moment
        )
        for standing in found {
            log.info(
                "takes over \(standing.release), which account \(standing.account) serves",
                metadata: ["endpoint": "\(endpoint.name)", "step": "takenOver"]
            )
        }
    }

    private func standing(
        _ endpoint: EndpointDocument,
        in account: String,
        _ sights: inout [String: PackageSight]
    ) async throws -> Standing? {
        do {
            let session = try await sessions.session(account)
            let sageMaker = SageMaker(session.client)
            let live = try await sageMaker.describeEndpoint(
                name: session.account.liveName(of: endpoint.name)
            )
            guard live.status == .inService, let config = live.configName else { return nil }
            let arn = try await sageMaker.describeEndpointConfig(name: config).arn
            let tags = try await sageMaker.listTags(arn: arn)
            guard let release = tags[EndpointRoller.releaseTag] else { return nil }
            var packages: [String: String] = [:]
            for (key, package) in tags where key.hasPrefix(EndpointRoller.modelTag) {
                packages[String(key.dropFirst(EndpointRoller.modelTag.count))] = package
            }
            for (target, package) in packages.sorted(by: { $0.key < $1.key }) where sights[package] == nil {
                guard let group = endpoint.models[target]?.name else { continue }
                sights[package] = try await reader.look(at: package, group: group)
            }
            guard let (models, digest) = try set(of: release, endpoint, packages, sights) else {
                let sentence =
                    "account \(account) serves \(release), whose models its config's tags do not tell; the next "
                    + "release begins as if nothing served"
                log.warning(
                    "\(sentence)",
                    metadata: ["endpoint": "\(endpoint.name)", "step": "takeover"]
                )
                return nil
            }
            return Standing(
                account: account,
                release: release,
                digest: digest,
                models: models,
                config: config,
                since: Moment(live.lastModifiedTime)
            )
        } catch {
            let failure = Failure(error)
            guard failure.kind == .denied || failure.kind == .vanished || failure.kind == .invalid else {
                throw error
            }
            if failure.kind == .denied {
                log.warning("\(failure.sentence)", metadata: ["account": "\(account)", "step": "takeover"])
            }
            return nil
        }
    }

    /// The set that has the release's id: with the packages' own images, or with the folder's in their place.
    private func set(
        of release: String,
        _ endpoint: EndpointDocument,
        _ packages: [String: String],
        _ sights: [String: PackageSight]
    ) throws -> (models: [String: ModelVersion], digest: String)? {
        for image in [endpoint.container?.image, nil] {
            let models = packages.compactMapValues { package in
                sights[package].map { sight in
                    ModelVersion(
                        package: package,
                        image: image ?? sight.image ?? "",
                        artifact: sight.artifact ?? ""
                    )
                }
            }
            let identity = Release.identity(endpoint: endpoint.name, models: models)
            let digest = Digest.hex(try Digest.sha256(identity))
            if !models.isEmpty, release == "\(endpoint.name).\(digest.prefix(10))" { return (models, digest) }
        }
        return nil
    }
}
