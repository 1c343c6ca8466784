import Native
import Promotion

/// Reading an endpoint's state, and writing back what became of it.
extension Ledger {
    /// How long a composition waits at the most for looks that are under way.
    static let folding = Duration.seconds(2)

    /// Lets something happen to an endpoint, draws the consequences and writes them back.
    ///
    /// - Parameters:
    ///   - including: Releases that must be in the state although they have ended.
    ///   - change: What happened. It answers with what the caller wants to know.
    @discardableResult
    func settle<Answer>(
        _ plan: EndpointPlan,
        including: [String] = [],
        in transaction: any Transaction,
        now: Moment,
        change: (inout EndpointState) throws -> Answer
    ) throws -> Answer {
        let before = try state(of: plan, including: including, in: transaction)
        var state = before
        let answer = try change(&state)
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
            if let known { state.learn(attemptNumbers: try attemptNumbers(of: known, in: transaction)) }
            state.compose(wanted, digest: digest, known: known, now: now)
            state.settle(now: now)
        }
        try save(state, before: before, foldsUntil: foldsUntil, in: transaction, now: now)
        return answer
    }

    /// Until when a composition waits for looks that are under way, so that approvals given together are
    /// released together; nil where none is under way, or the wait was long enough.
    private func foldsUntil(_ plan: EndpointPlan, in transaction: any Transaction, now: Moment) throws
        -> Moment?
    {
        let since =
            try transaction.row("SELECT folding_since FROM endpoints WHERE name = ?", plan.name)?
            .optionalInteger("folding_since").map(Self.moment) ?? now
        guard since + Self.folding > now else { return nil }
        for group in Set(plan.targets.values) {
            let look = try transaction.row(
                "SELECT 1 AS due FROM looks WHERE package_group = ? AND failures = 0 AND due_at <= ? LIMIT 1",
                group,
                now.milliseconds
            )
            if look != nil { return since + Self.folding }
        }
        return nil
    }

    private func state(
        of plan: EndpointPlan,
        including: [String],
        in transaction: any Transaction
    ) throws -> EndpointState {
        let name = plan.name
        guard let counts = try transaction.row("SELECT * FROM endpoints WHERE name = ?", name) else {
            throw LedgerError("endpoint \(name) has no row in the ledger")
        }
        let approvals = try transaction.rows(
            "SELECT * FROM approvals WHERE endpoint = ? AND ending IS NULL",
            name
        )
        .map(approval)
        var releases = try release("WHERE endpoint = ? AND ended_at IS NULL", [name], in: transaction)
        releases += try release("WHERE endpoint = ? ORDER BY opening DESC LIMIT 1", [name], in: transaction)
        for id in including + approvals.compactMap(\.release) where !releases.contains(where: { $0.id == id })
        {
            releases += try release("WHERE id = ?", [id], in: transaction)
        }
        var seen: Set<String> = []
        releases = releases.filter { seen.insert($0.id).inserted }

        var attempts: [Attempt] = []
        var numbers: [String: Int] = [:]
        for release in releases {
            let rows = try transaction.rows(
                "SELECT * FROM attempts WHERE release = ? ORDER BY number",
                release.id
            )
            numbers.merge(try attemptNumbers(of: release, in: transaction)) { _, new in new }
            for row in rows {
                let attempt: Attempt = try Self.decode(row.text("body"))
                attempts.removeAll { $0.release == attempt.release && $0.account == attempt.account }
                attempts.append(attempt)
            }
        }
        let openings = Dictionary(
            releases.map { ($0.id, $0.opening) },
            uniquingKeysWith: { first, _ in first }
        )
        attempts.removeAll { openings[$0.release] != $0.opening }

        return EndpointState(
            plan: plan,
            releases: releases,
            attempts: attempts,
            attemptNumbers: numbers,
            serving: try serving(of: name, in: transaction),
            candidates: try candidates(of: plan, in: transaction),
            approvals: approvals,
            bars: try transaction.rows("SELECT * FROM bars WHERE endpoint = ? ORDER BY at, target", name).map
            { row in
                Bar(
                    target: try row.text("target"),
                    package: try row.text("package"),
                    reason: try row.text("reason"),
                    at: Self.moment(try row.integer("at"))
                )
            },
            holds: try transaction.rows("SELECT * FROM holds WHERE endpoint = ? ORDER BY at, stage", name).map
            { row in
                let stage = try row.text("stage")
                return Hold(
                    stage: stage.isEmpty ? nil : stage,
                    by: try row.text("by"),
                    reason: try row.text("reason"),
                    at: Self.moment(try row.integer("at"))
                )
            },
            consents: try releases.flatMap { try consents(for: $0, in: transaction) },
            statuses: try statuses(of: releases.flatMap { $0.models.values.map(\.package) }, in: transaction),
            releaseCount: Int(try counts.integer("release_count")),
            openingCount: Int(try counts.integer("opening_count")),
            isTriggered: try counts.integer("triggered") == 1
        )
    }

    func release(
        _ clause: String,
        _ arguments: [any Storable],
        in transaction: any Transaction
    ) throws -> [Release] {
        try transaction.rows("SELECT body FROM releases \(clause)", arguments).map {
            try Self.decode($0.text("body"))
        }
    }

    private func attemptNumbers(
        of release: Release,
        in transaction: any Transaction
    ) throws -> [String: Int] {
        let rows = try transaction.rows(
            "SELECT account, MAX(number) AS number FROM attempts WHERE release = ? GROUP BY account",
            release.id
        )
        return try rows.reduce(into: [:]) { numbers, row in
            let key = EndpointState.attemptKey(release: release.id, account: try row.text("account"))
            numbers[key] = Int(try row.integer("number"))
        }
    }

    private func approval(_ row: Row) throws -> Approval {
        Approval(
            target: try row.text("target"),
            package: try row.text("package"),
            decidedAt: Self.moment(try row.integer("decided_at")),
            release: try row.optionalText("release")
        )
    }

    private func serving(of endpoint: String, in transaction: any Transaction) throws -> [String: Serving] {
        var serving: [String: Serving] = [:]
        for row in try transaction.rows("SELECT * FROM serving WHERE endpoint = ?", endpoint) {
            let id = try row.text("release")
            guard let release = try release("WHERE id = ?", [id], in: transaction).first else { continue }
            serving[try row.text("account")] = Serving(
                release: id,
                models: release.models,
                settings: try row.text("settings"),
                config: try row.text("config"),
                since: Self.moment(try row.integer("since"))
            )
        }
        return serving
    }

    /// The versions about which there has been a decision, with the latest one and what they are now.
    private func candidates(of plan: EndpointPlan, in transaction: any Transaction) throws -> [Candidate] {
        try transaction.rows(
            """
            SELECT a.target, a.package, MAX(a.decided_at) AS decided_at, p.version, p.status, p.image, p.artifact,
                p.package_group, p.looked_at
            FROM approvals a JOIN packages p ON p.arn = a.package
            WHERE a.endpoint = ?
            GROUP BY a.target, a.package, p.version, p.status, p.image, p.artifact, p.package_group, p.looked_at
            """,
            plan.name
        ).compactMap { row in
            // A target that now is fed by another group no longer takes versions of the old one.
            let target = try row.text("target")
            guard plan.targets[target] == (try row.text("package_group")) else { return nil }
            return try candidate(row, target: target, package: try row.text("package"), plan: plan)
        }
    }

    func candidate(_ row: Row, target: String, package: String, plan: EndpointPlan) throws -> Candidate {
        let model = ModelVersion(
            package: package,
            image: try plan.image ?? row.optionalText("image") ?? "",
            artifact: try row.optionalText("artifact") ?? ""
        )
        return Candidate(
            target: target,
            package: package,
            version: Int(try row.integer("version")),
            decidedAt: Self.moment(try row.optionalInteger("decided_at") ?? 0),
            status: ApprovalStatus(rawValue: try row.text("status")) ?? .deleted,
            model: try row.optionalInteger("looked_at") == nil ? nil : model
        )
    }

    private func consents(for release: Release, in transaction: any Transaction) throws -> [Consent] {
        try transaction.rows(
            "SELECT * FROM consents WHERE release = ? AND opening = ? ORDER BY at",
            release.id,
            release.opening
        ).map { row in
            Consent(
                release: release.id,
                opening: release.opening,
                stage: try row.text("stage"),
                sender: Sender(try row.text("sender")),
                reason: try row.text("reason"),
                settings: try row.text("settings"),
                at: Self.moment(try row.integer("at"))
            )
        }
    }

    private func statuses(of packages: [String], in transaction: any Transaction) throws -> [String:
        ApprovalStatus]
    {
        var statuses: [String: ApprovalStatus] = [:]
        for package in Set(packages) {
            if let row = try transaction.row("SELECT status FROM packages WHERE arn = ?", package) {
                statuses[package] = ApprovalStatus(rawValue: try row.text("status"))
            }
        }
        return statuses
    }

    private func save(
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
            UPDATE endpoints SET release_count = ?, opening_count = ?, triggered = ?, folding_since = ?, due_at = ?
            WHERE name = ?
            """,
            state.releaseCount,
            state.openingCount,
            state.isTriggered ? 1 : 0,
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
        for attempt in state.attempts where !before.attempts.contains(attempt) {
            let old = before.attempts.first { $0.release == attempt.release && $0.account == attempt.account }
            try save(
                attempt,
                isNewEffect: old?.state != attempt.state || old?.number != attempt.number,
                in: transaction
            )
        }
        for approval in state.approvals where !before.approvals.contains(approval) {
            try transaction.run(
                """
                INSERT INTO approvals (endpoint, target, package, decided_at, release, ending, reason, ended_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (endpoint, target, package, decided_at) DO UPDATE SET release = excluded.release,
                    ending = excluded.ending, reason = excluded.reason, ended_at = excluded.ended_at
                WHERE approvals.ending IS NULL
                """,
                name,
                approval.target,
                approval.package,
                approval.decidedAt.milliseconds,
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
                INSERT INTO serving (endpoint, account, release, settings, config, since) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (endpoint, account) DO UPDATE SET release = excluded.release,
                    settings = excluded.settings, config = excluded.config, since = excluded.since
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
                INSERT INTO consents (release, opening, stage, person, sender, reason, settings, at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (release, opening, stage, person) DO UPDATE SET sender = excluded.sender,
                    reason = excluded.reason, settings = excluded.settings, at = excluded.at
                """,
                consent.release,
                consent.opening,
                consent.stage,
                consent.sender.person,
                consent.sender.id,
                consent.reason,
                consent.settings,
                consent.at.milliseconds
            )
        }
        for note in state.notes { try journal(note, of: state.plan, in: transaction, now: now) }
    }

    func journal(_ note: Note, of plan: EndpointPlan, in transaction: any Transaction, now: Moment) throws {
        try journal(
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
    }

    /// Writes an attempt back, its claim given up. `tries` counts how often the owed effect was begun.
    private func save(_ attempt: Attempt, isNewEffect: Bool, in transaction: any Transaction) throws {
        try transaction.run(
            """
            INSERT INTO attempts (release, account, number, endpoint, opening, state, config, due_at, ended_at, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (release, account, number) DO UPDATE SET state = excluded.state, config = excluded.config,
                due_at = excluded.due_at, ended_at = excluded.ended_at, body = excluded.body,
                tries = CASE WHEN ? = 1 THEN 0 ELSE attempts.tries END
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
            isNewEffect ? 1 : 0
        )
    }

    func journal(
        _ kind: String,
        _ name: String,
        endpoint: String? = nil,
        release: String? = nil,
        account: String? = nil,
        stage: String? = nil,
        _ text: String,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        let row = try transaction.row(
            """
            INSERT INTO journal (at, kind, name, endpoint, release, account, stage, text)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
            """,
            now.milliseconds,
            kind,
            name,
            endpoint,
            release,
            account,
            stage,
            text
        )
        if announces, kind == "decision", release != nil, let id = try row?.integer("id") {
            try transaction.run(
                "INSERT INTO announcements (journal_id, due_at) VALUES (?, ?)",
                id,
                now.milliseconds
            )
        }
    }
}
