/// What CloudWatch's alarms say.
extension Gate {
    /// How young a look at an alarm has to be for a gate to open by it.
    static let freshness = Duration.seconds(10)

    /// Whether the alarms let the release in: quiet now in every account that soaks and that is entered,
    /// and quiet in the soaking ones since the soak began.
    ///
    /// An alarm that went off where the release soaks, since it began to roll there, is the release's failure;
    /// one that was red before, or is red where it would go, only keeps it out. One that came back to OK
    /// during the soak leaves nothing but the moment it did, so the soak's time is counted again from there.
    func alarmsQuiet(_ now: Moment) -> Condition? {
        guard !plan.gate.alarms.isEmpty else { return nil }
        let soaking = upstream.filter(\.isHere).flatMap { account in
            plan.gate.alarms.map { finding($0, in: account.account, soaked: account, now) }
        }
        let entering = entered.flatMap { account in
            plan.gate.alarms.map { finding($0, in: account, soaked: nil, now) }
        }
        return Condition(name: "alarms", findings: soaking + entering)
    }

    /// Whether a gate may open by a look of that moment: it is young, and younger than the last approval, so
    /// that nobody approves past what has turned red since.
    func isFresh(_ look: Moment, _ now: Moment) -> Bool {
        look + Self.freshness > now && consents.allSatisfy { $0.at <= look }
    }

    private func finding(_ alarm: String, in account: String, soaked: Upstream?, _ now: Moment) -> Finding {
        if let trouble = alarmTroubles[account] {
            return Finding(.inconclusive, "a look at the alarms of \(account): \(trouble)")
        }
        guard let sight = alarms.last(where: { $0.account == account && $0.name == alarm }),
            isFresh(sight.seenAt, now)
        else { return Finding(.inconclusive, "a look at alarm \(alarm) in \(account)") }
        switch sight.verdict(plan.gate.insufficientData) {
        case .passed:
            guard let soaked, let verifiedAt = soaked.verifiedAt, let soakedAt = soaked.soakedAt,
                let since = sight.since, since > verifiedAt
            else { return Finding(.passed, "alarm \(alarm) is quiet in \(account)") }
            let end = since + (soakedAt - verifiedAt)
            return end > now
                ? Finding(
                    .inconclusive,
                    "alarm \(alarm) in \(account), quiet only since it changed in the soak",
                    end
                )
                : Finding(.passed, "alarm \(alarm) is quiet in \(account)")
        case .failed:
            let isBlamed = (soaked?.beganAt).map(sight.changed) ?? false
            let age = soaked == nil || isBlamed ? "" : ", since before the release came there"
            return Finding(
                isBlamed ? .failed : .inconclusive,
                "alarm \(alarm) in \(account) to be quiet: it is \(sight.state.rawValue)\(age)"
            )
        case .inconclusive, .errored:
            let what =
                sight.state == .missing
                ? "which does not exist there: create it, or take it out of the gate"
                : "which has too little data"
            return Finding(.inconclusive, "alarm \(alarm) in \(account), \(what)")
        }
    }
}

extension AlarmSight {
    /// What the alarm says, whose data may not suffice. One that does not exist never says yes.
    func verdict(_ insufficientData: GatePlan.InsufficientData) -> Verdict {
        switch (state, insufficientData) {
        case (.ok, _), (.insufficientData, .ok): .passed
        case (.alarm, _), (.insufficientData, .alarm): .failed
        case (.insufficientData, .inconclusive), (.missing, _): .inconclusive
        }
    }

    /// Whether it came into its state since then; a state of unknown age is taken for new.
    func changed(since moment: Moment) -> Bool { since.map { $0 >= moment } ?? true }
}

extension Gate {
    /// One of several things that a condition is judged by.
    struct Finding {
        let verdict: Verdict
        let text: String
        let until: Moment?

        init(_ verdict: Verdict, _ text: String, _ until: Moment? = nil) {
            self.verdict = verdict
            self.text = text
            self.until = until
        }
    }
}

extension Gate.Condition {
    /// The condition that all findings pass: its verdict is the worst of theirs, told by those that have it.
    init(name: String, findings: [Gate.Finding]) {
        let worst = [Verdict.failed, .inconclusive].first { verdict in
            findings.contains { $0.verdict == verdict }
        }
        let told = findings.filter { $0.verdict == worst ?? .passed }
        self.init(
            name: name,
            verdict: worst ?? .passed,
            text: told.map(\.text).joined(separator: "; "),
            until: told.compactMap(\.until).max()
        )
    }
}
