public import Promotion

/// Beginning with a ledger that was lost, or that is new to accounts that serve already.
extension Ledger {
    /// The endpoints that have had no release yet.
    public func endpointsWithoutReleases() async throws -> [String] {
        try await store.read { transaction in
            try transaction.rows("SELECT name FROM endpoints WHERE release_count = 0 ORDER BY name")
                .map { try $0.text("name") }.filter { plans[$0] != nil }
        }
    }

    /// Takes over what the accounts of an endpoint were found to serve.
    ///
    /// - Parameter sights: The packages of what serves, as the registry has them now.
    public func takeOver(
        _ endpoint: String,
        _ found: [Standing],
        sights: [PackageSight],
        now: Moment
    ) async throws {
        guard let plan = plans[endpoint], !found.isEmpty else { return }
        try await store.write { transaction in
            // They are known before they are decided about: what serves is no news.
            for sight in sights { try write(sight, in: transaction, now: now) }
            let times = Dictionary(
                sights.map { ($0.arn, $0.modifiedAt) },
                uniquingKeysWith: { first, _ in first }
            )
            let before = try state(of: plan, including: [], in: transaction)
            var state = before
            state.takeOver(found, decidedAt: times, now: now)
            try save(state, before: before, foldsUntil: nil, in: transaction, now: now)
            try transaction.run(
                "UPDATE endpoints SET due_at = ? WHERE name = ?",
                now.milliseconds,
                endpoint
            )
        }
    }
}
