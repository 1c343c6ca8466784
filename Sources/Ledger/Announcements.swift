public import Promotion

/// A decision that is still to be put on the event bus.
public struct Announcement: Sendable {
    public let journalID: Int64
    public let endpoint: String
    /// The release that it is about, or nil where it is about the endpoint as a whole.
    public let release: String?
    /// The event's detail as JSON, a `Detail`: as it was when it was decided, so that it is the same for
    /// every delivery.
    public let detail: String
}

extension Ledger {
    /// Notes that a decision is to be put on the bus.
    func owe(
        _ note: Note,
        line: Int64,
        head: String,
        of plan: EndpointPlan,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        let release = try note.release.flatMap { id in
            try self.release("WHERE id = ?", [id], in: transaction).first
        }
        let detail = Announcement.Detail(
            note,
            line: line,
            head: head,
            of: plan,
            release: release,
            at: Self.text(now)
        )
        try transaction.run(
            "INSERT INTO announcements (journal_id, detail, due_at) VALUES (?, ?, ?)",
            line,
            try detail.encoded(),
            now.milliseconds
        )
    }

    /// What is to be put on the bus now, in the order in which it was decided.
    public func announcementsDue(limit: Int, now: Moment) async throws -> [Announcement] {
        try await store.read { transaction in
            try transaction.rows(
                """
                SELECT j.id, j.endpoint, j.release, a.detail
                FROM announcements a JOIN journal j ON j.id = a.journal_id
                WHERE a.due_at <= ? ORDER BY j.id LIMIT ?
                """,
                now.milliseconds,
                limit
            ).map { row in
                Announcement(
                    journalID: try row.integer("id"),
                    endpoint: try row.text("endpoint"),
                    release: try row.optionalText("release"),
                    detail: try row.text("detail")
                )
            }
        }
    }

    /// Strikes off what was sent; what was not is due again later, and later still each time.
    public func announced(_ announcements: [Announcement], isSent: [Bool], now: Moment) async throws {
        try await store.write { transaction in
            for (announcement, isSent) in zip(announcements, isSent) {
                if isSent {
                    try transaction.run(
                        "DELETE FROM announcements WHERE journal_id = ?",
                        announcement.journalID
                    )
                    continue
                }
                let row = try transaction.row(
                    "SELECT failures FROM announcements WHERE journal_id = ?",
                    announcement.journalID
                )
                let failures = Int(try row?.integer("failures") ?? 0) + 1
                try transaction.run(
                    "UPDATE announcements SET failures = ?, due_at = ? WHERE journal_id = ?",
                    failures,
                    (now + pause(after: failures)).milliseconds,
                    announcement.journalID
                )
            }
        }
    }
}
