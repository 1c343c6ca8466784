/// What is asked for when something is wrong, and what the team's own checks answer.
extension EndpointState {
    /// Takes an account back to what it verified before, and holds its stage until somebody resumes it.
    mutating func rollback(_ account: String, to id: String?, _ request: Request, now: Moment) -> Answer {
        if let refusal = operatorRefusal(request.sender) { return refusal }
        guard let stage = plan.stages.first(where: { $0.accounts[account] != nil }) else {
            let known = plan.stages.flatMap(\.accounts.keys).sorted().joined(separator: ", ")
            return .refused("endpoint \(plan.name) has no account \(account); it has \(known)")
        }
        let sentence = "\(request.sender): \(request.reason)"
        if let open = underWay(in: account) {
            let attempt = attempts[open]
            if attempt.isRollback {
                return .refused("\(account) is going back to \(attempt.release) already")
            }
            if let id, attempt.previous?.release != id {
                return .refused(
                    "\(attempt.release) is under way in \(account); without a release it is taken back to what was "
                        + "live before"
                )
            }
            leave(attempt.release, because: "rolled back in \(account) by \(sentence)", now: now)
            hold(stage.name, by: request.sender, because: request.reason, now: now)
            return .accepted(
                "the attempt under way in \(account) is taken back, and \(stage.name) is held until somebody resumes it"
            )
        }
        let ways = waysBack(in: account, stage)
        guard let target = id.map({ id in ways.first { $0.release.id == id } }) ?? ways.first else {
            return .refused(nowhere(account, stage, id))
        }
        beginRollback(to: target, in: account, stage, because: "by \(sentence)", now: now)
        hold(stage.name, by: request.sender, because: request.reason, now: now)
        return .accepted(
            "\(account) goes back to \(target.release.id), and \(stage.name) is held until somebody resumes it"
        )
    }

    private func nowhere(_ account: String, _ stage: StagePlan, _ id: String?) -> String {
        guard let id else {
            return
                "there is nothing to go back to: \(account) verified no other release that \(stage.name) accepts now"
        }
        if serving[account]?.release == id { return "\(account) serves \(id) already" }
        guard let past = past[account]?.first(where: { $0.release.id == id }) else {
            return "\(account) never verified \(id)"
        }
        let why =
            past.release.state.ending.map { ", which ended \($0.rawValue)" } ?? ""
        return
            "\(account) cannot go back to \(id)\(why): what it holds is rejected, barred or no longer accepted, or "
            + "it was left before"
    }

    private mutating func hold(_ stage: String, by sender: Sender, because reason: String, now: Moment) {
        holds.removeAll { $0.stage == stage }
        holds.append(Hold(stage: stage, by: sender.id, reason: reason, at: now))
        note("held", nil, nil, stage, "\(sender): \(reason)")
    }

    /// Promotes past what the gate still waits for. It is recorded as what it is.
    mutating func override(_ id: String, _ stage: String, _ request: Request, now: Moment) -> Answer {
        guard let plan = plan.stage(stage) else {
            return .refused("endpoint \(self.plan.name) has no stage \(stage)")
        }
        guard plan.gate.mayOverride.contains(where: { $0.matches(request.sender) }) else {
            return .refused("\(request.sender) is not among those who may override the gate of \(stage)")
        }
        let found = waiting(id, at: stage)
        let soaking = releases.firstIndex { isSoaking($0, before: stage) && $0.id == id }
        guard let index = found.index ?? soaking else { return .refused(found.why) }
        let settings = self.plan.stage(stage, for: releases[index])?.settings ?? plan.settings
        consents.removeAll {
            $0.release == id && $0.opening == releases[index].opening && $0.stage == stage
                && $0.person == request.sender.id
        }
        consents.append(
            Consent(
                release: id,
                opening: releases[index].opening,
                stage: stage,
                sender: request.sender,
                reason: request.reason,
                settings: settings,
                at: now,
                isOverride: true,
                person: request.sender.id
            )
        )
        note("overridden", id, nil, stage, "EMERGENCY OVERRIDE by \(request.sender): \(request.reason)")
        for open in attempts.indices where attempts[open].release == id && attempts[open].state == .soaking {
            attempts[open].apply(.soakCut, now: now, pace: pace)
            note("soakCut", id, attempts[open].account, attempts[open].stage, "by \(request.sender)")
        }
        return .accepted("passes over what the gate of \(stage) still waits for, as an emergency override")
    }

    /// Whether nothing but the soak keeps a release from the gate of a stage.
    private func isSoaking(_ release: Release, before stage: String) -> Bool {
        guard release.state == .rolling, release.position + 1 < release.course.count,
            release.course[release.position + 1].stage == stage, toCome(of: release).isEmpty
        else { return false }
        return release.stop.accounts.allSatisfy { account in
            attempt(of: release, in: account).map { [.soaking, .verified].contains($0.state) } ?? true
        }
    }

    /// Records what a check came to. It may come as soon as the release is on its way to the stage.
    mutating func attest(
        _ id: String,
        _ stage: String,
        _ check: String,
        _ verdict: Verdict,
        _ evidence: String?,
        _ request: Request,
        now: Moment
    ) -> Answer {
        guard let plan = plan.stage(stage) else {
            return .refused("endpoint \(self.plan.name) has no stage \(stage)")
        }
        guard let asked = plan.gate.checks.first(where: { $0.name == check }) else {
            let known = plan.gate.checks.map(\.name).joined(separator: ", ")
            return .refused(
                "the gate of \(stage) asks for no check \(check); it asks for \(known.isEmpty ? "none" : known)"
            )
        }
        guard asked.senders.contains(where: { $0.matches(request.sender) }) else {
            return .refused("\(request.sender) is not among the senders of check \(check)")
        }
        guard let release = releases.first(where: { $0.id == id }) else {
            return .refused("\(id) is not under way")
        }
        if let ending = release.state.ending {
            return .refused("\(id) has ended \(ending.rawValue): \(release.reason ?? "no reason recorded")")
        }
        let ahead = release.course[release.position...].map(\.stage)
        guard ahead.contains(stage), release.state == .waiting || release.stop.stage != stage else {
            return .refused("\(id) has passed the gate of \(stage)")
        }
        attestations.removeAll {
            $0.release == id && $0.opening == release.opening && $0.stage == stage && $0.check == check
        }
        attestations.append(
            Attestation(
                release: id,
                opening: release.opening,
                stage: stage,
                check: check,
                verdict: verdict,
                sender: request.sender,
                reason: request.reason,
                evidence: evidence,
                at: now
            )
        )
        return .accepted("check \(check) is \(verdict.rawValue) for \(id) at the gate of \(stage)")
    }
}
