import Foundation
public import Promotion

/// A decision that is still to be put on the event bus.
public struct Announcement: Sendable {
    public let journalID: Int64
    public let release: String
    /// The event's detail as JSON: `id` (the same for every delivery), `at`, `name`, `endpoint`, `release`,
    /// `account`, `stage`, `text`.
    public let detail: String
}

extension Ledger {
    public func announcementsDue(limit: Int, now: Moment) async throws -> [Announcement] {
        try await store.read { transaction in
            try transaction.rows(
                """
                SELECT j.* FROM announcements a JOIN journal j ON j.id = a.journal_id
                WHERE a.due_at <= ? ORDER BY j.id LIMIT ?
                """,
                now.milliseconds,
                limit
            ).map { row in
                let id = try row.integer("id")
                let release = try row.text("release")
                var detail = [
                    "id": "\(release)#\(id)", "at": Self.text(Self.moment(try row.integer("at"))),
                    "name": try row.text("name"), "release": release, "text": try row.text("text"),
                ]
                detail["endpoint"] = try row.optionalText("endpoint")
                detail["account"] = try row.optionalText("account")
                detail["stage"] = try row.optionalText("stage")
                return Announcement(journalID: id, release: release, detail: try Self.encode(detail))
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
                let pause = min(pace.retry.base * (1 << min(failures - 1, 20)), pace.retry.ceiling)
                try transaction.run(
                    "UPDATE announcements SET failures = ?, due_at = ? WHERE journal_id = ?",
                    failures,
                    (now + pause).milliseconds,
                    announcement.journalID
                )
            }
        }
    }
}
