/// What serves next: the rules that turn decisions into the next release.
extension EndpointState {
    /// The set to serve next: for each target the acceptable, unbarred version with the latest decision.
    ///
    /// - Returns: nil while a version that belongs to the set has not been looked at yet.
    public var wanted: [String: ModelVersion]? {
        var models: [String: ModelVersion] = [:]
        for target in plan.targets.keys {
            guard let latest = latest(for: target) else { continue }
            guard let model = latest.model else { return nil }
            models[target] = model
        }
        return models
    }

    /// Whether the first stage can take a new release now. Approvals that arrive while an attempt is
    /// under way, or while its soak runs, fold into the next one.
    public var canCompose: Bool {
        plan.composes && !releases.contains { $0.state == .rolling && $0.position == 0 }
            && !attempts.contains { attempt in
                attempt.isRollback && !attempt.state.isEnded && attempt.stage == plan.stages.first?.name
            }
    }

    /// Opens the wanted set as a release, where a person or an open approval asks for it, or what is in
    /// use has to go.
    ///
    /// - Parameters:
    ///   - digest: The SHA-256 in hex of the set's identity.
    ///   - known: The release of that digest, where there has been one.
    public mutating func compose(
        _ models: [String: ModelVersion],
        digest: String,
        known: Release?,
        now: Moment
    ) {
        guard canCompose, !models.isEmpty, !plan.stages.isEmpty else { return }
        let isDue = triggeredBy != nil || isAsked(models) || isOverdue
        let known = releases.first { $0.digest == digest } ?? known
        guard isDue || known.map(isToCarry) ?? false else { return }
        let requester = triggeredBy
        triggeredBy = nil
        let course = plan.stages.map(\.stop)
        guard let known else {
            releaseCount += 1
            openingCount += 1
            let release = Release(
                endpoint: plan.name,
                digest: digest,
                number: releaseCount,
                opening: openingCount,
                models: models,
                course: course,
                now: now
            )
            releases.append(release)
            releases[releases.count - 1].requestedBy = requester
            let list = models.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value.shortName)" }
            note(
                "composed",
                release.id,
                nil,
                nil,
                "release \(release.number): " + list.joined(separator: ", ") + dropped(by: release)
            )
            return carry(release, now: now)
        }
        let isAskedFor = requester != nil && !(requester == Self.itself && isServed(known))
        let opens = isDue && !known.isOpen && (isAskedFor || reopensByItself(known))
        guard opens || isToCarry(known) || isDue && !overtaken(by: known).isEmpty else { return }
        if !releases.contains(where: { $0.id == known.id }) { releases.append(known) }
        guard let index = releases.firstIndex(where: { $0.id == known.id }) else { return }
        guard opens else {
            for newer in overtaken(by: known) where isDue {
                end(newer, .superseded, because: "a later decision asks for \(known.id) again", now: now)
            }
            return carry(known, now: now)
        }
        openingCount += 1
        dropStaleEvidence(of: known.id)
        let reason = requester.map { "asked for by \($0)" } ?? "wanted again"
        releases[index].open(opening: openingCount, course: course, reason: reason, now: now)
        releases[index].requestedBy = requester
        note("reopened", known.id, nil, nil, "\(reason), after it had ended \(known.state.rawValue)")
        carry(releases[index], now: now)
    }

    /// Which targets of the first stage the release no longer has, for people who look for them.
    private func dropped(by release: Release) -> String {
        let served = Set(
            plan.stages.first.map { $0.accounts.keys.flatMap { serving[$0]?.models.keys.sorted() ?? [] } }
                ?? []
        )
        let dropped = served.subtracting(release.models.keys).sorted().map { target in
            plan.targets[target] == nil
                ? "\(target), which is no longer in the accounts folder"
                : "\(target), which has no acceptable version left"
        }
        return dropped.isEmpty ? "" : "; it drops " + dropped.joined(separator: ", ")
    }

    /// Whether every account of the endpoint serves the set under the settings in force.
    public func servesEverywhere(_ release: Release) -> Bool {
        plan.stages.allSatisfy { stage in
            stage.accounts.keys.allSatisfy { serves(release, in: $0, stage: stage.name) }
        }
    }

    /// A release that ended without blame comes back when it is what should serve and does not; one
    /// that failed, expired or was refused only after a new decision about one of its versions.
    private func reopensByItself(_ release: Release) -> Bool {
        guard !isServed(release) else { return false }
        // Not by comparing times: the registry's clock is not ours.
        let decidedSince = isAsked(release.models)
        switch release.state {
        case .superseded, .released: return newest?.id != release.id || decidedSince
        default: return decidedSince
        }
    }

    /// Whether every account serves the set, under whatever settings. What those serve that other workers drive
    /// is not known here: it is handed over to them once more, and does nothing where they serve it.
    private func isServed(_ release: Release) -> Bool {
        !plan.handsOver
            && plan.stages.allSatisfy { stage in
                stage.accounts.keys.allSatisfy { serving[$0]?.release == release.id }
            }
    }

    /// Whether an open approval asks for the set that no open release carries.
    private func isAsked(_ models: [String: ModelVersion]) -> Bool {
        approvals.contains { approval in
            approval.ending == nil && models[approval.target]?.package == approval.package
                && !releases.contains { $0.id == approval.release && $0.isOpen }
        }
    }

    /// Whether a set is composed though nobody asks: something that serves or is on its way has been
    /// rejected or barred.
    ///
    /// A version that is withdrawn to pending or deleted, and a change of the accounts folder alone, roll
    /// nothing by themselves; the next decision or a person's `deploy` carries them through.
    private var isOverdue: Bool {
        let inUse = serving.values.map(\.models) + releases.filter(\.isOpen).map(\.models)
        return inUse.contains { models in
            models.contains { target, version in
                isRejected(version) || bar(on: version.package, for: target) != nil
            }
        }
    }

    private func isToCarry(_ release: Release) -> Bool {
        approvals.contains {
            $0.ending == nil && $0.release != release.id && release.models[$0.target] != nil
        }
    }

    /// The waiting releases that were opened after one that is wanted again and has nothing to open for,
    /// because it is open or serves everywhere.
    private func overtaken(by release: Release) -> [Int] {
        guard release.isOpen || isServed(release) else { return [] }
        return releases.indices.filter {
            releases[$0].state == .waiting && releases[$0].opening > release.opening
        }
    }

    /// Lets what should serve be released once more, though it ended before, where releases are composed here.
    mutating func askForRelease() {
        if plan.composes { triggeredBy = triggeredBy ?? Self.itself }
    }

    private func latest(for target: String) -> Candidate? {
        candidates
            .filter { $0.target == target && plan.accepts.contains($0.status) && !isBarred($0) }
            .max { $0.order < $1.order }
    }

    /// Hands open approvals to the release that now contains their versions, and ends those whose
    /// target went on with a later decision.
    private mutating func carry(_ release: Release, now: Moment) {
        for index in approvals.indices where approvals[index].ending == nil {
            let approval = approvals[index]
            guard let version = release.models[approval.target] else { continue }
            if version.package == approval.package {
                approvals[index].release = release.id
            } else if let chosen = latest(for: approval.target), chosen.decidedAt >= approval.decidedAt {
                end(
                    approval: index,
                    .superseded,
                    because: "a later decision for \(approval.target) entered \(release.id)",
                    now: now
                )
            }
        }
    }

    mutating func end(approval index: Int, _ ending: Ending, because reason: String, now: Moment) {
        approvals[index].end(ending, because: reason, now: now)
        let approval = approvals[index]
        note(
            "approvalEnded",
            approval.release,
            nil,
            nil,
            "\(approval.package) for \(approval.target): \(ending.rawValue), \(reason)"
        )
    }

    /// A release that is verified in the last stage ends every approval of what it holds, also where a
    /// newer release had taken the approval over.
    mutating func endReleasedApprovals(of release: Release, now: Moment) {
        for index in approvals.indices where approvals[index].ending == nil {
            let approval = approvals[index]
            guard release.models[approval.target]?.package == approval.package else { continue }
            end(
                approval: index,
                .released,
                because: "verified in the last stage with \(release.id)",
                now: now
            )
        }
    }

    /// Gives every approval whose release has ended its own ending, except where the next release will
    /// carry its version on.
    mutating func endApprovals(now: Moment) {
        let wanted = plan.composes ? self.wanted : nil
        for index in approvals.indices where approvals[index].ending == nil {
            let approval = approvals[index]
            guard let release = releases.first(where: { $0.id == approval.release }) else {
                endUntaken(index, now: now)
                continue
            }
            guard let ending = release.state.ending else { continue }
            if ending == .released {
                end(
                    approval: index,
                    .released,
                    because: "verified in the last stage with \(release.id)",
                    now: now
                )
                continue
            }
            let isStillWanted = wanted?[approval.target]?.package == approval.package
            if isStillWanted, wanted != release.models || triggeredBy != nil, goesOn(approval, after: ending)
            {
                continue
            }
            end(
                approval: index,
                ending,
                because: "\(release.id): \(release.reason ?? ending.rawValue)",
                now: now
            )
        }
    }

    /// Whether an approval outlives the release that carried it. Where one model's failure is the failure of
    /// the whole release, the others fail with it, unless they are released all the same.
    private func goesOn(_ approval: Approval, after ending: Ending) -> Bool {
        ending != .failed || plan.onModelFailure == .exclude || isOverdue
            || releases.contains { $0.isOpen && $0.models[approval.target]?.package == approval.package }
    }

    /// Ends an approval that no release has taken and none will.
    private mutating func endUntaken(_ index: Int, now: Moment) {
        let approval = approvals[index]
        let candidate = candidates.first { $0.target == approval.target && $0.package == approval.package }
        guard let candidate, plan.targets[approval.target] != nil else {
            let reason = "\(approval.target) no longer takes versions of its group"
            return end(approval: index, .aborted, because: reason, now: now)
        }
        if !plan.accepts.contains(candidate.status) {
            let reason = "it became \(candidate.status.rawValue) before a release took it"
            end(approval: index, .aborted, because: reason, now: now)
        } else if let bar = bar(on: approval.package, for: approval.target) {
            end(approval: index, .failed, because: "it was barred: \(bar.reason)", now: now)
        } else if let chosen = latest(for: approval.target), chosen.package != approval.package,
            !approvals.contains(where: {
                $0.isUntaken && $0.target == approval.target && $0.package == chosen.package
            })
        {
            // It was decided before and heard of after, when the other had its turn already.
            let reason = "a later decision, for version \(chosen.version), entered a release first"
            end(approval: index, .superseded, because: reason, now: now)
        }
    }
}

extension Candidate {
    /// The later decision is the larger; where two share a moment, the higher version.
    fileprivate var order: (Moment, Int) { (decidedAt, version) }
}
