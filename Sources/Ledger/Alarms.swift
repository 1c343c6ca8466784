import Promotion

/// Alarms of one account to be looked at for an endpoint.
public struct AlarmLook: Hashable, Sendable {
    public let endpoint: String
    public let account: String
    public let names: [String]
    public let failures: Int
}

/// The alarms that gates and soaks are judged by.
extension Ledger {
    func alarms(of plan: EndpointPlan, in transaction: any Transaction) throws -> [AlarmSight] {
        let accounts = plan.stages.flatMap(\.accounts.keys)
        return try transaction.rows(
            "SELECT * FROM alarms WHERE account IN (\(Self.marks(accounts)))",
            accounts
        ).map { row in
            AlarmSight(
                account: try row.text("account"),
                name: try row.text("name"),
                state: AlarmSight.State(rawValue: try row.text("state")) ?? .missing,
                since: try row.optionalInteger("since").map(Self.moment),
                seenAt: Self.moment(try row.integer("seen_at"))
            )
        }
    }

    func alarmTroubles(of plan: EndpointPlan, in transaction: any Transaction) throws -> [String: String] {
        try transaction.rows(
            "SELECT account, trouble FROM alarm_watches WHERE endpoint = ? AND trouble IS NOT NULL",
            plan.name
        ).reduce(into: [:]) { $0[try $1.text("account")] = try $1.text("trouble") }
    }

    func watches(of plan: EndpointPlan, in transaction: any Transaction) throws -> [AlarmWatch] {
        try transaction.rows(
            "SELECT * FROM alarm_watches WHERE endpoint = ? ORDER BY account",
            plan.name
        ).map { row in
            AlarmWatch(
                account: try row.text("account"),
                names: try Self.decode(row.text("names")),
                dueAt: Self.moment(try row.integer("due_at"))
            )
        }
    }

    func save(_ watches: [AlarmWatch], of endpoint: String, in transaction: any Transaction) throws {
        let accounts = watches.map(\.account)
        try transaction.run(
            "DELETE FROM alarm_watches WHERE endpoint = ? AND account NOT IN (\(Self.marks(accounts)))",
            [endpoint] + accounts
        )
        for watch in watches {
            try transaction.run(
                """
                INSERT INTO alarm_watches (endpoint, account, names, due_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (endpoint, account) DO UPDATE SET names = excluded.names, due_at = excluded.due_at
                """,
                endpoint,
                watch.account,
                try Self.encode(watch.names),
                watch.dueAt.milliseconds
            )
        }
    }

    func claimAlarmLooks(capacity: Int, in transaction: any Transaction, now: Moment) throws -> [AlarmLook] {
        guard capacity > 0 else { return [] }
        let endpoints = plans.keys.sorted()
        let due = try transaction.rows(
            """
            SELECT * FROM alarm_watches
            WHERE due_at <= ? AND (retry_at IS NULL OR retry_at <= ?) AND (claim_until IS NULL OR claim_until <= ?)
                AND endpoint IN (\(Self.marks(endpoints)))
            ORDER BY due_at, endpoint, account LIMIT ?
            """,
            Array(repeating: now.milliseconds, count: 3) + endpoints + [capacity]
        )
        return try due.map { row in
            let look = AlarmLook(
                endpoint: try row.text("endpoint"),
                account: try row.text("account"),
                names: try Self.decode(row.text("names")),
                failures: Int(try row.integer("failures"))
            )
            try transaction.run(
                "UPDATE alarm_watches SET claim_until = ? WHERE endpoint = ? AND account = ?",
                (now + Self.term).milliseconds,
                look.endpoint,
                look.account
            )
            return look
        }
    }

    /// Takes in what alarms were seen to be, and lets the endpoint that waited for them go on by it.
    func saw(_ sights: [AlarmSight], for look: AlarmLook, in transaction: any Transaction, now: Moment) throws
    {
        for sight in sights {
            try transaction.run(
                """
                INSERT INTO alarms (account, name, state, since, seen_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (account, name) DO UPDATE SET state = excluded.state, since = excluded.since,
                    seen_at = excluded.seen_at
                WHERE alarms.seen_at <= excluded.seen_at
                """,
                sight.account,
                sight.name,
                sight.state.rawValue,
                sight.since?.milliseconds,
                sight.seenAt.milliseconds
            )
        }
        try transaction.run(
            """
            UPDATE alarm_watches SET claim_until = NULL, failures = 0, trouble = NULL, retry_at = NULL
            WHERE endpoint = ? AND account = ?
            """,
            look.endpoint,
            look.account
        )
        if let plan = plans[look.endpoint] { try settle(plan, in: transaction, now: now) { _ in } }
    }

    /// Alarms that cannot be read keep a gate shut and are asked for again; they are never given up.
    func couldNotSee(_ failure: Failure, for look: AlarmLook, in transaction: any Transaction, now: Moment)
        throws
    {
        let isOurs = failure.kind == .interrupted
        let failures = isOurs ? look.failures : look.failures + 1
        var retry = now + pace.retry.ceiling
        if case .again(let moment) = pace.retry.decide(
            failure.kind,
            failures: max(failures, 1),
            since: now,
            now: now
        ) {
            retry = moment
        }
        try transaction.run(
            """
            UPDATE alarm_watches SET claim_until = NULL, failures = ?, trouble = COALESCE(?, trouble), retry_at = ?
            WHERE endpoint = ? AND account = ?
            """,
            failures,
            isOurs ? nil : failure.sentence,
            retry.milliseconds,
            look.endpoint,
            look.account
        )
        if let plan = plans[look.endpoint] { try settle(plan, in: transaction, now: now) { _ in } }
    }

    func save(_ attestation: Attestation, in transaction: any Transaction) throws {
        try transaction.run(
            """
            INSERT INTO attestations (release, opening, stage, check_name, verdict, sender, reason, evidence, at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (release, opening, stage, check_name) DO UPDATE SET verdict = excluded.verdict,
                sender = excluded.sender, reason = excluded.reason, evidence = excluded.evidence, at = excluded.at
            """,
            attestation.release,
            attestation.opening,
            attestation.stage,
            attestation.check,
            attestation.verdict.rawValue,
            attestation.sender.id,
            attestation.reason,
            attestation.evidence,
            attestation.at.milliseconds
        )
    }
}
