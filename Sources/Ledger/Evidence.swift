import Promotion

/// What is shown of what happens now, and of what a release carried and tried.
extension Ledger {
    /// Everything that is not at its end, over all endpoints: what a watcher is shown while it happens.
    public func underWay() async throws -> [UnderWay] {
        try await store.read { try underWay(of: nil, in: $0) }
    }

    /// The releases at a gate and the attempts in accounts, those that go back included.
    func underWay(of endpoint: String?, in transaction: any Transaction) throws -> [UnderWay] {
        let (clause, arguments): (String, [any Storable]) =
            endpoint.map { ("AND endpoint = ?", [$0]) } ?? ("", [])
        let waiting = try release(
            "WHERE ended_at IS NULL AND state = 'waiting' \(clause) ORDER BY endpoint, number",
            arguments,
            in: transaction
        ).map(Self.atGate)
        let rolling = try transaction.rows(
            "SELECT body FROM attempts WHERE ended_at IS NULL \(clause) ORDER BY endpoint, release, account",
            arguments
        ).map { row in
            let attempt: Attempt = try Self.decode(row.text("body"))
            let release = try release("WHERE id = ?", [attempt.release], in: transaction).first
            return UnderWay(
                endpoint: attempt.endpoint,
                release: attempt.release,
                number: release?.number ?? 0,
                stage: attempt.stage,
                account: attempt.account,
                state: attempt.state.rawValue,
                rollback: attempt.isRollback,
                since: Self.text(try since(attempt, in: transaction)),
                waitsFor: Self.waiting(attempt).map { [$0] } ?? [],
                until: attempt.dueAt.map { Self.text($0) }
            )
        }
        return (waiting + rolling).sorted { ($0.endpoint, $0.number) < ($1.endpoint, $1.number) }
    }

    private static func atGate(_ release: Release) -> UnderWay {
        UnderWay(
            endpoint: release.endpoint,
            release: release.id,
            number: release.number,
            stage: release.stop.stage,
            account: nil,
            state: release.state.rawValue,
            rollback: false,
            since: text(release.waitingSince ?? release.openedAt),
            waitsFor: release.waitingFor.map(text),
            until: release.waitingFor.compactMap(\.until).min().map { text($0) }
        )
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

    /// Adds to a release what it carried and every attempt at it, of all its openings, with those by which
    /// accounts went back from it to another.
    func addEvidence(to view: inout ReleaseView, in transaction: any Transaction) throws {
        view.approvals = try view.models.sorted { $0.key < $1.key }.flatMap { target, package in
            try transaction.rows(
                """
                SELECT a.*, p.status, p.modified_by FROM approvals a LEFT JOIN packages p ON p.arn = a.package
                WHERE a.endpoint = ? AND a.target = ? AND a.package = ? ORDER BY a.decided_at
                """,
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
                by: try row.optionalText("decided_by"),
                status: try row.optionalText("status"),
                statusBy: try row.optionalText("modified_by"),
                ending: try row.optionalText("ending"),
                reason: try row.optionalText("reason"),
                endedAt: try row.optionalInteger("ended_at").map { Self.text(Self.moment($0)) }
            )
        }
        let attempts: [Attempt] = try transaction.rows(
            """
            SELECT body FROM attempts WHERE release = ? OR endpoint = ? AND body LIKE ?
            ORDER BY release, account, number
            """,
            view.id,
            view.endpoint,
            "%\"leaves\":\"\(view.id)\"%"
        ).map { try Self.decode($0.text("body")) }
        view.attempts = attempts.sorted { $0.startedAt < $1.startedAt }.map { attempt in
            AttemptView(
                account: attempt.account,
                stage: attempt.stage,
                release: attempt.release,
                number: attempt.number,
                state: attempt.state.isEnded ? Self.state(of: attempt) : attempt.state.rawValue,
                rollback: attempt.isRollback,
                leaves: attempt.leaves,
                changes: attempt.changes,
                config: attempt.configName,
                startedAt: Self.text(attempt.startedAt),
                verifiedAt: attempt.verifiedAt.map { Self.text($0) },
                endedAt: attempt.endedAt.map { Self.text($0) },
                reason: attempt.reason
            )
        }
        try addHandoffs(to: &view, in: transaction)
    }

    private func addHandoffs(to view: inout ReleaseView, in transaction: any Transaction) throws {
        view.evidence = try evidence(for: view.id, in: transaction).map { entry in
            EvidenceView(
                account: entry.account,
                stage: entry.stage,
                verifiedAt: Self.text(entry.verifiedAt),
                checks: entry.checks,
                sender: entry.sender
            )
        }
        view.handedOver = try transaction.rows(
            "SELECT * FROM handoffs WHERE release = ? ORDER BY at, account",
            view.id
        ).map { row in
            HandoffView(
                account: try row.text("account"),
                stage: try row.text("stage"),
                owedAt: Self.text(Self.moment(try row.integer("at"))),
                sentAt: try row.optionalInteger("sent_at").map { Self.text(Self.moment($0)) },
                trouble: try row.optionalText("trouble")
            )
        }
    }
}
