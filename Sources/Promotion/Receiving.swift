/// Taking a release over from the worker that drives the stage before.
extension EndpointState {
    /// How far the clock of another worker may be ahead of ours.
    static let skew = Duration.seconds(15 * 60)

    /// Why a hand-off is not to be acted on, as far as that can be told without asking AWS; nil where nothing
    /// speaks against it.
    ///
    /// - Parameter digest: The SHA-256 in hex of the identity of what is handed over, computed here.
    public func refusal(of handoff: Handoff, from sender: Sender, digest: String, now: Moment) -> String? {
        guard let stage = plan.stage(handoff.stage) else {
            let known = plan.stages.map(\.name).joined(separator: ", ")
            return "no account of stage \(handoff.stage) of \(plan.name) is driven here, only of \(known)"
        }
        if let refusal = refusal(of: sender, stage) { return refusal }
        guard digest == handoff.digest, handoff.release == "\(plan.name).\(digest.prefix(10))" else {
            return "\(handoff.release) is not what its models are: they are \(plan.name).\(digest.prefix(10))"
        }
        if let target = handoff.models.keys.filter({ plan.targets[$0] == nil }).min() {
            return
                "\(handoff.release) holds target model \(target), which the accounts folder here does not have"
        }
        return refusal(of: handoff.evidence, before: stage, now: now) ?? staleness(of: handoff, stage)
    }

    private func refusal(of sender: Sender, _ stage: StagePlan) -> String? {
        let closed = stage.accounts.keys.sorted().first { account in
            !(stage.relay.senders[account] ?? []).contains { $0.matches(sender) }
        }
        return closed.map {
            "\(sender) is not among the `upstream` of account \($0), who may hand over to it"
        }
    }

    /// Whoever hands over vouches for every stage before, and in the last of them for all that one worker
    /// drives: the accounts that share a queue.
    private func refusal(of evidence: [Evidence], before stage: StagePlan, now: Moment) -> String? {
        guard let last = stage.relay.before.last?.stage else {
            return "\(stage.name) is the first stage of \(plan.name), and nothing is handed over to that"
        }
        for (index, entry) in evidence.enumerated() {
            let place = "account \(entry.account) in \(entry.stage)"
            guard stage.relay.before.contains(where: entry.isOf) else {
                return "it brings evidence of \(place), which does not come before \(stage.name) here"
            }
            if evidence[..<index].contains(where: entry.isOfSamePlace) {
                return "it brings evidence of \(place) twice"
            }
            if entry.verifiedAt > now + Self.skew {
                return "its evidence of \(place) is from a time to come; are the clocks right?"
            }
        }
        let lacking = lacking(in: evidence, before: stage.relay, last)
        guard !lacking.isEmpty else { return nil }
        let list = lacking.map { "\($0.name) (\($0.account)) in \($0.stage)" }.joined(separator: ", ")
        return "\(stage.name) is not next for it: there is no evidence that it was verified in \(list)"
    }

    /// The places of which there should be evidence and is none. So many of a stage may have failed as its
    /// tolerance says; in the last stage another worker's accounts are waited for.
    private func lacking(in evidence: [Evidence], before relay: Relay, _ last: String) -> [Place] {
        Dictionary(grouping: relay.before, by: \.stage).flatMap { stage, places -> [Place] in
            let tolerance = relay.tolerance[stage] ?? 0
            let drivers = Dictionary(grouping: places, by: \.queue).values
            let heard = drivers.filter { driver in
                driver.contains { place in evidence.contains { $0.isOf(place) } }
            }
            let asked = stage == last && !heard.isEmpty ? Array(heard.joined()) : places
            let missing = asked.filter { place in !evidence.contains { $0.isOf(place) } }
            return missing.count <= tolerance && missing.count < asked.count ? [] : missing
        }.sorted { ($0.stage, $0.name) < ($1.stage, $1.name) }
    }

    /// Messages come more than once and in any order, and the latest verification wins, not the latest message.
    private func staleness(of handoff: Handoff, _ stage: StagePlan) -> String? {
        if let known = releases.first(where: { $0.id == handoff.release }) {
            let ahead = known.course[known.position...].map(\.stage)
            if known.isOpen, !ahead.contains(stage.name) {
                return "\(known.id) has passed the gate of \(stage.name)"
            }
            let held = evidence[known.id] ?? []
            let isNews = handoff.evidence.contains { entry in
                held.first(where: entry.isOfSamePlace).map { $0.verifiedAt < entry.verifiedAt } ?? true
            }
            if !isNews { return "\(known.id) was handed over already, with the same evidence" }
        }
        let last = stage.relay.before.last?.stage
        let handed = handoff.evidence.filter { $0.stage == last }
        let later = releases.first { other in
            let common = handed.compactMap { entry in
                evidence[other.id]?.first(where: entry.isOfSamePlace).map { (entry, $0) }
            }
            return other.id != handoff.release && !common.isEmpty
                && common.allSatisfy { $0.0.verifiedAt < $0.1.verifiedAt }
        }
        return later.map { "\($0.id), which was verified in \(last ?? "") after it, was handed over already" }
    }

    /// Takes a release over where nothing speaks against it: to the gate of its stage, as a release of this
    /// ledger's own.
    ///
    /// - Parameters:
    ///   - known: Package ARN → what the registry was seen to say of it.
    ///   - digest: As in `refusal`.
    mutating func take(
        _ handoff: Handoff,
        from sender: Sender,
        known: [String: Candidate],
        digest: String,
        now: Moment
    ) -> Answer {
        if let why = refusal(of: handoff, from: sender, digest: digest, now: now) { return .refused(why) }
        let position = plan.stages.firstIndex { $0.name == handoff.stage } ?? 0
        let index = releases.firstIndex { $0.id == handoff.release }
        let isOpened = index.map { !releases[$0].isOpen } ?? true
        if isOpened {
            evidence[handoff.release] = nil
            open(handoff, at: position, index, now: now)
        }
        for var entry in handoff.evidence {
            let held = evidence[handoff.release]?.first(where: entry.isOfSamePlace)
            // What this worker has verified itself it need not be told, and news is never older.
            if let held, held.sender == nil || held.verifiedAt >= entry.verifiedAt { continue }
            entry.sender = sender.id
            keep(entry, of: handoff.release)
        }
        carryHandedOver(handoff, known)
        let seen = handoff.evidence.map { "\($0.account) in \($0.stage)" }.joined(separator: ", ")
        return .accepted(
            isOpened
                ? "it is at the gate of \(handoff.stage), verified in account \(seen)"
                : "the evidence of account \(seen) is added"
        )
    }

    private mutating func open(_ handoff: Handoff, at position: Int, _ index: Int?, now: Moment) {
        openingCount += 1
        let course = plan.stages.map(\.stop)
        if let index {
            let ended = releases[index].state.rawValue
            let reason = "handed over once more"
            releases[index].open(
                opening: openingCount,
                course: course,
                at: position,
                reason: reason,
                now: now
            )
            releases[index].requestedBy = nil
            return note("reopened", handoff.release, nil, nil, "\(reason), after it had ended \(ended)")
        }
        releaseCount += 1
        var release = Release(
            endpoint: plan.name,
            digest: handoff.digest,
            number: releaseCount,
            opening: openingCount,
            models: handoff.models,
            course: course,
            now: now
        )
        release.position = position
        releases.append(release)
        let list = handoff.models.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value.shortName)" }
        note(
            "received",
            release.id,
            nil,
            handoff.stage,
            "release \(release.number) here, handed over: " + list.joined(separator: ", ")
        )
    }

    /// Opens an approval of each version for its end here, unless one that is open is carried on.
    private mutating func carryHandedOver(_ handoff: Handoff, _ known: [String: Candidate]) {
        for (target, version) in handoff.models.sorted(by: { $0.key < $1.key }) {
            if let open = approvals.firstIndex(where: {
                $0.ending == nil && $0.target == target && $0.package == version.package
            }) {
                approvals[open].release = handoff.release
            } else if let candidate = known[version.package] {
                approvals.append(
                    Approval(
                        target: target,
                        package: version.package,
                        decidedAt: candidate.decidedAt,
                        by: candidate.decidedBy,
                        release: handoff.release
                    )
                )
            }
        }
    }

    /// Opens a release that was handed over and has ended once more, where a person asks for it.
    mutating func reopenHandedOver(_ id: String, by sender: Sender, now: Moment) -> Answer {
        guard let index = releases.firstIndex(where: { $0.id == id }) else {
            return .refused("\(id) is not known")
        }
        let release = releases[index]
        guard let position = plan.stages.firstIndex(where: { $0.name == release.stop.stage }) else {
            return .refused("no account of stage \(release.stop.stage) is driven here any more")
        }
        openingCount += 1
        let reason = "asked for by \(sender)"
        releases[index].open(
            opening: openingCount,
            course: plan.stages.map(\.stop),
            at: position,
            reason: reason,
            now: now
        )
        releases[index].requestedBy = sender.id
        note("reopened", id, nil, nil, "\(reason), after it had ended \(release.state.rawValue)")
        return .accepted("\(id) is tried again")
    }
}
