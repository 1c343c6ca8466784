public import Promotion

/// Which accounts organizational units were last seen to have: what the worker goes by where it cannot ask, and
/// the commands at all times.
extension Ledger {
    /// Unit → account → its state, such as `ACTIVE`; units that were never read are missing.
    public func units() async throws -> [String: [String: String]] {
        try await store.read { transaction in
            var units: [String: [String: String]] = [:]
            for row in try transaction.rows("SELECT * FROM unit_accounts") {
                units[try row.text("unit"), default: [:]][try row.text("account")] = try row.text("state")
            }
            return units
        }
    }

    /// Takes in which accounts a unit has.
    ///
    /// - Parameter endpoints: Those that are deployed to accounts of the unit.
    public func saw(
        _ accounts: [String: String],
        of unit: String,
        for endpoints: [String],
        now: Moment
    ) async throws {
        try await store.write { transaction in
            let before = try Dictionary(
                transaction.rows("SELECT account, state FROM unit_accounts WHERE unit = ?", unit).map {
                    (try $0.text("account"), try $0.text("state"))
                },
                uniquingKeysWith: { first, _ in first }
            )
            for endpoint in endpoints { try put(nil, on: unit, of: endpoint, in: transaction, now: now) }
            guard accounts != before else { return }
            try transaction.run("DELETE FROM unit_accounts WHERE unit = ?", unit)
            for (account, state) in accounts.sorted(by: { $0.key < $1.key }) {
                try transaction.run(
                    "INSERT INTO unit_accounts (unit, account, state) VALUES (?, ?, ?)",
                    unit,
                    account,
                    state
                )
            }
            let text = "\(unit): " + Self.changes(from: before, to: accounts).joined(separator: ", ")
            for endpoint in endpoints {
                try journal("event", "unitChanged", endpoint: endpoint, text, in: transaction, now: now)
            }
        }
    }

    /// Takes in that nobody can say which accounts a unit has now, for `status` to show until somebody can.
    public func couldNotSee(
        _ unit: String,
        because trouble: String,
        for endpoints: [String],
        now: Moment
    ) async throws {
        try await store.write { transaction in
            for endpoint in endpoints { try put(trouble, on: unit, of: endpoint, in: transaction, now: now) }
        }
    }

    /// Forgets the units that the accounts folder names no more, and the endpoints that go to them no more.
    ///
    /// - Parameter units: Those that it names, each with the endpoints that are deployed to accounts of it.
    public func keepUnits(_ units: [String: [String]]) async throws {
        try await store.write { transaction in
            for row in try transaction.rows("SELECT endpoint, unit FROM units") {
                let (endpoint, unit) = (try row.text("endpoint"), try row.text("unit"))
                if units[unit]?.contains(endpoint) ?? false { continue }
                try transaction.run("DELETE FROM units WHERE endpoint = ? AND unit = ?", endpoint, unit)
            }
            for row in try transaction.rows("SELECT DISTINCT unit FROM unit_accounts") {
                let unit = try row.text("unit")
                if units[unit] == nil {
                    try transaction.run("DELETE FROM unit_accounts WHERE unit = ?", unit)
                }
            }
        }
    }

    private func put(
        _ trouble: String?,
        on unit: String,
        of endpoint: String,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        // `status` shows the endpoints that are here, and this may be why no release of one is.
        try transaction.run("INSERT INTO endpoints (name) VALUES (?) ON CONFLICT DO NOTHING", endpoint)
        let before = try transaction.row(
            "SELECT trouble FROM units WHERE endpoint = ? AND unit = ?",
            endpoint,
            unit
        )
        let last = try before?.optionalText("trouble")
        if before != nil, last == trouble { return }
        try transaction.run(
            """
            INSERT INTO units (endpoint, unit, trouble) VALUES (?, ?, ?)
            ON CONFLICT (endpoint, unit) DO UPDATE SET trouble = excluded.trouble
            """,
            endpoint,
            unit,
            trouble
        )
        // Asked once more, Organizations says the same in other words: each answer has an id of its own.
        guard let trouble, last == nil else { return }
        try journal("event", "unitNotRead", endpoint: endpoint, trouble, in: transaction, now: now)
    }

    /// What became of each account, in words.
    private static func changes(from before: [String: String], to after: [String: String]) -> [String] {
        let seen = after.sorted { $0.key < $1.key }.filter { before[$0.key] != $0.value }.map {
            account,
            state in
            before[account] == nil ? "\(account) is in it, \(state)" : "\(account) is \(state)"
        }
        let left = before.keys.filter { after[$0] == nil }.sorted().map { "\($0) is not in it any more" }
        return seen + left
    }

    /// The accounts of an endpoint's units that nothing is deployed to.
    func leftOut(of endpoint: String, in transaction: any Transaction) throws -> [EndpointView.LeftOut] {
        try transaction.rows(
            """
            SELECT a.unit, a.account, a.state FROM unit_accounts a JOIN units u ON u.unit = a.unit
            WHERE u.endpoint = ? AND a.state <> 'ACTIVE' ORDER BY a.account
            """,
            endpoint
        ).map { row in
            .init(account: try row.text("account"), unit: try row.text("unit"), state: try row.text("state"))
        }
    }
}
