import AWS
import Ledger
import Promotion

/// Reads everything an attempt has to know before it changes anything: the packages' status once more,
/// the artifacts' pins, and the endpoint as it is.
struct Inspector {
    let performer: Performer
    let work: Work

    /// A look this young counts as reading the status again before the stage.
    private static let freshness = Duration.seconds(60)

    func inspect(learning facts: inout [Fact]) async throws -> Attempt.Event {
        // A way back waits for nobody: what it goes to was read, pinned and verified when it was released.
        if work.attempt.isRollback {
            return try await endpoint(performer.sessions.session(work.attempt.account))
        }
        var packages = work.packages
        for (package, sight) in try await readAgain() {
            facts.append(.package(sight))
            packages[package] = sight
        }
        if let sentence = withdrawn(packages) { return .withdrawn(sentence: sentence) }
        if let (target, sentence) = problem(in: packages) {
            return .checkFailed(blame: .targets([target]), sentence: sentence)
        }
        if let sentence = disagreement { return .checkFailed(blame: .changes, sentence: sentence) }

        let session = try await performer.sessions.session(work.attempt.account)
        for (target, version) in work.release.models.sorted(by: { $0.key < $1.key })
        where work.pins[version.package] == nil {
            switch try await pin(version, session) {
            case .success(let pin): facts.append(.pin(package: version.package, pin))
            case .failure(let missing):
                return .checkFailed(blame: .targets([target]), sentence: missing.sentence)
            }
        }
        return try await endpoint(session)
    }

    /// The packages whose last look is too old to go by, looked at again.
    private func readAgain() async throws -> [(String, PackageSight)] {
        var sights: [(String, PackageSight)] = []
        let reader = RegistryReader(sessions: performer.sessions, settings: performer.settings)
        for (package, sight) in work.packages.sorted(by: { $0.key < $1.key }) {
            if let lookedAt = sight.lookedAt, performer.now - lookedAt < Self.freshness { continue }
            sights.append((package, try await reader.look(at: package, group: sight.group)))
        }
        return sights
    }

    private func withdrawn(_ packages: [String: PackageSight]) -> String? {
        let plan = performer.settings.plans.first { $0.name == work.attempt.endpoint }
        guard let accepts = plan?.stages.first(where: { $0.name == work.attempt.stage })?.accepts else {
            return
                "stage \(work.attempt.stage) was taken out of the accounts folder while the release was on its "
                + "way there; `deploy` sends it through the stages there are"
        }
        let wrong = work.release.models.values.filter { version in
            packages[version.package].map { !accepts.contains($0.status) } ?? true
        }
        guard let first = wrong.min(by: { $0.package < $1.package }) else { return nil }
        let status = packages[first.package]?.status.rawValue ?? "unknown"
        let words = accepts.map(\.rawValue).sorted().joined(separator: " or ")
        return "\(first.package) is \(status) in the registry, and \(work.attempt.stage) accepts \(words)"
    }

    private func problem(in packages: [String: PackageSight]) -> (target: String, sentence: String)? {
        for (target, version) in work.release.models.sorted(by: { $0.key < $1.key }) {
            if let problem = packages[version.package]?.problem { return (target, problem) }
        }
        return nil
    }

    /// All target models of an endpoint run in one container, so their images have to be one.
    private var disagreement: String? {
        let images = Dictionary(grouping: work.release.models, by: \.value.image)
        guard images.count > 1 else { return nil }
        let list = images.map { image, models in
            "\(models.map(\.key).sorted().joined(separator: ", ")): \(image)"
        }
        return
            "the packages of one multi-model endpoint have to name one image, and these name \(images.count): "
            + list.sorted().joined(separator: "; ")
            + ". Register the models with one image, or set `container` on endpoint \(work.attempt.endpoint)."
    }

    private struct Missing: Error {
        let sentence: String
    }

    /// What the artifact is, as the deployment account sees it, or why it cannot be released.
    private func pin(_ version: ModelVersion, _ session: Sessions.Session) async throws -> Result<
        Pin, Missing
    > {
        guard let place = S3URL(version.artifact) else {
            return .failure(Missing(sentence: "\(version.package) names no artifact that can be copied"))
        }
        if let known = try await owned(version, place, session) { return known }
        return try await stranger(version, place, session)
    }

    /// What the bucket says to one who expects one of the known owners; nothing where all are denied.
    private func owned(
        _ version: ModelVersion,
        _ place: S3URL,
        _ session: Sessions.Session
    ) async throws -> Result<Pin, Missing>? {
        for owner in performer.settings.registry.artifactOwners {
            do {
                let head = try await S3(session.client).headObject(
                    bucket: place.bucket,
                    key: place.key,
                    expectedOwner: owner
                )
                guard head.size > 0 else {
                    return .failure(
                        Missing(
                            sentence:
                                "the artifact \(version.artifact) of \(version.package) is empty. Register the "
                                + "model again with its archive."
                        )
                    )
                }
                let partSize = performer.limits.partSize(of: head.size)
                return .success(
                    Pin(
                        url: version.artifact,
                        owner: owner,
                        versionID: head.versionID,
                        etag: head.etag,
                        size: head.size,
                        partSize: partSize,
                        // A copy in parts cannot be compared with the whole.
                        sha256: partSize == nil ? head.sha256 : nil
                    )
                )
            } catch let error as AWSError where error.isMissing {
                return .failure(
                    Missing(
                        sentence:
                            "the artifact \(version.artifact) of \(version.package) does not exist. Register "
                            + "the model again with an archive that does."
                    )
                )
            } catch let error as AWSError where error.kind == .denied {
                continue
            }
        }
        return nil
    }

    /// A denial has two meanings here: another owner than expected, or a missing permission. Asking without
    /// an expected owner tells them apart. A permission that was granted meanwhile makes no stranger of the
    /// owner, so the known ones are asked for once more.
    private func stranger(
        _ version: ModelVersion,
        _ place: S3URL,
        _ session: Sessions.Session
    ) async throws -> Result<Pin, Missing> {
        _ = try await S3(session.client).headObject(bucket: place.bucket, key: place.key)
        if let known = try await owned(version, place, session) { return known }
        let owners = performer.settings.registry.artifactOwners
        return .failure(
            Missing(
                sentence:
                    "the bucket of \(version.artifact) does not belong to \(owners.joined(separator: " or ")), "
                    + "so \(version.package) is not released. If its owner may supply artifacts, add the account to "
                    + "`artifactOwners` of the registry."
            )
        )
    }

    private func endpoint(_ session: Sessions.Session) async throws -> Attempt.Event {
        let found: EndpointDescription
        do {
            found = try await SageMaker(session.client).describeEndpoint(name: work.attempt.endpoint)
        } catch let error as AWSError where error.isMissing {
            return .inspected(Inspection(endpoint: nil, isOurs: true))
        }
        let sight = EndpointSight(found)
        if try await performer.ledger.knows(config: sight.config, in: work.attempt.account) {
            return .inspected(Inspection(endpoint: sight, isOurs: true))
        }
        if performer.settings.endpoint(work.attempt.endpoint)?.adopt ?? false, sight.kind != .failed {
            return try await adoption(of: sight, session)
        }
        // One that has failed can only be deleted, and nobody said that of somebody else's.
        let tags = try await SageMaker(session.client).listTags(arn: found.arn)
        let isOurs = tags[EndpointRoller.endpointTag] == work.attempt.endpoint
        return .inspected(Inspection(endpoint: sight, isOurs: isOurs))
    }

    /// Somebody else's endpoint is as good as ours where the accounts folder lets it be adopted, provided that
    /// all of it can be carried on.
    private func adoption(
        of sight: EndpointSight,
        _ session: Sessions.Session
    ) async throws -> Attempt.Event {
        guard sight.kind == .inService else { return .inspected(Inspection(endpoint: sight, isOurs: true)) }
        let adoption = Adoption(endpoint: work.attempt.endpoint, account: work.attempt.account)
        switch try await adoption.inspect(sight.config, SageMaker(session.client)) {
        case .success: return .inspected(Inspection(endpoint: sight, isOurs: true))
        case .failure(let refusal): return .checkFailed(blame: .nobody, sentence: refusal.sentence)
        }
    }
}
