import Promotion

/// What is shown of what happens now, and of what a release carried and tried.
extension Ledger {
    /// Everything that is not at its end, over all endpoints: what a watcher is shown while it happens.
    public func underWay() async throws -> [UnderWay] {
        try await store.read { transaction in
            try release("WHERE ended_at IS NULL ORDER BY endpoint, number", [], in: transaction).flatMap {
                try underWay($0, in: transaction)
            }
        }
    }

    func underWay(_ release: Release, in transaction: any Transaction) throws -> [UnderWay] {
        guard release.state == .rolling else {
            return [
                UnderWay(
                    endpoint: release.endpoint,
                    release: release.id,
                    number: release.number,
                    stage: release.stop.stage,
                    account: nil,
                    state: release.state.rawValue,
                    since: Self.text(release.waitingSince ?? release.openedAt),
                    waitsFor: release.waitingFor.map(Self.text),
                    until: release.waitingFor.compactMap(\.until).min().map { Self.text($0) }
                )
            ]
        }
        return try attempts(of: release, in: transaction).filter { !$0.state.isEnded }.map { attempt in
            UnderWay(
                endpoint: release.endpoint,
                release: release.id,
                number: release.number,
                stage: attempt.stage,
                account: attempt.account,
                state: attempt.state.rawValue,
                since: Self.text(try since(attempt, in: transaction)),
                waitsFor: Self.waiting(attempt).map { [$0] } ?? [],
                until: attempt.dueAt.map { Self.text($0) }
            )
        }
    }

    static func text(_ waiting: Release.Waiting) -> String {
        waiting.text + (waiting.until.map { ", until \(text($0))" } ?? "")
    }

    /// When an attempt came to its state: at the last event that moved it, which neither a failure that is
    /// tried again nor a look at an endpoint that is still changing does.
    private func since(_ attempt: Attempt, in transaction: any Transaction) throws -> Moment {
        let row = try transaction.row(
            """
            SELECT MAX(at) AS at FROM journal WHERE release = ? AND account = ? AND kind = 'event'
                AND name NOT IN ('effectFailed', 'interrupted', 'endpointSeen') AND name NOT LIKE 'late report%'
            """,
            attempt.release,
            attempt.account
        )
        return max(attempt.startedAt, try row?.optionalInteger("at").map(Self.moment) ?? attempt.startedAt)
    }

    /// Adds to a release what it carried and every attempt at it, of all its openings.
    func addEvidence(to view: inout ReleaseView, in transaction: any Transaction) throws {
        view.approvals = try view.models.sorted { $0.key < $1.key }.flatMap { target, package in
            try transaction.rows(
                "SELECT * FROM approvals WHERE endpoint = ? AND target = ? AND package = ? ORDER BY decided_at",
                view.endpoint,
                target,
                package
            )
        }.map { row in
            ApprovalView(
                target: try row.text("target"),
                package: try row.text("package"),
                release: try row.optionalText("release"),
                decidedAt: Self.text(Self.moment(try row.integer("decided_at"))),
                ending: try row.optionalText("ending"),
                reason: try row.optionalText("reason"),
                endedAt: try row.optionalInteger("ended_at").map { Self.text(Self.moment($0)) }
            )
        }
        let attempts: [Attempt] = try transaction.rows(
            "SELECT body FROM attempts WHERE release = ? ORDER BY opening, number, account",
            view.id
        ).map { try Self.decode($0.text("body")) }
        view.attempts = attempts.map { attempt in
            AttemptView(
                account: attempt.account,
                stage: attempt.stage,
                number: attempt.number,
                state: attempt.state.isEnded ? Self.state(of: attempt) : attempt.state.rawValue,
                changes: attempt.changes,
                config: attempt.configName,
                startedAt: Self.text(attempt.startedAt),
                verifiedAt: attempt.verifiedAt.map { Self.text($0) },
                endedAt: attempt.endedAt.map { Self.text($0) },
                reason: attempt.reason
            )
        }
    }
}
