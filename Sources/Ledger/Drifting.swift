public import Promotion

/// Comparing what accounts serve with what was verified there.
extension Ledger {
    /// What an account serves as far as the ledger knows, while nothing is under way there.
    public struct Served: Sendable {
        public let endpoint: String
        public let account: String
        /// When AWS says that the endpoint was last changed; nil where it has to be looked at.
        public let modifiedAt: Moment?
    }

    /// Everything that serves and rests.
    public func served() async throws -> [Served] {
        try await store.read { transaction in
            try transaction.rows(
                """
                SELECT endpoint, account, modified_at, drift FROM serving s
                WHERE NOT EXISTS (
                    SELECT 1 FROM attempts a
                    WHERE a.endpoint = s.endpoint AND a.account = s.account AND a.ended_at IS NULL
                )
                ORDER BY account, endpoint
                """
            ).compactMap { row in
                let endpoint = try row.text("endpoint")
                guard plans[endpoint] != nil else { return nil }
                let isStraight = try row.optionalText("drift") == nil
                return Served(
                    endpoint: endpoint,
                    account: try row.text("account"),
                    modifiedAt: isStraight ? try row.optionalInteger("modified_at").map(Self.moment) : nil
                )
            }
        }
    }

    /// Records how an endpoint that rests was found.
    public func found(
        _ sight: EndpointSight,
        of endpoint: String,
        in account: String,
        now: Moment
    ) async throws {
        guard let plan = plans[endpoint] else { return }
        try await store.write { transaction in
            let served = try transaction.row(
                "SELECT release FROM serving WHERE endpoint = ? AND account = ?",
                endpoint,
                account
            )
            guard let release = try served?.text("release") else { return }
            let unverified = try transaction.row(
                """
                SELECT 1 AS known FROM attempts a
                WHERE a.endpoint = ? AND a.account = ? AND a.config = ? AND NOT EXISTS (
                    SELECT 1 FROM verified v
                    WHERE v.endpoint = a.endpoint AND v.account = a.account AND v.config = a.config
                )
                LIMIT 1
                """,
                endpoint,
                account,
                sight.config
            )
            try settle(plan, including: [release], in: transaction, now: now) { state in
                state.found(sight, in: account, isUnverified: unverified != nil, now: now)
            }
        }
    }
}
