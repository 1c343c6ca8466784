/// What follows from the state as it is: stages that are finished, releases that are overtaken, gates
/// that open or close. `Composition` says what is released next, this says how it moves.
extension EndpointState {
    /// Draws every consequence that needs no new release.
    public mutating func settle(now: Moment) {
        while goBack(now: now) || endNoisySoaks(now: now) || finishStage(now: now) || retireWaiting(now: now)
            || passGate(now: now) || widen(now: now)
        {}
        holdAttempts(now: now)
        endApprovals(now: now)
        remind(now: now)
        watches = watchesOwed(now: now)
        dueAt = nextDue(now: now)
    }

    private func nextDue(now: Moment) -> Moment? {
        releases.filter { $0.state == .waiting }
            .flatMap { release in
                gate(for: release).judge(now: now).map(\.until) + [nextReminder(of: release)]
            }
            .compactMap(\.self).filter { $0 > now }.min()
    }

    /// Moves a release on whose attempts have all ended.
    private mutating func finishStage(now: Moment) -> Bool {
        for index in releases.indices where releases[index].state == .rolling {
            let release = releases[index]
            let attempts = attempts(of: release)
            guard attempts.allSatisfy(\.state.isEnded) else { continue }
            // What is still to be entered waits for a hold alone.
            let toCome = toCome(of: release)
            if !toCome.isEmpty, goesOn(release) { continue }
            let isTolerable = isTolerable(release)
            if !isTolerable,
                let worst = attempts.first(where: { $0.state == .failed })
                    ?? attempts.first(where: { $0.state == .errored })
                    ?? attempts.first(where: { $0.state == .aborted })
            {
                for attempt in attempts where attempt.state != .verified {
                    blame(attempt, of: release, now: now)
                }
                let ending: Ending =
                    worst.state == .failed ? .failed : worst.state == .errored ? .errored : .aborted
                end(
                    index,
                    ending,
                    because: "\(worst.stage), \(worst.account): \(worst.reason ?? "no reason")",
                    now: now
                )
                return true
            }
            guard toCome.isEmpty else {
                let what =
                    hasSettings(release)
                    ? "a version of it was withdrawn or barred"
                    : "the accounts folder was changed (`deploy` goes on under the settings in force)"
                let sentence =
                    "\(release.stop.stage): \(what) before it came to \(toCome.joined(separator: ", "))"
                end(index, .aborted, because: sentence, now: now)
                return true
            }
            // Whoever left the folder before its turn came is no part of the stage any more.
            let entered = release.stop.accounts.filter { account in
                attempt(of: release, in: account) != nil || serving[account]?.release == release.id
            }
            if !entered.isEmpty {
                let stop = Release.Stop(stage: release.stop.stage, accounts: entered)
                releases[index].course[release.position] = stop
            }
            if isTolerable { tolerate(release, now: now) }
            if release.position + 1 == release.course.count {
                handOver(release, now: now)
                end(index, .released, because: farewell(to: release), now: now)
                endReleasedApprovals(of: release, now: now)
            } else {
                handOver(release, now: now)
                releases[index].position += 1
                releases[index].wait(now: now)
                note(
                    "reachedGate",
                    release.id,
                    nil,
                    releases[index].stop.stage,
                    "waits at the gate of \(releases[index].stop.stage)"
                )
            }
            return true
        }
        return false
    }

    /// Lets a release go on without the accounts where it failed. They serve what they served, and nothing is
    /// barred, because it is well elsewhere.
    private mutating func tolerate(_ release: Release, now: Moment) {
        let tolerance = plan.stage(release.stop.stage)?.failureTolerance ?? 0
        for attempt in attempts(of: release) where attempt.hasFailed {
            note(
                "tolerated",
                release.id,
                attempt.account,
                attempt.stage,
                "it goes on without \(attempt.account), one of the \(tolerance) that may fail: "
                    + (attempt.reason ?? "no reason")
            )
            if attempt.needsPerson { askPerson(about: attempt, now: now) }
        }
    }

    /// Bars the versions that a failed attempt blames, and holds the stage where a person must look.
    private mutating func blame(_ attempt: Attempt, of release: Release, now: Moment) {
        let targets: [String] =
            switch attempt.blame {
            case .targets(let targets): targets
            case .changes: attempt.changes
            case .nobody: []
            }
        bar(targets, of: release, because: attempt.reason ?? "failed in \(attempt.account)", now: now)
        if attempt.needsPerson { askPerson(about: attempt, now: now) }
    }

    /// Holds a stage where nobody but a person can say what an account serves.
    mutating func askPerson(about attempt: Attempt, now: Moment) {
        let served = attempt.leaves.map { ", which may still serve \($0)" } ?? ""
        let reason = "the way back failed in \(attempt.account)\(served)"
        // What should serve there is released once more when somebody resumes the stage.
        if attempt.stage == plan.stages.first?.name { askForRelease() }
        if !holds.contains(where: { $0.stage == attempt.stage }) {
            holds.append(Hold(stage: attempt.stage, by: Self.itself, reason: reason, at: now))
        }
        note("held", attempt.release, attempt.account, attempt.stage, reason)
    }

    mutating func bar(_ targets: [String], of release: Release, because reason: String, now: Moment) {
        for target in targets {
            guard let package = release.models[target]?.package,
                bar(on: package, for: target) == nil
            else { continue }
            bars.append(Bar(target: target, package: package, reason: reason, at: now))
            note("barred", release.id, nil, nil, "\(package) for \(target): \(reason)")
        }
    }

    /// Ends the releases at a gate that a newer one has reached or passed. The newer one counts only if
    /// the stage accepts what it holds.
    private mutating func retireWaiting(now: Moment) -> Bool {
        for index in releases.indices where releases[index].state == .waiting {
            let old = releases[index]
            let newer = releases.first { new in
                new.opening > old.opening && new.position >= old.position
                    && (new.isOpen || new.state == .released || new.position > old.position)
                    && isVouchedFor(new, at: old.stop.stage) && isAccepted(new, at: old.stop.stage)
            }
            guard let newer else { continue }
            end(index, .superseded, because: "\(newer.id) reached the gate of \(old.stop.stage)", now: now)
            return true
        }
        return false
    }

    func isAccepted(_ release: Release, at stage: String) -> Bool {
        guard let accepts = plan.stage(stage)?.accepts else { return false }
        return release.models.values.allSatisfy { statuses[$0.package].map(accepts.contains) ?? false }
    }

    /// The facts on which a waiting release's gate is judged.
    public func gate(for release: Release) -> Gate {
        let stage = release.stop.stage
        let before = release.position > 0 ? release.course[release.position - 1] : nil
        var gate = Gate(
            plan: plan.stage(stage, for: release) ?? .removed(stage),
            waitingSince: release.waitingSince ?? release.openedAt,
            models: release.models.sorted { $0.key < $1.key }.map {
                let (target, package) = ($0.key, $0.value.package)
                let bar = bar(on: package, for: target)
                return Gate.Model(name: $0.value.shortName, status: statuses[package], bar: bar?.reason)
            },
            upstream: (before?.accounts ?? []).filter { account in
                // It came past this one although it failed there.
                !(attempt(of: release, in: account)?.hasFailed ?? false)
            }.map { account in
                let attempt = attempt(of: release, in: account)
                let serving = serving[account].flatMap { $0.release == release.id ? $0.since : nil }
                // It passed the stage because the account served it; what serves there since changes nothing.
                let verifiedAt = attempt?.verifiedAt ?? serving ?? release.waitingSince
                return Gate.Upstream(
                    account: account,
                    beganAt: attempt?.startedAt,
                    verifiedAt: verifiedAt,
                    soakedAt: attempt.flatMap { attempt in attempt.verifiedAt.map { $0 + attempt.soak } }
                )
            },
            holds: holds,
            consents: consents.filter {
                $0.release == release.id && $0.opening == release.opening && $0.stage == stage
            },
            occupant: occupant(of: release.stop),
            isServed: release.stop.accounts.allSatisfy { serves(release, in: $0, stage: stage) }
        )
        gate.upstream += gate.plan.relay.before.filter { !$0.isHere }.compactMap { place in
            let seen = evidence[release.id]?.first { $0.isOf(place) }
            guard seen != nil || isAwaited(place, for: release) else { return nil }
            return Gate.Upstream(elsewhere: place.name, verifiedAt: seen?.verifiedAt)
        }
        gate.entered = release.stop.accounts
        gate.requesters = requesters(of: release, in: gate.plan.gate)
        gate.attestations = attestations.filter {
            $0.release == release.id && $0.opening == release.opening && $0.stage == stage
        }
        gate.alarms = alarms
        gate.alarmTroubles = alarmTroubles
        return gate
    }

    /// What rolls in a stage, forward or back, or in an account of it that had another stage before.
    private func occupant(of stop: Release.Stop) -> String? {
        if let rolling = releases.first(where: { $0.state == .rolling && $0.stop.stage == stop.stage }) {
            return "release \(rolling.id), which is rolling"
        }
        let open = attempts.first {
            !$0.state.isEnded
                && ($0.isRollback && $0.stage == stop.stage || stop.accounts.contains($0.account))
        }
        return open.map {
            $0.isRollback
                ? "the way back to release \($0.release), which is under way"
                : "release \($0.release), which is rolling"
        }
    }

    /// The people behind a release: who approved what it carries, and who asked for it by a message.
    private func requesters(of release: Release, in gate: GatePlan) -> Set<String> {
        let deciders = approvals.filter { $0.release == release.id }.compactMap(\.by)
        return Set((deciders + [release.requestedBy].compactMap(\.self)).map { gate.person(Sender($0)) })
    }

    /// Judges the gates of waiting releases, and lets one through or ends it.
    private mutating func passGate(now: Moment) -> Bool {
        for index in releases.indices where releases[index].state == .waiting {
            let release = releases[index]
            let stage = release.stop.stage
            guard plan.stage(stage) != nil else {
                let reason =
                    "stage \(stage) was taken out of the accounts folder while the release was on its way there; "
                    + "`deploy` sends it through the stages there are"
                end(index, .aborted, because: reason, now: now)
                return true
            }
            let before = plan.stages.prefix { $0.name != stage }.map(\.name)
            let passed = release.course.prefix(release.position).map(\.stage)
            if let added = before.first(where: { !passed.contains($0) }) {
                let reason =
                    "stage \(added) was put before \(stage) while the release was on its way there; `deploy` "
                    + "sends it through the stages there are"
                end(index, .aborted, because: reason, now: now)
                return true
            }
            let accounts = release.stop.accounts.filter { plan.stage(stage)?.accounts[$0] != nil }
            if accounts.isEmpty {
                let reason =
                    "every account of \(stage) that it was to enter was taken out of the stage while the release was "
                    + "on its way there; `deploy` sends it to those there are"
                end(index, .aborted, because: reason, now: now)
                return true
            }
            if accounts != release.stop.accounts {
                releases[index].course[release.position] = Release.Stop(stage: stage, accounts: accounts)
                return true
            }
            let conditions = gate(for: release).judge(now: now)
            if let failed = conditions.first(where: { $0.verdict == .failed }) {
                if failed.blamesChanges {
                    let changed = Set(release.stop.accounts.flatMap { changes(of: release, in: $0) })
                    bar(changed.sorted(), of: release, because: failed.text, now: now)
                }
                end(index, failed.ending, because: failed.text, now: now)
                return true
            }
            let open = conditions.filter { $0.verdict != .passed }
            guard open.isEmpty else {
                // A release begins at its first gate, and is said to wait there once people are awaited.
                if release.position == 0, release.waitingFor.isEmpty,
                    open.contains(where: { $0.name == "approved" })
                {
                    note("reachedGate", release.id, nil, stage, "waits at the gate of \(stage)")
                }
                releases[index].waitingFor = open.map { Release.Waiting(text: $0.text, until: $0.until) }
                continue
            }
            let evidence = conditions.map(\.text).joined(separator: "; ")
            note(
                "gateOpened",
                release.id,
                nil,
                stage,
                "\(evidence); settings \(plan.stage(stage, for: release)?.settings ?? "")"
            )
            enter(index, now: now)
            return true
        }
        return false
    }

    /// Begins an attempt in every account of the stage that does not serve the release already, or in as many as
    /// there may be at a time.
    private mutating func enter(_ index: Int, now: Moment) {
        let release = releases[index]
        releases[index].state = .rolling
        releases[index].waitingSince = nil
        releases[index].waitingFor = []
        guard let stage = plan.stage(release.stop.stage) else { return }
        releases[index].enteredUnder = stage.accounts
        let accounts = release.stop.accounts.filter { !serves(release, in: $0, stage: stage.name) }
        for account in accounts.prefix(stage.concurrency ?? accounts.count) {
            begin(release, in: account, stage, now: now)
        }
    }

    /// Begins an attempt in one account.
    mutating func begin(_ release: Release, in account: String, _ stage: StagePlan, now: Moment) {
        guard let settings = stage.accounts[account] else { return }
        let changes = changes(of: release, in: account)
        // Where only settings change the copies are there already, and nothing is copied onto itself.
        let base = serving[account].flatMap { $0.release == release.id ? nil : $0.release }
        let number = nextAttempt(of: release.id, in: account)
        attempts.append(
            Attempt(
                release: release.id,
                endpoint: plan.name,
                account: account,
                stage: stage.name,
                number: number,
                opening: release.opening,
                settings: settings,
                soak: stage.soak,
                changes: changes,
                tests: changes.isEmpty ? release.models.keys.sorted() : changes,
                base: base,
                previous: serving[account].map(Attempt.Previous.init),
                traffic: stage.traffic,
                now: now
            )
        )
        note("attemptBegan", release.id, account, stage.name, "attempt \(number)")
    }

    /// The targets whose version differs from what the account serves; none where a new rollout of the
    /// same set only carries other settings through, so that its failure bars nothing that serves well.
    func changes(of release: Release, in account: String) -> [String] {
        let served = serving[account]?.models ?? [:]
        return release.models.filter { served[$0.key] != $0.value }.keys.sorted()
    }

    /// A hold lets no new effect begin; without one, what it stopped is due again. What is taken back goes on:
    /// its switch may have been asked for.
    private mutating func holdAttempts(now: Moment) {
        for index in attempts.indices
        where attempts[index].state.isHeldByHolds && !attempts[index].isRollback
            && attempts[index].recalled == nil
        {
            let hold = holds.first { $0.covers(attempts[index].stage) }
            attempts[index].hold(
                hold.map { "held by \($0.by) (\($0.reason)), until somebody resumes it" },
                now: now
            )
        }
    }
}

extension StagePlan {
    /// What stands in for a stage that was taken out of the accounts folder while a release was on its
    /// way there: nothing is accepted, so nothing enters. `settle` ends such a release.
    static func removed(_ name: String) -> StagePlan {
        StagePlan(
            name: name,
            accounts: [:],
            accepts: [],
            soak: .zero
        )
    }
}
