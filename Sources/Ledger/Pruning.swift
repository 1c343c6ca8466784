public import Promotion

/// What a release left in an account and may be removed there.
public struct Leftover: Hashable, Sendable {
    public let release: Release
    public let account: String
    /// The numbers of its attempts there, which are in the names of its models and configs.
    public let attempts: [Int]
}

/// Pruning: what may go is decided and given up here before anything is removed in AWS.
extension Ledger {
    /// What of an endpoint's releases may be removed in an account, as far as the ledger can tell.
    public func leftovers(of endpoint: String, in account: String, keep: Int) async throws -> [Leftover] {
        try await store.read { transaction in
            try pruning(endpoint, account, keep: keep, live: [], in: transaction).removable
                .compactMap { id in
                    guard let release = try release("WHERE id = ?", [id], in: transaction).first else {
                        return nil
                    }
                    return Leftover(
                        release: release,
                        account: account,
                        attempts: try transaction.rows(
                            "SELECT number FROM attempts WHERE release = ? AND account = ? ORDER BY number",
                            id,
                            account
                        ).map { Int(try $0.integer("number")) }
                    )
                }
        }
    }

    /// Forgets what an account has of a release, before it is removed there: from now on it is no way back,
    /// and where it is wanted again everything is copied anew.
    ///
    /// - Parameter live: The configs that are live or pending in SageMaker.
    /// - Returns: Whether it may be removed. What came into use since it was found may not.
    public func giveUp(_ leftover: Leftover, keep: Int, live: Set<String>) async throws -> Bool {
        let release = leftover.release
        return try await store.write { transaction in
            let pruning = try pruning(
                release.endpoint,
                leftover.account,
                keep: keep,
                live: live,
                in: transaction
            )
            guard pruning.removable.contains(release.id) else { return false }
            for table in ["copies", "verified"] {
                try transaction.run(
                    "DELETE FROM \(table) WHERE release = ? AND account = ?",
                    release.id,
                    leftover.account
                )
            }
            return true
        }
    }

    /// Records that it was removed. Until then it is found again, so a worker that is killed leaves nothing.
    public func pruned(_ leftover: Leftover, _ text: String, now: Moment) async throws {
        try await store.write { transaction in
            _ = try journal(
                "event",
                "pruned",
                endpoint: leftover.release.endpoint,
                release: leftover.release.id,
                account: leftover.account,
                text,
                in: transaction,
                now: now
            )
        }
    }

    private func pruning(
        _ endpoint: String,
        _ account: String,
        keep: Int,
        live: Set<String>,
        in transaction: any Transaction
    ) throws -> Pruning {
        let serving = try transaction.row(
            "SELECT release, config FROM serving WHERE endpoint = ? AND account = ?",
            endpoint,
            account
        )
        // Of what was pruned nothing is left, unless it was tried again since.
        let held = try transaction.rows(
            """
            SELECT r.id AS id FROM releases r JOIN attempts a ON a.release = r.id AND a.account = ?
            WHERE r.endpoint = ?
            GROUP BY r.id, r.opening
            HAVING MAX(a.ended_at) > (SELECT COALESCE(MAX(j.at), 0) FROM journal j
                WHERE j.release = r.id AND j.account = ? AND j.name = 'pruned')
            ORDER BY r.opening DESC
            """,
            account,
            endpoint,
            account
        ).map { try $0.text("id") }
        var verified: [String] = []
        for row in try transaction.rows(
            "SELECT release FROM verified WHERE endpoint = ? AND account = ? ORDER BY id DESC",
            endpoint,
            account
        ) {
            let release = try row.text("release")
            if !verified.contains(release) { verified.append(release) }
        }
        return Pruning(
            held: held,
            verified: verified,
            serving: try serving?.text("release"),
            inUse: try inUse(endpoint, account, live: live, in: transaction),
            keep: keep
        )
    }

    /// The releases that are open, that an attempt under way or the latest verified one goes to, comes from
    /// or leaves, and those whose configs are live.
    private func inUse(
        _ endpoint: String,
        _ account: String,
        live: Set<String>,
        in transaction: any Transaction
    ) throws -> Set<String> {
        var releases = Set(
            try transaction.rows(
                """
                SELECT id FROM releases WHERE endpoint = ? AND ended_at IS NULL
                UNION SELECT release AS id FROM approvals
                    WHERE endpoint = ? AND ending IS NULL AND release IS NOT NULL
                """,
                endpoint,
                endpoint
            ).map { try $0.text("id") }
        )
        let attempts: [Attempt] = try transaction.rows(
            """
            SELECT body FROM attempts WHERE endpoint = ? AND ended_at IS NULL
            UNION ALL SELECT body FROM (
                SELECT a.body AS body FROM releases r JOIN attempts a ON a.release = r.id AND a.account = ?
                WHERE r.endpoint = ? AND a.state = 'verified' ORDER BY a.ended_at DESC LIMIT 1) AS latest
            """,
            endpoint,
            account,
            endpoint
        ).map { try Self.decode($0.text("body")) }
        var configs = live
        for attempt in attempts {
            releases.insert(attempt.release)
            releases.formUnion([attempt.base, attempt.leaves, attempt.previous?.release].compactMap(\.self))
            configs.formUnion(
                [attempt.before?.config, attempt.previous?.config, attempt.reuses].compactMap(\.self)
            )
        }
        for config in configs {
            let owners = try transaction.rows(
                "SELECT DISTINCT release FROM attempts WHERE account = ? AND config = ?",
                account,
                config
            )
            releases.formUnion(try owners.map { try $0.text("release") })
        }
        return releases
    }
}
