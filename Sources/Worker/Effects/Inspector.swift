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
        let pins = PinReader(
            owners: performer.settings.registry.artifactOwners,
            limits: performer.limits,
            session: session
        )
        for (target, version) in work.release.models.sorted(by: { $0.key < $1.key })
        where work.pins[version.package] == nil {
            switch try await pins.pin(version) {
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

    private func endpoint(_ session: Sessions.Session) async throws -> Attempt.Event {
        let found: EndpointDescription
        do {
            found = try await SageMaker(session.client).describeEndpoint(
                name: session.account.liveName(of: work.attempt.endpoint)
            )
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
