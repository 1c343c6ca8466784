import Promotion

/// Reading an endpoint's state.
extension Ledger {
    func state(
        of plan: EndpointPlan,
        including: [String],
        in transaction: any Transaction
    ) throws -> EndpointState {
        let name = plan.name
        guard let counts = try transaction.row("SELECT * FROM endpoints WHERE name = ?", name) else {
            throw LedgerError("endpoint \(name) has no row in the ledger")
        }
        let approvals = try transaction.rows(
            "SELECT * FROM approvals WHERE endpoint = ? AND ending IS NULL ORDER BY target, package, decided_at",
            name
        )
        .map(approval)
        var releases = try release("WHERE endpoint = ? AND ended_at IS NULL", [name], in: transaction)
        releases += try release("WHERE endpoint = ? ORDER BY opening DESC LIMIT 1", [name], in: transaction)
        let underWay: [Attempt] = try transaction.rows(
            "SELECT body FROM attempts WHERE endpoint = ? AND ended_at IS NULL ORDER BY account",
            name
        ).map { try Self.decode($0.text("body")) }
        let concerned = underWay.flatMap { [$0.release, $0.leaves, $0.previous?.release].compactMap(\.self) }
        for id in including + approvals.compactMap(\.release) + concerned
        where !releases.contains(where: { $0.id == id }) {
            releases += try release("WHERE id = ?", [id], in: transaction)
        }
        var seen: Set<String> = []
        releases = releases.filter { seen.insert($0.id).inserted }

        var attempts = try releases.flatMap { try self.attempts(of: $0, in: transaction) }
        attempts += underWay.filter { open in
            !attempts.contains {
                $0.release == open.release && $0.account == open.account && $0.number == open.number
            }
        }
        let numbers = try releases.reduce(into: [String: Int]()) { numbers, release in
            numbers.merge(try attemptNumbers(of: release, in: transaction)) { _, new in new }
        }

        let serving = try serving(of: name, in: transaction)
        let watched = plan.stages.contains { !$0.gate.alarms.isEmpty }
        return EndpointState(
            plan: plan,
            pace: pace,
            releases: releases,
            attempts: attempts,
            attemptNumbers: numbers,
            serving: serving,
            candidates: try candidates(of: plan, in: transaction),
            approvals: approvals,
            bars: try bars(of: name, in: transaction),
            holds: try holds(of: name, in: transaction),
            consents: try releases.flatMap { try consents(for: $0, in: transaction) },
            attestations: try releases.flatMap { try attestations(for: $0, in: transaction) },
            evidence: try (plan.isShared ? releases : []).reduce(into: [:]) { evidence, release in
                let known = try self.evidence(for: release.id, in: transaction)
                if !known.isEmpty { evidence[release.id] = known }
            },
            alarms: watched ? try alarms(of: plan, in: transaction) : [],
            alarmTroubles: watched ? try alarmTroubles(of: plan, in: transaction) : [:],
            watches: try watches(of: plan, in: transaction),
            statuses: try statuses(
                of: (releases.map(\.models) + serving.values.map(\.models)).flatMap {
                    $0.values.map(\.package)
                },
                in: transaction
            ),
            releaseCount: Int(try counts.integer("release_count")),
            openingCount: Int(try counts.integer("opening_count")),
            triggeredBy: try counts.optionalText("triggered_by")
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

    /// The attempts of a release's present opening, one per account.
    func attempts(of release: Release, in transaction: any Transaction) throws -> [Attempt] {
        try transaction.rows(
            "SELECT body FROM attempts WHERE release = ? AND opening = ? ORDER BY number",
            release.id,
            release.opening
        ).map { try Self.decode($0.text("body")) }
    }

    func attemptNumbers(
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

    func approval(_ row: Row) throws -> Approval {
        Approval(
            target: try row.text("target"),
            package: try row.text("package"),
            decidedAt: Self.moment(try row.integer("decided_at")),
            by: try row.optionalText("decided_by"),
            release: try row.optionalText("release")
        )
    }

    func serving(of endpoint: String, in transaction: any Transaction) throws -> [String: Serving] {
        var serving: [String: Serving] = [:]
        for row in try transaction.rows("SELECT * FROM serving WHERE endpoint = ?", endpoint) {
            let id = try row.text("release")
            guard let release = try release("WHERE id = ?", [id], in: transaction).first else { continue }
            serving[try row.text("account")] = Serving(
                release: id,
                models: release.models,
                settings: try row.text("settings"),
                config: try row.text("config"),
                since: Self.moment(try row.integer("since")),
                isStranded: try row.integer("stranded") == 1,
                modifiedAt: try row.optionalInteger("modified_at").map(Self.moment),
                drift: try row.optionalText("drift")
            )
        }
        return serving
    }

    /// The versions about which there has been a decision, with the latest one and what they are now.
    func candidates(of plan: EndpointPlan, in transaction: any Transaction) throws -> [Candidate] {
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

    func consents(for release: Release, in transaction: any Transaction) throws -> [Consent] {
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
                at: Self.moment(try row.integer("at")),
                isOverride: try row.integer("override") == 1,
                person: try row.text("person")
            )
        }
    }

    func attestations(for release: Release, in transaction: any Transaction) throws -> [Attestation] {
        try transaction.rows(
            "SELECT * FROM attestations WHERE release = ? AND opening = ? ORDER BY at",
            release.id,
            release.opening
        ).map { row in
            Attestation(
                release: release.id,
                opening: release.opening,
                stage: try row.text("stage"),
                check: try row.text("check_name"),
                verdict: Verdict(rawValue: try row.text("verdict")) ?? .errored,
                sender: Sender(try row.text("sender")),
                reason: try row.text("reason"),
                evidence: try row.optionalText("evidence"),
                at: Self.moment(try row.integer("at"))
            )
        }
    }

    /// What each account verified before what it serves now, the latest first, a release once.
    func past(
        of endpoint: String,
        _ serving: [String: Serving],
        in transaction: any Transaction
    ) throws -> [String: [Past]] {
        var past: [String: [Past]] = [:]
        let rows = try transaction.rows(
            "SELECT * FROM verified WHERE endpoint = ? ORDER BY id DESC",
            endpoint
        )
        var latest: Set<String> = []
        for row in rows {
            let account = try row.text("account")
            let config = try row.text("config")
            if serving[account].map({ $0.config == config }) ?? true { latest.insert(account) }
            // What was verified after what serves now was left for it.
            guard latest.contains(account), serving[account]?.config != config else { continue }
            let id = try row.text("release")
            guard past[account]?.contains(where: { $0.release.id == id }) != true,
                let release = try release("WHERE id = ?", [id], in: transaction).first
            else { continue }
            let served = Serving(
                release: id,
                models: release.models,
                settings: try row.text("settings"),
                config: config,
                since: Self.moment(try row.integer("at"))
            )
            past[account, default: []].append(Past(release: release, serving: served))
        }
        return past
    }

    func statuses(of packages: [String], in transaction: any Transaction) throws -> [String:
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

    func bars(of endpoint: String, in transaction: any Transaction) throws -> [Bar] {
        try transaction.rows("SELECT * FROM bars WHERE endpoint = ? ORDER BY at, target", endpoint).map {
            row in
            Bar(
                target: try row.text("target"),
                package: try row.text("package"),
                reason: try row.text("reason"),
                at: Self.moment(try row.integer("at"))
            )
        }
    }

    func holds(of endpoint: String, in transaction: any Transaction) throws -> [Hold] {
        try transaction.rows("SELECT * FROM holds WHERE endpoint = ? ORDER BY at, stage", endpoint).map {
            row in
            let stage = try row.text("stage")
            return Hold(
                stage: stage.isEmpty ? nil : stage,
                by: try row.text("by"),
                reason: try row.text("reason"),
                at: Self.moment(try row.integer("at"))
            )
        }
    }
}
