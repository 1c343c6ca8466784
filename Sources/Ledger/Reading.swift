import Foundation
public import Promotion

/// A release as `releases --json` and `show --json` print it. The names are a contract.
public struct ReleaseView: Codable, Sendable {
    public struct Stage: Codable, Sendable {
        public struct Account: Codable, Sendable {
            public let name: String
            public let state: String
        }

        public let stage: String
        public let state: String
        public let accounts: [Account]
        public let waitingFor: [String]
    }

    public let id: String
    public let number: Int
    public let endpoint: String
    public let state: String
    /// Target model → model package ARN.
    public let models: [String: String]
    /// The accounts that serve it, by name.
    public let serving: [String]
    public let stages: [Stage]
    /// Why it is in its state, in words; beyond the contract.
    public let reason: String?
    public let createdAt: String
    public let endedAt: String?
    /// Present in `show` alone.
    public var journal: [JournalLine]?
    public var decisions: [DecisionView]?
}

public struct JournalLine: Codable, Sendable {
    public let at: String
    public let kind: String
    public let name: String
    public let account: String?
    public let stage: String?
    public let text: String
}

public struct DecisionView: Codable, Sendable {
    public let action: String
    public let stage: String?
    public let sender: String
    public let reason: String
    public let verdict: String
    public let why: String
    public let at: String

    /// Every name of the contract is there, also where there is no stage.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(action, forKey: .action)
        try container.encode(stage, forKey: .stage)
        try container.encode(sender, forKey: .sender)
        try container.encode(reason, forKey: .reason)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(why, forKey: .why)
        try container.encode(at, forKey: .at)
    }
}

public struct QuarantineView: Codable, Sendable {
    public let id: String
    public let receivedAt: String
    public let sender: String?
    public let reason: String
    public let body: String

    /// Every name of the contract is there, also where SQS named no sender.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(receivedAt, forKey: .receivedAt)
        try container.encode(sender, forKey: .sender)
        try container.encode(reason, forKey: .reason)
        try container.encode(body, forKey: .body)
    }
}

/// An endpoint as `status` prints it.
public struct EndpointView: Codable, Sendable {
    public struct Account: Codable, Sendable {
        public let name: String
        public let release: String
        public let since: String
        /// Target model → model package ARN.
        public let models: [String: String]
    }

    public struct Hold: Codable, Sendable {
        public let stage: String?
        public let by: String
        public let reason: String
        public let at: String
    }

    public struct Bar: Codable, Sendable {
        public let target: String
        public let package: String
        public let reason: String
        public let at: String
    }

    public struct Trouble: Codable, Sendable {
        public let package: String
        public let sentence: String
    }

    public let endpoint: String
    public let serving: [Account]
    /// The releases that are not at an end.
    public let open: [ReleaseView]
    public let holds: [Hold]
    public let bars: [Bar]
    /// Packages of its groups that cannot be looked at, and why.
    public let troubles: [Trouble]
}

extension Ledger {
    public static func text(_ moment: Moment) -> String {
        // A fraction of a second as a Double is a little less than it was, and would be cut off.
        let milliseconds = (moment.milliseconds % 1000 + 1000) % 1000
        let second = Date(timeIntervalSince1970: Double((moment.milliseconds - milliseconds) / 1000))
        return "\(second.formatted(.iso8601).dropLast()).\(String(1000 + milliseconds).dropFirst())Z"
    }

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
            view.journal = try transaction.rows(
                "SELECT * FROM journal WHERE release = ? ORDER BY id",
                release.id
            ).map {
                row in
                JournalLine(
                    at: Self.text(Self.moment(try row.integer("at"))),
                    kind: try row.text("kind"),
                    name: try row.text("name"),
                    account: try row.optionalText("account"),
                    stage: try row.optionalText("stage"),
                    text: try row.text("text")
                )
            }
            view.decisions = try transaction.rows(
                "SELECT * FROM requests WHERE release = ? ORDER BY at, key",
                release.id
            ).map { row in
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
            return view
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
                """,
                horizon,
                horizon
            )
            return try !due.contains { plans[try $0.text("endpoint")] != nil }
        }
    }

    /// What a request with this key came to, once the worker has judged it.
    public func verdict(on key: String) async throws -> DecisionView? {
        try await store.read { transaction in
            try transaction.row("SELECT * FROM requests WHERE key = ?", key).map { row in
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

    private func view(_ release: Release, in transaction: any Transaction) throws -> ReleaseView {
        let attempts: [Attempt] = try transaction.rows(
            "SELECT body FROM attempts WHERE release = ? AND opening = ? ORDER BY number",
            release.id,
            release.opening
        ).map { try Self.decode($0.text("body")) }
        let latest = Dictionary(attempts.map { ($0.account, $0) }, uniquingKeysWith: { _, last in last })
        let serving = try transaction.rows(
            "SELECT account FROM serving WHERE release = ? ORDER BY account",
            release.id
        ).map { try $0.text("account") }
        return ReleaseView(
            id: release.id,
            number: release.number,
            endpoint: release.endpoint,
            state: release.state.rawValue,
            models: release.models.mapValues(\.package),
            serving: serving,
            stages: release.course.indices.map { stage($0, of: release, latest) },
            reason: release.reason,
            createdAt: Self.text(release.createdAt),
            endedAt: release.endedAt.map(Self.text)
        )
    }

    private func stage(_ index: Int, of release: Release, _ attempts: [String: Attempt]) -> ReleaseView.Stage
    {
        let stop = release.course[index]
        let state =
            if index < release.position {
                "verified"
            } else if index > release.position {
                "pending"
            } else {
                release.state == .released ? "verified" : release.state.rawValue
            }
        var waitingFor: [String] = []
        if index == release.position, release.state == .waiting {
            waitingFor = release.waitingFor.map { waiting in
                waiting.text + (waiting.until.map { ", until \(Self.text($0))" } ?? "")
            }
        } else if index == release.position, release.state == .rolling {
            waitingFor = stop.accounts.compactMap { attempts[$0] }.compactMap(Self.waiting)
        }
        return ReleaseView.Stage(
            stage: stop.stage,
            state: state,
            accounts: stop.accounts.map { account in
                .init(
                    name: account,
                    state: attempts[account].map(Self.state) ?? (state == "rolling" ? "verified" : state)
                )
            },
            waitingFor: waitingFor
        )
    }

    private static func state(of attempt: Attempt) -> String {
        switch attempt.state {
        case .verified: "verified"
        case .failed where attempt.isRestored: "rolled-back"
        case .failed, .errored, .aborted: attempt.state.rawValue
        default: "rolling"
        }
    }

    /// What an attempt that is under way waits for.
    private static func waiting(_ attempt: Attempt) -> String? {
        let until = attempt.dueAt.map { text($0) } ?? "somebody resumes it"
        let isOnWayBack = attempt.state == .restoring || attempt.state == .awaitingRestore
        if isOnWayBack {
            let back = "\(attempt.account): endpoint \(attempt.endpoint) to serve again what it served"
            let because = attempt.reason.map { "; \($0)" } ?? ""
            return back + because + (attempt.obstacle.map { ". \($0); tried again at \(until)" } ?? "")
        }
        if let reason = attempt.reason {
            return "\(attempt.account): \(reason)" + (attempt.dueAt == nil ? "" : "; tried again at \(until)")
        }
        switch attempt.state {
        case .soaking: return "\(attempt.account): the soak, until \(until)"
        case .awaiting:
            return
                "\(attempt.account): endpoint \(attempt.endpoint) to be in service on \(attempt.configName ?? "")"
        default: return nil
        }
    }

    private func endpointView(_ name: String, in transaction: any Transaction) throws -> EndpointView {
        let open = try release(
            "WHERE endpoint = ? AND ended_at IS NULL ORDER BY number DESC",
            [name],
            in: transaction
        )
        return EndpointView(
            endpoint: name,
            serving: try transaction.rows("SELECT * FROM serving WHERE endpoint = ? ORDER BY account", name)
                .map { row in
                    let id = try row.text("release")
                    let models = try release("WHERE id = ?", [id], in: transaction).first?.models ?? [:]
                    return EndpointView.Account(
                        name: try row.text("account"),
                        release: id,
                        since: Self.text(Self.moment(try row.integer("since"))),
                        models: models.mapValues(\.package)
                    )
                },
            open: try open.map { try view($0, in: transaction) },
            holds: try transaction.rows("SELECT * FROM holds WHERE endpoint = ? ORDER BY at, stage", name).map
            { row in
                let stage = try row.text("stage")
                return EndpointView.Hold(
                    stage: stage.isEmpty ? nil : stage,
                    by: try row.text("by"),
                    reason: try row.text("reason"),
                    at: Self.text(Self.moment(try row.integer("at")))
                )
            },
            bars: try transaction.rows("SELECT * FROM bars WHERE endpoint = ? ORDER BY at, target", name).map
            { row in
                EndpointView.Bar(
                    target: try row.text("target"),
                    package: try row.text("package"),
                    reason: try row.text("reason"),
                    at: Self.text(Self.moment(try row.integer("at")))
                )
            },
            troubles: try transaction.rows(
                """
                SELECT DISTINCT l.package, l.trouble FROM looks l
                JOIN targets t ON t.package_group = l.package_group
                WHERE t.endpoint = ? AND l.trouble IS NOT NULL ORDER BY l.package
                """,
                name
            ).map { EndpointView.Trouble(package: try $0.text("package"), sentence: try $0.text("trouble")) }
        )
    }
}
