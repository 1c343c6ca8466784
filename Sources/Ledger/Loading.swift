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

        let attempts = try releases.flatMap { try self.attempts(of: $0, in: transaction) }
        let numbers = try releases.reduce(into: [String: Int]()) { numbers, release in
            numbers.merge(try attemptNumbers(of: release, in: transaction)) { _, new in new }
        }

        return EndpointState(
            plan: plan,
            releases: releases,
            attempts: attempts,
            attemptNumbers: numbers,
            serving: try serving(of: name, in: transaction),
            candidates: try candidates(of: plan, in: transaction),
            approvals: approvals,
            bars: try bars(of: name, in: transaction),
            holds: try holds(of: name, in: transaction),
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
                since: Self.moment(try row.integer("since"))
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
                at: Self.moment(try row.integer("at"))
            )
        }
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
