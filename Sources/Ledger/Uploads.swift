public import Promotion

/// A key that a copy in parts was begun under, for an attempt that has ended: uploads that nobody goes on
/// with may be there.
public struct AbandonedUpload: Hashable, Sendable {
    public let release: String
    public let account: String
    public let url: String
    public let begunAt: Moment
}

/// Copies in parts, which take long and leave something behind where they are stopped.
extension Ledger {
    /// Records that a copy in parts begins, before it does, so that what it leaves behind is found.
    ///
    /// - Returns: Whether the claim still holds. Nobody is to begin anything under one that does not.
    public func beginUpload(_ url: String, under claim: AttemptClaim, now: Moment) async throws -> Bool {
        try await store.write { transaction in
            guard try attempt(heldUnder: claim, in: transaction) != nil else { return false }
            try transaction.run(
                """
                INSERT INTO uploads (release, account, url, begun_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (release, account, url) DO UPDATE SET begun_at = excluded.begun_at
                """,
                claim.release,
                claim.account,
                url,
                now.milliseconds
            )
            return true
        }
    }

    /// Puts into the journal how far an effect has come that is still under way.
    ///
    /// - Returns: Whether the claim still holds. Nothing is recorded under one that does not.
    public func progress(
        _ name: String,
        _ text: String,
        under claim: AttemptClaim,
        now: Moment
    ) async throws -> Bool {
        try await store.write { transaction in
            guard let attempt = try attempt(heldUnder: claim, in: transaction) else { return false }
            try journal(
                "event",
                name,
                endpoint: attempt.endpoint,
                release: claim.release,
                account: claim.account,
                stage: attempt.stage,
                text,
                in: transaction,
                now: now
            )
            return true
        }
    }

    /// Where copies in parts of an endpoint's releases were begun in an account, and no attempt is under way
    /// there any longer that would go on with them.
    public func abandonedUploads(
        of endpoint: String,
        in account: String
    ) async throws -> [AbandonedUpload] {
        try await store.read { transaction in
            try transaction.rows(
                """
                SELECT u.* FROM uploads u JOIN releases r ON r.id = u.release AND r.endpoint = ?
                WHERE u.account = ? AND NOT EXISTS (SELECT 1 FROM attempts a
                    WHERE a.release = u.release AND a.account = u.account AND a.ended_at IS NULL)
                ORDER BY u.begun_at, u.url
                """,
                endpoint,
                account
            ).map { row in
                AbandonedUpload(
                    release: try row.text("release"),
                    account: try row.text("account"),
                    url: try row.text("url"),
                    begunAt: Self.moment(try row.integer("begun_at"))
                )
            }
        }
    }

    /// Forgets a key below which nothing was left, unless a copy was begun there since.
    public func forget(_ upload: AbandonedUpload) async throws {
        try await store.write { transaction in
            _ = try transaction.run(
                "DELETE FROM uploads WHERE release = ? AND account = ? AND url = ? AND begun_at = ?",
                upload.release,
                upload.account,
                upload.url,
                upload.begunAt.milliseconds
            )
        }
    }

    private func attempt(
        heldUnder claim: AttemptClaim,
        in transaction: any Transaction
    ) throws -> Attempt? {
        try transaction.row(
            """
            SELECT body FROM attempts WHERE release = ? AND account = ? AND number = ? AND claim_term = ?
                AND claimant IS NOT NULL AND ended_at IS NULL
            """,
            claim.release,
            claim.account,
            claim.number,
            claim.term
        ).map { try Self.decode($0.text("body")) }
    }
}
