/// Handing a release on to the workers that drive the next stage.
extension EndpointState {
    /// Writes down what was verified in a stage that is finished, and hands the release over to those accounts
    /// of the next one that other workers drive.
    mutating func handOver(_ release: Release, now: Moment) {
        guard let relay = plan.stage(release.stop.stage)?.relay else { return }
        let accounts = release.stop.accounts
        for place in relay.here
        where accounts.contains(place.name) && !(attempt(of: release, in: place.name)?.hasFailed ?? false) {
            keep(evidence(of: release, in: place, from: release.openedAt), of: release.id)
        }
        guard !relay.after.isEmpty else { return }
        let evidence = self.evidence[release.id] ?? []
        let seen = evidence.map { "\($0.account) in \($0.stage)" }.joined(separator: ", ")
        for place in relay.after {
            let handoff = Handoff(
                release: release.id,
                digest: release.digest,
                stage: place.stage,
                models: release.models,
                evidence: evidence
            )
            handoffs.append(.init(handoff: handoff, to: place, opening: release.opening))
            note(
                "handedOver",
                release.id,
                place.name,
                place.stage,
                "goes to the worker of \(place.name), with the evidence of account \(seen)"
            )
        }
    }

    /// Why a release that is verified in every stage driven here has ended.
    func farewell(to release: Release) -> String {
        let short = shortfall(of: release)
        let but = short.isEmpty ? "" : ", but not in \(short.joined(separator: ", ")), where it failed"
        let after = plan.stage(release.stop.stage)?.relay.after ?? []
        guard let stage = after.first?.stage else { return "verified in every stage\(but)" }
        let names = after.map(\.name).joined(separator: ", ")
        return "verified in \(release.stop.stage)\(but), and handed over to \(stage) (\(names))"
    }

    /// What this worker can say of a release in an account that it has verified.
    ///
    /// - Parameter opened: From when what an account served already counts as verified: a release that is
    ///   opened once more is newer than what was verified in between.
    func evidence(of release: Release, in place: Place, from opened: Moment) -> Evidence {
        let gate = plan.stage(place.stage)?.gate
        guard let attempt = attempt(of: release, in: place.name), let verifiedAt = attempt.verifiedAt else {
            let serving = serving[place.name]
            let config = serving.map { " by config \($0.config)" } ?? ""
            return Evidence(
                account: place.account,
                stage: place.stage,
                verifiedAt: max(serving?.since ?? opened, opened),
                checks: ["served it already\(config)"]
            )
        }
        var checks = ["in service on \(attempt.configName ?? "its config")"]
        checks.append("tested \(attempt.tests.joined(separator: ", "))")
        if attempt.soak > .zero {
            let alarms = Set((gate?.alarms ?? []) + (plan.stage(place.stage)?.relay.nextGate?.alarms ?? []))
            let quiet = alarms.isEmpty ? "" : ", alarms \(alarms.sorted().joined(separator: ", ")) quiet"
            checks.append("soaked for \(attempt.soak.written)\(quiet)")
        }
        let isIts: (String, Int, String) -> Bool = {
            $0 == release.id && $1 == release.opening && $2 == place.stage
        }
        checks += attestations.filter { isIts($0.release, $0.opening, $0.stage) }.map {
            "check \($0.check) \($0.verdict.rawValue): \($0.sender)"
        }
        checks += consents.filter { isIts($0.release, $0.opening, $0.stage) }.map {
            "\($0.isOverride ? "EMERGENCY OVERRIDE by" : "approved by") \($0.sender)"
        }
        return Evidence(
            account: place.account,
            stage: place.stage,
            verifiedAt: verifiedAt,
            checks: checks
        )
    }

    /// Takes evidence in, in the place of what was known before.
    mutating func keep(_ new: Evidence, of release: String) {
        evidence[release, default: []].removeAll { $0.isOfSamePlace(as: new) }
        evidence[release, default: []].append(new)
    }

    /// Drops what other workers said of a release before they verified another one in its place: opened anew, it
    /// has to be verified there anew.
    mutating func dropStaleEvidence(of release: String) {
        let others = evidence.filter { $0.key != release }.values.joined()
        evidence[release]?.removeAll { entry in
            others.contains { $0.isOfSamePlace(as: entry) && $0.verifiedAt > entry.verifiedAt }
        }
    }

    /// Whether a release has all the evidence of other workers that a stage asks for.
    func isVouchedFor(_ release: Release, at stage: String) -> Bool {
        let elsewhere = plan.stage(stage)?.relay.before.filter { !$0.isHere } ?? []
        return !elsewhere.contains { isAwaited($0, for: release) }
    }

    /// Whether evidence of a place is still to come: whoever drives it has not handed the release over. Who has
    /// left it out because it failed there, and so few may.
    func isAwaited(_ place: Place, for release: Release) -> Bool {
        let relay = plan.stages.map(\.relay).first { $0.before.contains(place) }
        guard let relay, place.stage == relay.before.last?.stage else { return false }
        let peers = relay.before.filter { $0.stage == place.stage && $0.queue == place.queue }
        return !peers.contains { peer in evidence[release.id]?.contains { $0.isOf(peer) } ?? false }
    }
}
