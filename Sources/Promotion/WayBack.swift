/// The way back: accounts that serve what the registry has rejected, or what a person no longer wants,
/// return to what they verified before.
///
/// A rollback is an ordinary attempt with a flag. It waits for no gate and no hold; a hold that stopped
/// it would keep a rejected model serving.
extension EndpointState {
    /// How much sooner each later stage goes back, so that production is first and waits for nobody.
    static let headStart = Duration.seconds(1)
    /// Who asks where nobody did.
    static let itself = "sluice"

    /// Whether somebody serves a rejected version, so that `past` has to be known.
    public var needsPast: Bool {
        serving.values.contains { !$0.isStranded && $0.models.values.contains(where: isRejected) }
    }

    /// Takes back what holds a rejected version: attempts under way, and accounts that serve it.
    mutating func goBack(now: Moment) -> Bool {
        let isRecalled = recallRejected(now: now) || recallWithdrawn(now: now)
        guard plan.onRejection == .rollback else { return isRecalled }
        var isBegun = false
        for stage in plan.stages.reversed() {
            for account in stage.accounts.keys.sorted() {
                isBegun = goBack(account, stage, now: now) || isBegun
            }
        }
        return isRecalled || isBegun
    }

    private mutating func recallRejected(now: Moment) -> Bool {
        var isAny = false
        for index in attempts.indices where !attempts[index].state.isEnded && attempts[index].recalled == nil
        {
            guard let release = releases.first(where: { $0.id == attempts[index].release }),
                let version = release.models.values.filter(isRejected).min(by: { $0.package < $1.package })
            else { continue }
            // Where a person is to decide, what serves already stays for them to see.
            if plan.onRejection == .hold, !attempts[index].state.isHeldByHolds { continue }
            let sentence = "\(version.shortName) was rejected in the registry"
            isAny = recall(index, because: sentence, now: now) || isAny
        }
        return isAny
    }

    /// What is withdrawn before anything was switched to it goes no further, however long ago its status was
    /// read; what is switched already stays.
    private mutating func recallWithdrawn(now: Moment) -> Bool {
        var isAny = false
        for index in attempts.indices {
            let attempt = attempts[index]
            guard attempt.state.isHeldByHolds, attempt.state != .updating || attempt.isHeld,
                attempt.recalled == nil, !attempt.isRollback,
                let accepts = plan.stage(attempt.stage)?.accepts,
                let release = releases.first(where: { $0.id == attempt.release }),
                let version = release.models.values.filter({ version in
                    statuses[version.package].map { !accepts.contains($0) } ?? false
                }).min(by: { $0.package < $1.package }),
                let status = statuses[version.package]
            else { continue }
            let sentence = "\(version.shortName) became \(status.rawValue) in the registry"
            isAny = recall(index, because: sentence, now: now) || isAny
        }
        return isAny
    }

    private mutating func goBack(_ account: String, _ stage: StagePlan, now: Moment) -> Bool {
        guard let served = serving[account] else { return false }
        guard let version = served.models.values.filter(isRejected).min(by: { $0.package < $1.package })
        else {
            // Accepted once more, so that another rejection is acted on like the first.
            serving[account]?.isStranded = false
            return false
        }
        if served.isStranded { return false }
        let sentence = "\(version.shortName) was rejected in the registry"
        if let open = underWay(in: account) {
            // One that changes the account anyway is let finish; one that cannot get on makes room.
            guard isStuckBeforeSwitch(attempts[open]) else { return false }
            recall(open, because: "made room for the way back: \(sentence)", now: now)
            // What it was on its way to is released once more, by itself, when the account is back.
            askForRelease()
            return true
        }
        guard let target = waysBack(in: account, stage).first else {
            serving[account]?.isStranded = true
            note(
                "nothingToGoBackTo",
                served.release,
                account,
                stage.name,
                "\(sentence), and account \(account) goes on serving it: no release that it verified before is "
                    + "acceptable now. Approve another version, or delete the endpoint."
            )
            return true
        }
        beginRollback(to: target, in: account, stage, because: sentence, now: now)
        // What is still acceptable is released again, through every gate.
        askForRelease()
        return true
    }

    /// Whether an attempt does not get on before its switch: held, or failing.
    private func isStuckBeforeSwitch(_ attempt: Attempt) -> Bool {
        guard attempt.state.isHeldByHolds, attempt.recalled == nil, !attempt.isRollback else { return false }
        return attempt.failures > 0 || holds.contains { $0.covers(attempt.stage) }
    }

    /// What an account may go back to, the latest first: releases it verified, that nobody left or failed
    /// since, and that hold nothing rejected, barred or otherwise not accepted by the stage.
    func waysBack(in account: String, _ stage: StagePlan) -> [Past] {
        (past[account] ?? []).filter { past in
            past.serving.release != serving[account]?.release
                && past.release.models.allSatisfy { target, version in
                    statuses[version.package].map(stage.accepts.contains) ?? false
                        && bar(on: version.package, for: target) == nil
                }
                && ![.aborted, .failed, .refused, .errored].contains(past.release.state)
        }
    }

    /// Begins to take an account back, and ends the release it leaves.
    mutating func beginRollback(
        to past: Past,
        in account: String,
        _ stage: StagePlan,
        because sentence: String,
        now: Moment
    ) {
        let left = serving[account]
        let number = beginWayBack(to: past, leaving: left?.release, in: account, stage, now: now)
        note(
            "rollbackBegan",
            past.release.id,
            account,
            stage.name,
            "attempt \(number): from \(left?.release ?? "what serves") back to \(past.release.id): \(sentence)"
        )
        if let left {
            leave(left.release, because: "\(stage.name), \(account): rolled back, \(sentence)", now: now)
        }
    }

    /// - Returns: The attempt's number.
    mutating func beginWayBack(
        to past: Past,
        leaving left: String?,
        in account: String,
        _ stage: StagePlan,
        now: Moment
    ) -> Int {
        let known = releases.first { $0.id == past.release.id } ?? past.release
        if !releases.contains(where: { $0.id == known.id }) { releases.append(known) }
        let changes = changes(of: known, in: account)
        let number = nextAttempt(of: known.id, in: account)
        let after = plan.stages.drop { $0.name != stage.name }.count - 1
        attempts.append(
            Attempt(
                release: known.id,
                endpoint: plan.name,
                account: account,
                stage: stage.name,
                number: number,
                opening: known.opening,
                settings: past.serving.settings,
                soak: .zero,
                changes: changes,
                tests: changes.isEmpty ? known.models.keys.sorted() : changes,
                base: serving[account]?.release,
                previous: serving[account].map(Attempt.Previous.init),
                isRollback: true,
                leaves: left,
                reuses: past.serving.config,
                dueAt: now + Self.headStart * after,
                now: now
            )
        )
        return number
    }

    /// Ends a release that an account goes back from, however it had ended, and stops it elsewhere.
    mutating func leave(_ id: String, because sentence: String, now: Moment) {
        guard let index = releases.firstIndex(where: { $0.id == id }) else { return }
        switch releases[index].state {
        case .waiting, .released, .superseded:
            end(index, .aborted, because: sentence, now: now)
        case .rolling:
            // Between two accounts nothing is under way that could be taken back.
            if attempts(of: releases[index]).allSatisfy(\.state.isEnded),
                !toCome(of: releases[index]).isEmpty
            {
                return end(index, .aborted, because: sentence, now: now)
            }
            for open in attempts.indices
            where attempts[open].release == id && !attempts[open].state.isEnded && !attempts[open].isRollback
            {
                recall(open, because: sentence, now: now)
            }
        case .failed, .errored, .refused, .aborted: return
        }
    }
}

extension Attempt.Previous {
    init(_ serving: Serving) {
        self.init(
            release: serving.release,
            settings: serving.settings,
            config: serving.config,
            since: serving.since
        )
    }
}
