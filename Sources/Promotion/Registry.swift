/// What the registry was seen to say, and what follows for an endpoint fed by it.
extension EndpointState {
    /// Takes in that a version's status is now known to be another than before.
    ///
    /// A change from not acceptable to acceptable is a decision: an approval, and the end of any bar.
    /// A change back takes the version out of what may be released. A status the ledger already held
    /// is no change, and so never comes here. Where releases are handed over rather than composed, a decision
    /// is acted on by whoever composes them, and only lifts a bar here.
    ///
    /// - Parameters:
    ///   - was: The status held so far, or nil where the version was unknown.
    ///   - at: The LastModifiedTime of the reply that showed it.
    ///   - by: The principal that the registry names as the last to have changed it, if it names one.
    public mutating func registryShowed(
        _ seen: Candidate,
        was: ApprovalStatus?,
        at: Moment,
        by: String? = nil,
        now: Moment
    ) {
        statuses[seen.package] = seen.status
        let isAcceptable = plan.accepts.contains(seen.status)
        let wasAcceptable = was.map(plan.accepts.contains) ?? false
        for index in candidates.indices
        where candidates[index].target == seen.target && candidates[index].package == seen.package {
            candidates[index] = Candidate(
                target: seen.target,
                package: seen.package,
                version: seen.version,
                decidedAt: candidates[index].decidedAt,
                status: seen.status,
                model: seen.model
            )
        }
        guard isAcceptable, !wasAcceptable else {
            if wasAcceptable, !isAcceptable {
                note(
                    "withdrawn",
                    nil,
                    nil,
                    nil,
                    "\(seen.package) for \(seen.target) became \(seen.status.rawValue)" + Self.byline(by)
                )
            }
            if seen.status == .rejected, was != .rejected, plan.onRejection == .hold {
                holdServing(seen, now: now)
            }
            return
        }
        if plan.composes {
            decide(seen, at: at, by: by)
            note(
                "decided",
                nil,
                nil,
                nil,
                "\(seen.package) for \(seen.target) became \(seen.status.rawValue)" + Self.byline(by)
            )
        }
        if let bar = bars.firstIndex(where: { $0.target == seen.target && $0.package == seen.package }) {
            bars.remove(at: bar)
            note(
                "barLifted",
                nil,
                nil,
                nil,
                "\(seen.package) for \(seen.target): a new decision in the registry"
            )
        }
    }

    private static func byline(_ by: String?) -> String { by.map { ", by \($0)" } ?? "" }

    /// Holds the stages that serve a version which was rejected, where a person is to decide about it.
    private mutating func holdServing(_ seen: Candidate, now: Moment) {
        for stage in plan.stages {
            let isServing = stage.accounts.keys.contains {
                serving[$0]?.models[seen.target]?.package == seen.package
            }
            if isServing { holdRejected(seen.package, in: stage.name, now: now) }
        }
    }

    /// Holds a stage that serves, or comes to serve, a rejected version that stays until a person decides.
    mutating func holdRejected(_ package: String, in stage: String, now: Moment) {
        guard !holds.contains(where: { $0.stage == stage }) else { return }
        let reason = "\(package) is served and was rejected in the registry; `rollback` takes it back"
        holds.append(Hold(stage: stage, by: Self.itself, reason: reason, at: now))
        note("held", nil, nil, stage, reason)
    }

    /// Records a decision about a version, by the registry or by a person's `deploy`.
    mutating func decide(_ seen: Candidate, at moment: Moment, by: String?) {
        guard
            !approvals.contains(where: {
                $0.target == seen.target && $0.package == seen.package && $0.decidedAt == moment
            })
        else { return }
        approvals.append(Approval(target: seen.target, package: seen.package, decidedAt: moment, by: by))
        candidates.removeAll { $0.target == seen.target && $0.package == seen.package }
        candidates.append(
            Candidate(
                target: seen.target,
                package: seen.package,
                version: seen.version,
                decidedAt: moment,
                status: seen.status,
                model: seen.model
            )
        )
    }
}
