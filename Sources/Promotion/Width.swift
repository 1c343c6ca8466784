/// How many accounts of a stage a release enters at a time, and how many of them may fail.
extension EndpointState {
    /// The accounts of its stage that a rolling release has still to enter.
    func toCome(of release: Release) -> [String] {
        guard release.state == .rolling, let stage = plan.stage(release.stop.stage),
            stage.concurrency != nil
        else { return [] }
        return release.stop.accounts.filter { account in
            stage.accounts[account] != nil && attempt(of: release, in: account) == nil
                && !serves(release, in: account, stage: stage.name)
        }
    }

    /// Enters further accounts of a stage as the ones before are done, while no more have failed than may.
    mutating func widen(now: Moment) -> Bool {
        for index in releases.indices where releases[index].state == .rolling {
            let release = releases[index]
            let underWay = attempts(of: release).count { !$0.state.isEnded }
            guard let stage = plan.stage(release.stop.stage), let most = stage.concurrency,
                underWay < most, goesOn(release), !holds.contains(where: { $0.covers(stage.name) }),
                let account = toCome(of: release).first
            else { continue }
            begin(release, in: account, stage, now: now)
            return true
        }
        return false
    }

    /// Whether a release is to enter further accounts of its stage: nobody took it back, people approved it under
    /// the settings in force, the stage accepts every version still and none is barred, and no more have failed
    /// than may.
    func goesOn(_ release: Release) -> Bool {
        let attempts = attempts(of: release)
        let tolerance = plan.stage(release.stop.stage)?.failureTolerance ?? 0
        return attempts.count(where: \.hasFailed) <= tolerance
            && !attempts.contains { $0.state == .aborted || $0.recalled != nil }
            && hasSettings(release) && isAccepted(release, at: release.stop.stage)
            && !release.models.contains { bar(on: $1.package, for: $0) != nil }
    }

    /// Whether the settings of its accounts are those under which a release was let in.
    func hasSettings(_ release: Release) -> Bool {
        let inForce = plan.stage(release.stop.stage)?.accounts ?? [:]
        return release.stop.accounts.allSatisfy { account in
            inForce[account] == nil || inForce[account] == release.enteredUnder?[account]
        }
    }

    /// Whether a stage counts as verified although some of its accounts failed: no more than may, and not all.
    func isTolerable(_ release: Release) -> Bool {
        let failed = attempts(of: release).count(where: \.hasFailed)
        let tolerance = plan.stage(release.stop.stage)?.failureTolerance ?? 0
        return failed > 0 && failed <= tolerance && failed < release.stop.accounts.count
            && attempts(of: release).allSatisfy { $0.hasFailed || $0.state == .verified }
            && toCome(of: release).isEmpty
    }

    /// The attempts of a release's present stage, of this opening.
    func attempts(of release: Release) -> [Attempt] {
        release.stop.accounts.compactMap { attempt(of: release, in: $0) }
    }

    /// The accounts of the stages that a release has passed or is in, where it failed.
    func shortfall(of release: Release) -> [String] {
        release.course[...release.position].flatMap(\.accounts).filter { account in
            attempt(of: release, in: account)?.hasFailed ?? false
        }
    }
}

extension Attempt {
    /// Whether it failed by itself: nobody took it back.
    var hasFailed: Bool { state == .failed || state == .errored }
}
