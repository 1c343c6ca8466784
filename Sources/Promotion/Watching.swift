/// What is watched while releases wait and soak: alarms, and the people who are awaited.
extension EndpointState {
    /// The alarms that are to be looked at, per account: for releases at a gate in the accounts where they
    /// soak and those they would enter, and in every account that soaks.
    func watchesOwed(now: Moment) -> [AlarmWatch] {
        var owed: [String: (names: Set<String>, dueAt: Moment)] = [:]
        func watch(_ account: String, _ names: [String], dueAt: Moment) {
            guard !names.isEmpty else { return }
            let old = owed[account] ?? ([], dueAt)
            owed[account] = (old.names.union(names), min(old.dueAt, dueAt))
        }
        for release in releases where release.state == .waiting {
            let gate = gate(for: release)
            let names = gate.plan.gate.alarms
            guard !names.isEmpty, !gate.isServed else { continue }
            let waiting = gate.judge(now: now).filter { $0.verdict != .passed }.map(\.name)
            for account in gate.upstream.filter(\.isHere).map(\.account) + gate.entered {
                let seen = lastLook(at: names, in: account)
                // What alone is missing is looked at once more, so that no gate opens by an old look.
                let isLast = waiting == ["alarms"] && seen.map { !gate.isFresh($0, now) } ?? true
                watch(account, names, dueAt: isLast ? now : seen.map { $0 + pace.alarmTick } ?? now)
            }
        }
        for attempt in attempts where attempt.state == .soaking {
            let names = Set(gates(watching: attempt).flatMap(\.alarms)).sorted()
            let seen = lastLook(at: names, in: attempt.account)
            watch(attempt.account, names, dueAt: seen.map { $0 + pace.alarmTick } ?? now)
        }
        return owed.map { AlarmWatch(account: $0.key, names: $0.value.names.sorted(), dueAt: $0.value.dueAt) }
            .sorted { $0.account < $1.account }
    }

    /// When the alarms were last looked at; nil where one of them never was.
    private func lastLook(at names: [String], in account: String) -> Moment? {
        let looks = names.map { name in
            alarms.last { $0.account == account && $0.name == name }?.seenAt
        }
        return looks.contains(nil) ? nil : looks.compactMap(\.self).min()
    }

    /// The gates by whose alarms an account soaks: its own stage's, and the one that comes next.
    private func gates(watching attempt: Attempt) -> [GatePlan] {
        let stages = plan.stages.drop { $0.name != attempt.stage }.prefix(2)
        guard let own = stages.first, let next = own.relay.nextGate else { return stages.map(\.gate) }
        return [own.gate, next]
    }

    /// Ends the soak of an account where an alarm went off since the release began to roll there. One that was
    /// red before says nothing about the release; it keeps the next gate shut.
    mutating func endNoisySoaks(now: Moment) -> Bool {
        for index in attempts.indices where attempts[index].state == .soaking {
            let attempt = attempts[index]
            let gates = gates(watching: attempt)
            let noisy = alarms.first { sight in
                sight.account == attempt.account && attempt.verifiedAt.map { $0 < sight.seenAt } ?? false
                    && sight.changed(since: attempt.startedAt)
                    && gates.contains {
                        $0.alarms.contains(sight.name) && sight.verdict($0.insufficientData) == .failed
                    }
            }
            guard let noisy else { continue }
            let sentence =
                "alarm \(noisy.name) went off in account \(attempt.account) during the soak: it is "
                + noisy.state.rawValue
            attempts[index].apply(.checkFailed(blame: .changes, sentence: sentence), now: now, pace: pace)
            note("soakEnded", attempt.release, attempt.account, attempt.stage, sentence)
            concludes(attempts[index], before: attempt, now: now)
            return true
        }
        return false
    }

    /// When whoever a release waits for is reminded next; nil where nobody is awaited or reminded.
    func nextReminder(of release: Release) -> Moment? {
        guard release.state == .waiting, let gate = plan.stage(release.stop.stage)?.gate,
            let every = gate.remindEvery, let since = release.remindedAt ?? release.waitingSince
        else { return nil }
        return since + every
    }

    /// Reminds of the releases that wait for a person or a check.
    mutating func remind(now: Moment) {
        for index in releases.indices {
            let release = releases[index]
            guard let due = nextReminder(of: release), due <= now else { continue }
            let awaited = gate(for: release).judge(now: now).filter {
                $0.verdict == .inconclusive && ["approved", "checks"].contains($0.name)
            }
            releases[index].remindedAt = now
            guard !awaited.isEmpty else { continue }
            let text = awaited.map(\.text).joined(separator: "; ")
            note("reminder", release.id, nil, release.stop.stage, "still waits for \(text)")
        }
    }
}
