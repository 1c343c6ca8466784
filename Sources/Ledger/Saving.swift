import Promotion

/// Writing back what became of an endpoint's state, and the journal.
extension Ledger {
    func save(
        _ state: EndpointState,
        before: EndpointState,
        foldsUntil: Moment?,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        let name = state.plan.name
        let due = [state.dueAt, foldsUntil].compactMap(\.self).min()
        try transaction.run(
            """
            UPDATE endpoints SET release_count = ?, opening_count = ?, triggered_by = ?, folding_since = ?, due_at = ?
            WHERE name = ?
            """,
            state.releaseCount,
            state.openingCount,
            state.triggeredBy,
            foldsUntil.map { ($0 - Self.folding).milliseconds },
            due?.milliseconds,
            name
        )
        for release in state.releases where !before.releases.contains(release) {
            try transaction.run(
                """
                INSERT INTO releases (id, endpoint, digest, number, opening, state, ended_at, body)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET opening = excluded.opening, state = excluded.state,
                    ended_at = excluded.ended_at, body = excluded.body
                """,
                release.id,
                name,
                release.digest,
                release.number,
                release.opening,
                release.state.rawValue,
                release.endedAt?.milliseconds,
                try Self.encode(release)
            )
        }
        for release in state.releases where release.state == .aborted && !before.releases.contains(release) {
            try dropHandoffs(of: release, in: transaction, now: now)
        }
        try saveEvidence(state, before: before, in: transaction, now: now)
        for delivery in state.handoffs { try owe(delivery, in: transaction, now: now) }
        for attempt in state.attempts where !before.attempts.contains(attempt) {
            let old = before.attempts.first {
                $0.release == attempt.release && $0.account == attempt.account && $0.number == attempt.number
            }
            try save(
                attempt,
                isNewEffect: old?.state != attempt.state,
                in: transaction
            )
        }
        for approval in state.approvals where !before.approvals.contains(approval) {
            try transaction.run(
                """
                INSERT INTO approvals
                    (endpoint, target, package, decided_at, decided_by, release, ending, reason, ended_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (endpoint, target, package, decided_at) DO UPDATE SET release = excluded.release,
                    ending = excluded.ending, reason = excluded.reason, ended_at = excluded.ended_at
                WHERE approvals.ending IS NULL
                """,
                name,
                approval.target,
                approval.package,
                approval.decidedAt.milliseconds,
                approval.by,
                approval.release,
                approval.ending?.rawValue,
                approval.reason,
                approval.endedAt?.milliseconds
            )
        }
        for account in before.serving.keys where state.serving[account] == nil {
            try transaction.run("DELETE FROM serving WHERE endpoint = ? AND account = ?", name, account)
        }
        for (account, serving) in state.serving where before.serving[account] != serving {
            try transaction.run(
                """
                INSERT INTO serving
                    (endpoint, account, release, settings, config, since, stranded, modified_at, drift)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (endpoint, account) DO UPDATE SET release = excluded.release,
                    settings = excluded.settings, config = excluded.config, since = excluded.since,
                    stranded = excluded.stranded, modified_at = excluded.modified_at, drift = excluded.drift
                """,
                name,
                account,
                serving.release,
                serving.settings,
                serving.config,
                serving.since.milliseconds,
                serving.isStranded ? 1 : 0,
                serving.modifiedAt?.milliseconds,
                serving.drift
            )
            try transaction.run(
                """
                INSERT INTO verified (endpoint, account, release, settings, config, at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (endpoint, account, config) DO NOTHING
                """,
                name,
                account,
                serving.release,
                serving.settings,
                serving.config,
                serving.since.milliseconds
            )
        }
        if state.bars != before.bars {
            try transaction.run("DELETE FROM bars WHERE endpoint = ?", name)
            for bar in state.bars {
                try transaction.run(
                    "INSERT INTO bars (endpoint, target, package, reason, at) VALUES (?, ?, ?, ?, ?)",
                    name,
                    bar.target,
                    bar.package,
                    bar.reason,
                    bar.at.milliseconds
                )
            }
        }
        if state.holds != before.holds {
            try transaction.run("DELETE FROM holds WHERE endpoint = ?", name)
            for hold in state.holds {
                try transaction.run(
                    "INSERT INTO holds (endpoint, stage, by, reason, at) VALUES (?, ?, ?, ?, ?)",
                    name,
                    hold.stage ?? "",
                    hold.by,
                    hold.reason,
                    hold.at.milliseconds
                )
            }
        }
        for consent in state.consents where !before.consents.contains(consent) {
            try transaction.run(
                """
                INSERT INTO consents (release, opening, stage, person, sender, reason, settings, override, at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (release, opening, stage, person, override) DO UPDATE SET sender = excluded.sender,
                    reason = excluded.reason, settings = excluded.settings, at = excluded.at
                """,
                consent.release,
                consent.opening,
                consent.stage,
                consent.person,
                consent.sender.id,
                consent.reason,
                consent.settings,
                consent.isOverride ? 1 : 0,
                consent.at.milliseconds
            )
        }
        for attestation in state.attestations where !before.attestations.contains(attestation) {
            try save(attestation, in: transaction)
        }
        if state.watches != before.watches { try save(state.watches, of: name, in: transaction) }
        for note in state.notes { try journal(note, of: state.plan, in: transaction, now: now) }
    }

    func journal(_ note: Note, of plan: EndpointPlan, in transaction: any Transaction, now: Moment) throws {
        let line = try journal(
            "decision",
            note.name,
            endpoint: plan.name,
            release: note.release,
            account: note.account,
            stage: note.stage,
            note.text,
            in: transaction,
            now: now
        )
        if announces, let line {
            try owe(note, line: line.id, head: line.hash, of: plan, in: transaction, now: now)
        }
    }

    /// Writes an attempt back. `tries` counts how often the owed effect was begun; where another is owed from
    /// now on, the claim on the one before is given up, and what it came to is a late report.
    func save(_ attempt: Attempt, isNewEffect: Bool, in transaction: any Transaction) throws {
        try transaction.run(
            """
            INSERT INTO attempts (release, account, number, endpoint, opening, state, config, due_at, ended_at, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (release, account, number) DO UPDATE SET state = excluded.state, config = excluded.config,
                due_at = excluded.due_at, ended_at = excluded.ended_at, body = excluded.body,
                tries = CASE WHEN ? = 1 THEN 0 ELSE attempts.tries END,
                claimant = CASE WHEN ? = 1 THEN NULL ELSE attempts.claimant END,
                claim_until = CASE WHEN ? = 1 THEN NULL ELSE attempts.claim_until END
            """,
            attempt.release,
            attempt.account,
            attempt.number,
            attempt.endpoint,
            attempt.opening,
            attempt.state.rawValue,
            attempt.configName,
            attempt.dueAt?.milliseconds,
            attempt.endedAt?.milliseconds,
            try Self.encode(attempt),
            isNewEffect ? 1 : 0,
            isNewEffect ? 1 : 0,
            isNewEffect ? 1 : 0
        )
    }
}
