/// What an account was found to serve where the ledger knows of no release: a release of Sluice's, told by
/// the tags of the config that is live.
public struct Standing: Hashable, Sendable {
    public let account: String
    /// The release's id, as the config's tag has it.
    public let release: String
    /// The SHA-256 in hex of the set's identity, which the id agrees with.
    public let digest: String
    public let models: [String: ModelVersion]
    public let config: String
    public let since: Moment

    public init(
        account: String,
        release: String,
        digest: String,
        models: [String: ModelVersion],
        config: String,
        since: Moment
    ) {
        self.account = account
        self.release = release
        self.digest = digest
        self.models = models
        self.config = config
        self.since = since
    }
}

/// Beginning with a ledger that knows nothing of an endpoint which serves already.
extension EndpointState {
    /// What stands for settings that nobody recorded.
    static let unknownSettings = "unknown"

    /// Takes over what accounts serve, so that nothing that serves is rolled once more.
    ///
    /// The release of the latest stage is the oldest. One that every account of the last stage serves is
    /// released; the one of the first stage goes on from the gate it had reached; others were superseded.
    ///
    /// - Parameter decidedAt: Package ARN → when the registry says that it was last changed.
    public mutating func takeOver(_ found: [Standing], decidedAt: [String: Moment], now: Moment) {
        guard releases.isEmpty, serving.isEmpty else { return }
        var ids: [String] = []
        for stage in plan.stages.reversed() {
            for account in stage.accounts.keys.sorted() {
                guard let standing = found.first(where: { $0.account == account }) else { continue }
                if !ids.contains(standing.release) { ids.append(standing.release) }
                serving[account] = Serving(
                    release: standing.release,
                    models: standing.models,
                    settings: Self.unknownSettings,
                    config: standing.config,
                    since: standing.since
                )
            }
        }
        for id in ids { takeOver(id, isNewest: id == ids.last, found, decidedAt, now: now) }
    }

    private mutating func takeOver(
        _ id: String,
        isNewest: Bool,
        _ found: [Standing],
        _ decidedAt: [String: Moment],
        now: Moment
    ) {
        guard let standing = found.first(where: { $0.release == id }) else { return }
        releaseCount += 1
        openingCount += 1
        var release = Release(
            endpoint: plan.name,
            digest: standing.digest,
            number: releaseCount,
            opening: openingCount,
            models: standing.models,
            course: plan.stages.map(\.stop),
            now: now
        )
        let passed = plan.stages.lastIndex { stage in
            stage.accounts.keys.allSatisfy { serving[$0]?.release == id }
        }
        let accounts = found.filter { $0.release == id }.map(\.account).sorted().joined(separator: ", ")
        let sentence = "found serving in \(accounts) by a ledger that did not know it"
        release.position = min((passed ?? -1) + 1, plan.stages.count - 1)
        if passed == plan.stages.count - 1 {
            release.end(.released, because: sentence, now: now)
        } else if !isNewest {
            release.end(.superseded, because: sentence, now: now)
        }
        releases.append(release)
        note("takenOver", id, nil, release.stop.stage, sentence)
        // Whoever it is handed over to later asks for every stage before, of which no attempt here tells.
        for place in plan.stages.flatMap(\.relay.here) where serving[place.name]?.release == id {
            keep(evidence(of: release, in: place, from: serving[place.name]?.since ?? now), of: id)
        }
        for (target, version) in release.models.sorted(by: { $0.key < $1.key }) {
            var approval = Approval(
                target: target,
                package: version.package,
                decidedAt: decidedAt[version.package] ?? now,
                release: id
            )
            let isKnown = approvals.contains { $0.target == target && $0.package == version.package }
            if isKnown { continue }
            if let ending = release.state.ending { approval.end(ending, because: sentence, now: now) }
            approvals.append(approval)
        }
    }
}
