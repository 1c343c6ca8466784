import Foundation
public import Promotion

/// How a release and an endpoint are shown.
extension Ledger {
    public static func text(_ moment: Moment) -> String {
        // A fraction of a second as a Double is a little less than it was, and would be cut off.
        let milliseconds = (moment.milliseconds % 1000 + 1000) % 1000
        let second = Date(timeIntervalSince1970: Double((moment.milliseconds - milliseconds) / 1000))
        return "\(second.formatted(.iso8601).dropLast()).\(String(1000 + milliseconds).dropFirst())Z"
    }

    func view(_ release: Release, in transaction: any Transaction) throws -> ReleaseView {
        let attempts = try attempts(of: release, in: transaction)
        // A way back to a release is no part of its way through the stages.
        let latest = Dictionary(
            attempts.filter { !$0.isRollback }.map { ($0.account, $0) },
            uniquingKeysWith: { _, last in last }
        )
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
            stages: release.course.indices.map { stage($0, of: release, latest, serving) },
            reason: release.reason,
            createdAt: Self.text(release.createdAt),
            endedAt: release.endedAt.map(Self.text)
        )
    }

    /// - Parameters:
    ///   - attempts: The release's latest attempt in each account.
    ///   - serving: The accounts that serve it.
    func stage(
        _ index: Int,
        of release: Release,
        _ attempts: [String: Attempt],
        _ serving: [String]
    ) -> ReleaseView.Stage {
        let stop = release.course[index]
        let state =
            if index < release.position {
                stop.accounts.contains(where: release.rolledBack.contains) ? "rolled-back" : "verified"
            } else if index > release.position {
                "pending"
            } else {
                release.state == .released ? "verified" : release.state.rawValue
            }
        var waitingFor: [String] = []
        if index == release.position, release.state == .waiting {
            waitingFor = release.waitingFor.map(Self.text)
        } else if index == release.position, release.state == .rolling {
            waitingFor = stop.accounts.compactMap { attempts[$0] }.compactMap { attempt in
                Self.waiting(attempt).map { "\(attempt.account): \($0)" }
            }
        }
        let accounts = stop.accounts.map { account in
            ReleaseView.Stage.Account(
                name: account,
                state: release.rolledBack.contains(account)
                    ? "rolled-back"
                    : attempts[account].map(Self.state) ?? Self.state(of: account, in: state, serving)
            )
        }
        if state == "rolling", !accounts.contains(where: { $0.state == "rolling" }) {
            let toCome = accounts.filter { $0.state == "pending" }.map(\.name).joined(separator: ", ")
            waitingFor.append("\(toCome) to be entered, once nothing holds the stage")
        }
        return ReleaseView.Stage(
            stage: stop.stage,
            state: state,
            accounts: accounts,
            waitingFor: waitingFor
        )
    }

    /// The state of an account without an attempt: it serves what was wanted already, or its turn is to come.
    private static func state(of account: String, in stage: String, _ serving: [String]) -> String {
        guard stage == "rolling" else { return stage }
        return serving.contains(account) ? "verified" : "pending"
    }

    static func state(of attempt: Attempt) -> String {
        switch attempt.state {
        case .verified: "verified"
        case .failed where attempt.isRestored: "rolled-back"
        case .failed, .errored, .aborted: attempt.state.rawValue
        default: "rolling"
        }
    }

    /// What an attempt that is under way waits for.
    static func waiting(_ attempt: Attempt) -> String? {
        let until = attempt.dueAt.map { text($0) } ?? "somebody resumes it"
        let isOnWayBack = attempt.state == .restoring || attempt.state == .awaitingRestore
        if isOnWayBack {
            let back = "endpoint \(attempt.endpoint) to serve again what it served"
            let because = attempt.reason.map { "; \($0)" } ?? ""
            return back + because + (attempt.obstacle.map { ". \($0); tried again at \(until)" } ?? "")
        }
        if let reason = attempt.reason {
            return reason + (attempt.dueAt == nil ? "" : "; tried again at \(until)")
        }
        switch attempt.state {
        case .soaking: return "the soak, until \(until)"
        case .awaiting:
            return "endpoint \(attempt.endpoint) to be in service on \(attempt.configName ?? "")"
        default: return nil
        }
    }

    /// The accounts where a release failed that went on, or ended well, all the same.
    private func shortfalls(
        of release: Release,
        in transaction: any Transaction
    ) throws -> [EndpointView.Shortfall] {
        try view(release, in: transaction).stages.filter { $0.state == "verified" }.flatMap { stage in
            stage.accounts.filter { ["failed", "errored", "rolled-back"].contains($0.state) }.map {
                .init(release: release.id, stage: stage.stage, account: $0.name, state: $0.state)
            }
        }
    }

    func endpointView(_ name: String, in transaction: any Transaction) throws -> EndpointView {
        let open = try release(
            "WHERE endpoint = ? AND ended_at IS NULL ORDER BY number DESC",
            [name],
            in: transaction
        )
        let newest = try release("WHERE endpoint = ? ORDER BY opening DESC LIMIT 1", [name], in: transaction)
        return EndpointView(
            endpoint: name,
            stages: newest.first?.course.map { .init(stage: $0.stage, accounts: $0.accounts) } ?? [],
            serving: try serving(of: name, in: transaction).sorted { $0.key < $1.key }.map {
                account,
                serving in
                let release = try release("WHERE id = ?", [serving.release], in: transaction).first
                return EndpointView.Account(
                    name: account,
                    stage: release?.course.first { $0.accounts.contains(account) }?.stage,
                    release: serving.release,
                    since: Self.text(serving.since),
                    stranded: serving.isStranded,
                    drift: serving.drift,
                    models: serving.models.mapValues(\.package)
                )
            },
            open: try open.map { try view($0, in: transaction) },
            underWay: try underWay(of: name, in: transaction),
            shortfalls: try newest.flatMap { try shortfalls(of: $0, in: transaction) },
            holds: try holds(of: name, in: transaction).map { hold in
                EndpointView.Hold(stage: hold.stage, by: hold.by, reason: hold.reason, at: Self.text(hold.at))
            },
            bars: try bars(of: name, in: transaction).map { bar in
                EndpointView.Bar(
                    target: bar.target,
                    package: bar.package,
                    reason: bar.reason,
                    at: Self.text(bar.at)
                )
            },
            troubles: try transaction.rows(
                """
                SELECT package_group AS subject, trouble FROM unlisted_groups WHERE endpoint = ?
                UNION SELECT l.package, l.trouble FROM looks l
                JOIN targets t ON t.package_group = l.package_group
                WHERE t.endpoint = ? AND l.trouble IS NOT NULL
                UNION SELECT account, trouble FROM alarm_watches WHERE endpoint = ? AND trouble IS NOT NULL
                UNION SELECT h.release, h.trouble FROM handoffs h JOIN releases r ON r.id = h.release
                WHERE r.endpoint = ? AND h.trouble IS NOT NULL
                UNION SELECT release, trouble FROM handoffs_received WHERE endpoint = ? AND trouble IS NOT NULL
                UNION SELECT unit, trouble FROM units WHERE endpoint = ? AND trouble IS NOT NULL
                ORDER BY 1
                """,
                name,
                name,
                name,
                name,
                name,
                name
            ).map { EndpointView.Trouble(subject: try $0.text("subject"), sentence: try $0.text("trouble")) },
            leftOut: try leftOut(of: name, in: transaction)
        )
    }
}
