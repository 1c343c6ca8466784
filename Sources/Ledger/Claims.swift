public import Promotion

/// Handing out work, under claims that are leases.
extension Ledger {
    /// How long a claim holds without being renewed.
    public static let term = Duration.seconds(30)

    /// Keeps claims while their effects run.
    ///
    /// - Returns: Those that are still this worker's.
    @discardableResult
    public func renew(_ claims: [AttemptClaim], now: Moment) async throws -> [AttemptClaim] {
        guard !claims.isEmpty else { return [] }
        return try await store.write { transaction in
            try claims.filter { claim in
                try transaction.run(
                    """
                    UPDATE attempts SET claim_until = ?
                    WHERE release = ? AND account = ? AND number = ? AND claim_term = ? AND claimant IS NOT NULL
                    """,
                    (now + Self.term).milliseconds,
                    claim.release,
                    claim.account,
                    claim.number,
                    claim.term
                ) == 1
            }
        }
    }

    func claimWork(
        worker: String,
        capacity: Int,
        in transaction: any Transaction,
        now: Moment
    ) throws -> [Work] {
        guard capacity > 0, !plans.isEmpty else { return [] }
        let endpoints = plans.keys.sorted()
        let due = try transaction.rows(
            """
            SELECT * FROM attempts
            WHERE ended_at IS NULL AND due_at <= ? AND state <> 'soaking'
                AND (claim_until IS NULL OR claim_until <= ?) AND endpoint IN (\(Self.marks(endpoints)))
            ORDER BY due_at, release, account LIMIT ?
            """,
            [now.milliseconds, now.milliseconds] + endpoints + [capacity]
        )
        return try due.compactMap { row in
            let attempt: Attempt = try Self.decode(row.text("body"))
            guard let effect = attempt.owed,
                let release = try release("WHERE id = ?", [attempt.release], in: transaction).first
            else { return nil }
            let term = try row.integer("claim_term") + 1
            let tries = try row.integer("tries")
            try transaction.run(
                """
                UPDATE attempts SET claimant = ?, claim_term = ?, claim_until = ?, tries = ?
                WHERE release = ? AND account = ? AND number = ?
                """,
                worker,
                term,
                (now + Self.term).milliseconds,
                tries + 1,
                attempt.release,
                attempt.account,
                attempt.number
            )
            if effect != .look {
                try journal(
                    "effect",
                    effect.name,
                    endpoint: attempt.endpoint,
                    release: attempt.release,
                    account: attempt.account,
                    stage: attempt.stage,
                    "attempt \(attempt.number)\(tries > 0 ? ", begun once more" : "")",
                    in: transaction,
                    now: now
                )
            }
            return Work(
                claim: AttemptClaim(
                    release: attempt.release,
                    account: attempt.account,
                    number: attempt.number,
                    term: term
                ),
                attempt: attempt,
                release: release,
                effect: effect,
                servedSettings: try transaction.row(
                    "SELECT settings FROM serving WHERE endpoint = ? AND account = ?",
                    attempt.endpoint,
                    attempt.account
                )?.text("settings"),
                isRepeated: tries > 0,
                packages: try packages(of: release, in: transaction),
                pins: try pins(of: release, in: transaction),
                copies: try copies(of: release.id, in: attempt.account, transaction),
                baseCopies: try attempt.base.map { try copies(of: $0, in: attempt.account, transaction) }
                    ?? [:]
            )
        }
    }

    func claimLooks(capacity: Int, in transaction: any Transaction, now: Moment) throws -> [Look] {
        let isAnyDue =
            try transaction.row(
                "SELECT 1 AS due FROM looks WHERE due_at <= ? LIMIT 1",
                now.milliseconds
            ) != nil
        guard capacity > 0, isAnyDue else { return [] }
        // Only groups whose every target has been listed once: before that no event is a decision.
        let seen = try seenFeeds(in: transaction)
        let unseen = groups.filter { group in !feeds(of: group).allSatisfy { seen.contains(Feed($0, group)) }
        }
        let due = try transaction.rows(
            """
            SELECT * FROM looks
            WHERE due_at <= ? AND (claim_until IS NULL OR claim_until <= ?)
                AND package_group NOT IN (\(Self.marks(unseen)))
            ORDER BY due_at, package LIMIT ?
            """,
            [now.milliseconds, now.milliseconds] + unseen + [capacity]
        )
        return try due.map { row in
            let look = Look(
                package: try row.text("package"),
                group: try row.text("package_group"),
                asked: try row.integer("asked"),
                failures: Int(try row.integer("failures"))
            )
            try transaction.run(
                "UPDATE looks SET claim_until = ? WHERE package = ?",
                (now + Self.term).milliseconds,
                look.package
            )
            return look
        }
    }

    func pins(of release: Release, in transaction: any Transaction) throws -> [String: Pin] {
        var pins: [String: Pin] = [:]
        for package in release.models.values.map(\.package) {
            pins[package] = try pin(of: package, in: transaction)
        }
        return pins
    }

    func pin(of package: String, in transaction: any Transaction) throws -> Pin? {
        try transaction.row("SELECT * FROM pins WHERE package = ?", package).map { row in
            Pin(
                url: try row.text("url"),
                owner: try row.text("owner"),
                versionID: try row.optionalText("version_id"),
                etag: try row.text("etag"),
                size: try row.integer("size"),
                partSize: try row.optionalInteger("part_size"),
                sha256: try row.optionalText("sha256")
            )
        }
    }

    func copies(
        of release: String,
        in account: String,
        _ transaction: any Transaction
    ) throws -> [String: ArtifactCopy] {
        var copies: [String: ArtifactCopy] = [:]
        for row in try transaction.rows(
            "SELECT * FROM copies WHERE release = ? AND account = ?",
            release,
            account
        ) {
            let target = try row.text("target")
            copies[target] = ArtifactCopy(
                target: target,
                url: try row.text("url"),
                versionID: try row.optionalText("version_id"),
                etag: try row.text("etag"),
                sha256: try row.text("sha256")
            )
        }
        return copies
    }

    /// As many placeholders as there are values.
    static func marks(_ values: [String]) -> String {
        // Nothing is equal to an empty text here, so an empty list may hold one; SQL has no empty lists.
        values.isEmpty ? "''" : values.map { _ in "?" }.joined(separator: ", ")
    }
}
