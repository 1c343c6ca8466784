import Native
import Promotion

/// Letting something happen to an endpoint, and drawing the consequences.
extension Ledger {
    /// How long a composition waits at the most for looks that are under way or are tried again meanwhile: longer
    /// than the claim of a worker that died over one.
    static let folding = term + .seconds(5)

    /// Lets something happen to an endpoint, draws the consequences and writes them back.
    ///
    /// - Parameters:
    ///   - including: Releases that must be in the state although they have ended.
    ///   - withPast: Whether the change needs to know what accounts may go back to.
    ///   - change: What happened. It answers with what the caller wants to know.
    @discardableResult
    func settle<Answer>(
        _ plan: EndpointPlan,
        including: [String] = [],
        withPast: Bool = false,
        in transaction: any Transaction,
        now: Moment,
        change: (inout EndpointState) throws -> Answer
    ) throws -> Answer {
        let before = try state(of: plan, including: including, in: transaction)
        var state = before
        if withPast { try learnPast(&state, in: transaction) }
        let answer = try change(&state)
        if !withPast, state.needsPast { try learnPast(&state, in: transaction) }
        state.settle(now: now)
        let foldsUntil = try foldsUntil(plan, in: transaction, now: now)
        if foldsUntil == nil, state.canCompose, let wanted = state.wanted, !wanted.isEmpty {
            let digest = Digest.hex(try Digest.sha256(Release.identity(endpoint: plan.name, models: wanted)))
            let known = try release(
                "WHERE endpoint = ? AND digest = ?",
                [plan.name, digest],
                in: transaction
            ).first
            let packages = wanted.values.map(\.package)
            state.learn(statuses: try statuses(of: packages, in: transaction))
            if let known {
                state.learn(attemptNumbers: try attemptNumbers(of: known, in: transaction))
                if plan.isShared {
                    state.learn(evidence: try evidence(for: known.id, in: transaction), of: known.id)
                }
            }
            state.compose(wanted, digest: digest, known: known, now: now)
            state.settle(now: now)
        }
        try save(state, before: before, foldsUntil: foldsUntil, in: transaction, now: now)
        return answer
    }

    /// Tells the state which releases its accounts verified before, and what it must know of them.
    private func learnPast(_ state: inout EndpointState, in transaction: any Transaction) throws {
        let past = try past(of: state.plan.name, state.serving, in: transaction)
        let served = try Set(state.serving.values.map(\.release)).sorted().flatMap {
            try release("WHERE id = ?", [$0], in: transaction)
        }
        let releases = past.values.joined().map(\.release)
        for release in releases {
            state.learn(attemptNumbers: try attemptNumbers(of: release, in: transaction))
        }
        let packages = (releases + served).flatMap { $0.models.values.map(\.package) }
        state.learn(past: past, served: served, statuses: try statuses(of: packages, in: transaction))
    }

    /// Until when a composition waits for looks that are under way, or that failed and are tried again by then,
    /// so that approvals given together are released together; nil where there is none, or the wait was long
    /// enough. A release too many is an update too many, which takes minutes everywhere. What fails for longer
    /// is tried more and more seldom and soon keeps nobody.
    func foldsUntil(_ plan: EndpointPlan, in transaction: any Transaction, now: Moment) throws
        -> Moment?
    {
        let since =
            try transaction.row("SELECT folding_since FROM endpoints WHERE name = ?", plan.name)?
            .optionalInteger("folding_since").map(Self.moment) ?? now
        guard since + Self.folding > now else { return nil }
        for group in Set(plan.targets.values) {
            let look = try transaction.row(
                """
                SELECT 1 AS due FROM looks WHERE package_group = ?
                    AND (due_at <= ? OR failures > 0 AND due_at <= ?) LIMIT 1
                """,
                group,
                now.milliseconds,
                (since + Self.folding).milliseconds
            )
            if look != nil { return since + Self.folding }
        }
        return nil
    }
}
