public import Promotion

/// What the command line and, later, the board read.
extension Ledger {
    public func releases(of endpoint: String? = nil) async throws -> [ReleaseView] {
        try await store.read { transaction in
            let releases =
                if let endpoint {
                    try release("WHERE endpoint = ? ORDER BY number DESC", [endpoint], in: transaction)
                } else {
                    try release("ORDER BY number DESC, endpoint", [], in: transaction)
                }
            return try releases.map { try view($0, in: transaction) }
        }
    }

    /// A release with its journal and what people decided, or nil where it is not known.
    ///
    /// - Parameter name: The release's id.
    public func show(_ name: String) async throws -> ReleaseView? {
        try await store.read { transaction in
            guard let release = try release("WHERE id = ?", [name], in: transaction).first else { return nil }
            var view = try view(release, in: transaction)
            view.journal = try lines(of: release.id, after: 0, in: transaction).map(\.1)
            view.decisions = try transaction.rows(
                "SELECT * FROM requests WHERE release = ? ORDER BY at, key",
                release.id
            ).map(decision)
            try addEvidence(to: &view, in: transaction)
            return view
        }
    }

    /// A release's journal after a line, with the lines' numbers, and the release as it was then: what
    /// follows a release reads this again and again.
    ///
    /// - Returns: nil where the release is not known.
    public func follow(_ name: String, after line: Int64) async throws -> (
        view: ReleaseView, lines: [(line: Int64, entry: JournalLine)]
    )? {
        try await store.read { transaction in
            guard let release = try release("WHERE id = ?", [name], in: transaction).first else { return nil }
            return (try view(release, in: transaction), try lines(of: name, after: line, in: transaction))
        }
    }

    public func status(of endpoint: String? = nil) async throws -> [EndpointView] {
        try await store.read { transaction in
            try transaction.rows("SELECT name FROM endpoints ORDER BY name").compactMap { row in
                let name = try row.text("name")
                guard endpoint == nil || endpoint == name else { return nil }
                return try endpointView(name, in: transaction)
            }
        }
    }

    public func quarantine() async throws -> [QuarantineView] {
        try await store.read { transaction in
            try transaction.rows("SELECT * FROM quarantine ORDER BY id").map { row in
                QuarantineView(
                    id: try row.text("message_id"),
                    receivedAt: Self.text(Self.moment(try row.integer("received_at"))),
                    sender: try row.optionalText("sender"),
                    reason: try row.text("reason"),
                    body: String(decoding: try row.bytes("body"), as: UTF8.self)
                )
            }
        }
    }

    /// Why a message was quarantined, or nil where it was not.
    public func quarantine(of message: String) async throws -> String? {
        try await store.read { transaction in
            try transaction.row("SELECT reason FROM quarantine WHERE message_id = ?", message)?.text("reason")
        }
    }

    /// Whether nothing of this worker's endpoints is due within a time or under way.
    public func isIdle(for duration: Duration, now: Moment) async throws -> Bool {
        let horizon = (now + duration).milliseconds
        return try await store.read { transaction in
            if try transaction.row("SELECT 1 AS due FROM looks WHERE due_at <= ? LIMIT 1", horizon) != nil {
                return false
            }
            if try transaction.row("SELECT 1 AS due FROM handoffs WHERE due_at <= ? LIMIT 1", horizon) != nil
            {
                return false
            }
            // What a bus could not take is left for the next worker, and what was not offered to it is not.
            if announces,
                try transaction.row("SELECT 1 AS due FROM announcements WHERE failures = 0 LIMIT 1") != nil
            {
                return false
            }
            let due = try transaction.rows(
                """
                SELECT endpoint FROM attempts WHERE ended_at IS NULL AND (due_at <= ? OR claim_until IS NOT NULL)
                UNION SELECT name FROM endpoints WHERE due_at <= ?
                UNION SELECT endpoint FROM handoffs_received WHERE due_at <= ?
                """,
                horizon,
                horizon,
                horizon
            )
            return try !due.contains { plans[try $0.text("endpoint")] != nil }
        }
    }

    /// What a request with this key came to, once the worker has judged it.
    public func verdict(on key: String) async throws -> DecisionView? {
        try await store.read { transaction in
            try transaction.row("SELECT * FROM requests WHERE key = ?", key).map(decision)
        }
    }

    /// The number of the journal's last line, 0 while it is empty.
    public func journalEnd() async throws -> Int64 {
        try await store.read { transaction in
            try transaction.row("SELECT COALESCE(MAX(id), 0) AS last FROM journal")?.integer("last") ?? 0
        }
    }

    /// The decisions that the journal holds after a line, in order.
    public func decisions(after line: Int64) async throws -> [(line: Int64, note: Note)] {
        try await store.read { transaction in
            try transaction.rows(
                "SELECT * FROM journal WHERE id > ? AND kind = 'decision' ORDER BY id",
                line
            ).map { row in
                let note = Note(
                    try row.text("name"),
                    release: try row.optionalText("release"),
                    account: try row.optionalText("account"),
                    stage: try row.optionalText("stage"),
                    try row.text("text")
                )
                return (try row.integer("id"), note)
            }
        }
    }

    /// Whether an endpoint config in an account is one that Sluice made.
    public func knows(config: String, in account: String) async throws -> Bool {
        try await store.read { transaction in
            try transaction.row(
                "SELECT 1 AS known FROM attempts WHERE account = ? AND config = ? LIMIT 1",
                account,
                config
            ) != nil
        }
    }

    private func lines(
        of release: String,
        after line: Int64,
        in transaction: any Transaction
    ) throws -> [(line: Int64, entry: JournalLine)] {
        try transaction.rows(
            "SELECT * FROM journal WHERE release = ? AND id > ? ORDER BY id",
            release,
            line
        ).map { row in
            let entry = JournalLine(
                at: Self.text(Self.moment(try row.integer("at"))),
                kind: try row.text("kind"),
                name: try row.text("name"),
                account: try row.optionalText("account"),
                stage: try row.optionalText("stage"),
                text: try row.text("text")
            )
            return (try row.integer("id"), entry)
        }
    }

    private func decision(_ row: Row) throws -> DecisionView {
        DecisionView(
            action: try row.text("action"),
            stage: try row.optionalText("stage"),
            sender: try row.text("sender"),
            reason: try row.text("reason"),
            verdict: try row.text("verdict"),
            why: try row.text("why"),
            at: Self.text(Self.moment(try row.integer("at")))
        )
    }
}
