public import Promotion

/// The turn of the conductor.
extension Ledger {
    /// One turn: records what became of the work handed out before, decides what is due, and claims the
    /// next work, all in one transaction.
    ///
    /// - Parameters:
    ///   - worker: The claimant's name.
    ///   - capacity: How much work to claim at the most.
    public func turn(_ outcomes: [Outcome], worker: String, capacity: Int, now: Moment) async throws -> Turn {
        try await store.write { transaction in
            for outcome in outcomes { try record(outcome, in: transaction, now: now) }
            try endSoaks(in: transaction, now: now)
            let due = try transaction.rows(
                "SELECT name FROM endpoints WHERE due_at <= ? ORDER BY name",
                now.milliseconds
            )
            for row in due {
                guard let plan = plans[try row.text("name")] else { continue }
                try settle(plan, in: transaction, now: now) { _ in }
            }
            let work = try claimWork(worker: worker, capacity: capacity, in: transaction, now: now)
            let looks = try claimLooks(capacity: capacity - work.count, in: transaction, now: now)
            let alarms = try claimAlarmLooks(
                capacity: capacity - work.count - looks.count,
                in: transaction,
                now: now
            )
            return Turn(
                work: work,
                looks: looks,
                alarmLooks: alarms,
                nextDue: try nextDue(in: transaction, now: now)
            )
        }
    }

    /// A soak's end is an event without an effect: it happens here.
    func endSoaks(in transaction: any Transaction, now: Moment) throws {
        let rows = try transaction.rows(
            "SELECT body FROM attempts WHERE state = 'soaking' AND due_at <= ? ORDER BY due_at, release, account",
            now.milliseconds
        )
        for row in rows {
            let attempt: Attempt = try Self.decode(row.text("body"))
            guard let plan = plans[attempt.endpoint] else { continue }
            try journal(
                "event",
                "soakEnded",
                endpoint: attempt.endpoint,
                release: attempt.release,
                account: attempt.account,
                stage: attempt.stage,
                "",
                in: transaction,
                now: now
            )
            try settle(plan, in: transaction, now: now) { state in
                state.apply(
                    .soakEnded,
                    release: attempt.release,
                    account: attempt.account,
                    now: now
                )
            }
        }
    }

    /// What is due already and was not handed out waits for something that happens first: room, a
    /// listing of its group, or its endpoint's return to the accounts folder.
    func nextDue(in transaction: any Transaction, now: Moment) throws -> Moment? {
        try transaction.rows(
            """
            SELECT MIN(due) AS due FROM (
                SELECT MIN(due_at) AS due FROM attempts
                    WHERE ended_at IS NULL AND claim_until IS NULL AND due_at > ?
                UNION ALL SELECT MIN(due_at) FROM looks WHERE claim_until IS NULL AND due_at > ?
                UNION ALL SELECT MIN(due_at) FROM endpoints WHERE due_at > ?
                UNION ALL SELECT MIN(CASE WHEN retry_at > due_at THEN retry_at ELSE due_at END) FROM alarm_watches
                    WHERE claim_until IS NULL AND (due_at > ? OR retry_at > ?)
                UNION ALL SELECT MIN(claim_until) FROM alarm_watches WHERE claim_until > ?
                UNION ALL SELECT MIN(claim_until) FROM attempts WHERE claim_until > ?
                UNION ALL SELECT MIN(claim_until) FROM looks WHERE claim_until > ?) AS dues
            """,
            Array(repeating: now.milliseconds, count: 8)
        ).first?.optionalInteger("due").map(Self.moment)
    }
}
