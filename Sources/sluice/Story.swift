import Ledger

/// A release's story for people: who, when, why and on what evidence.
extension Screen {
    static func story(of release: ReleaseView) -> [String] {
        var lines = ["\(release.id) is \(release.state)"]
        var head = [["  release", "\(release.number) of \(release.endpoint), composed \(release.createdAt)"]]
        if let ended = release.endedAt { head.append(["  ended", ended]) }
        if let reason = release.reason { head.append(["  because", escaped(reason)]) }
        head.append([
            "  serves in", release.serving.isEmpty ? "no account" : release.serving.joined(separator: ", "),
        ])
        lines += table(head)
        lines += ["models"] + models(of: release) + ["stages"]
        for stage in release.stages { lines += Self.lines(of: stage, release) }
        lines += handoffs(of: release)
        let decisions = release.decisions ?? []
        if !decisions.isEmpty { lines.append("decisions") }
        return lines + decisions.flatMap(Self.lines)
    }

    private static func models(of release: ReleaseView) -> [String] {
        table(
            release.models.sorted { $0.key < $1.key }.map { target, package in
                let approvals = (release.approvals ?? []).filter {
                    $0.target == target && $0.package == package
                }
                let fate = approvals.last.map { approval in
                    let carrier = approval.release.map { $0 == release.id ? "" : " with \($0)" } ?? ""
                    let by = approval.by.map { " by \(escaped($0))" } ?? ""
                    let now =
                        approval.status.map {
                            let by = approval.statusBy.map { " by \(escaped($0))" } ?? ""
                            return $0 == "Approved" ? "" : ", now \(escaped($0))\(by)"
                        } ?? ""
                    return "decided \(approval.decidedAt)\(by)\(now), "
                        + (approval.ending.map { "\($0)\(carrier) \(approval.endedAt ?? "")" }
                            ?? "open\(carrier)")
                }
                return ["  \(escaped(target))", short(package)] + (fate.map { [$0] } ?? [])
            }
        )
    }

    private static func lines(of stage: ReleaseView.Stage, _ release: ReleaseView) -> [String] {
        let attempts = release.attempts ?? []
        var lines = ["  \(stage.stage): \(stage.state)"]
        for account in stage.accounts {
            lines.append("    \(account.name): \(account.state)")
            for attempt in attempts where attempt.account == account.name && attempt.stage == stage.stage {
                lines += Self.lines(of: attempt, release.id).map { "      " + $0 }
            }
        }
        return lines + stage.waitingFor.map { "    waits for \(escaped($0))" }
    }

    /// Who verified it where, and to whom it went on, where other workers have a part in it.
    private static func handoffs(of release: ReleaseView) -> [String] {
        let evidence = (release.evidence ?? []).flatMap { entry in
            let sender = entry.sender.map { ", handed over by \(escaped($0))" } ?? ""
            return ["  account \(entry.account) in \(escaped(entry.stage)), \(entry.verifiedAt)\(sender)"]
                + entry.checks.map { "    \(escaped($0))" }
        }
        let onward = (release.handedOver ?? []).map { handoff in
            let fate =
                handoff.sentAt.map { "sent \($0)" }
                ?? "not sent yet" + (handoff.trouble.map { ": \(escaped($0))" } ?? "")
            return "  to \(handoff.account) in \(handoff.stage), \(fate)"
        }
        return (evidence.isEmpty ? [] : ["verified"] + evidence)
            + (onward.isEmpty ? [] : ["handed over"] + onward)
    }

    /// - Parameter shown: The release whose story is told.
    private static func lines(of attempt: AttemptView, _ shown: String) -> [String] {
        let changes =
            attempt.changes.isEmpty
            ? "no version changes" : "changes \(attempt.changes.map(escaped).joined(separator: ", "))"
        var line = "attempt \(attempt.number): \(attempt.state), from \(attempt.startedAt)"
        if attempt.rollback {
            let way = attempt.release == shown ? "from \(attempt.leaves ?? "it")" : "to \(attempt.release)"
            line =
                "went back \(way) by attempt \(attempt.number): \(attempt.state), from \(attempt.startedAt)"
        }
        if let ended = attempt.endedAt { line += " to \(ended)" }
        line += "; \(changes)"
        if let config = attempt.config { line += "; config \(escaped(config))" }
        return [line] + (attempt.reason.map { ["because \(escaped($0))"] } ?? [])
    }

    private static func lines(of decision: DecisionView) -> [String] {
        let stage = decision.stage.map { " for \(escaped($0))" } ?? ""
        return ["  \(decision.at)  \(escaped(decision.action))\(stage), \(decision.verdict)"]
            + table([
                ["    by", escaped(decision.sender)], ["    reason", escaped(decision.reason)],
                ["    verdict", "\(decision.verdict): \(escaped(decision.why))"],
            ])
    }

    /// A line of the journal without its time.
    static func cells(of entry: JournalLine) -> [String] {
        [entry.kind, escaped(entry.account ?? entry.stage ?? ""), escaped(entry.name), escaped(entry.text)]
    }

    /// A line of the journal on its own, where those to come are not known yet.
    static func line(of entry: JournalLine) -> String {
        let text = entry.text.isEmpty ? "" : ": \(escaped(entry.text))"
        let place = entry.account ?? entry.stage
        return "  \(entry.at)  \(entry.kind.padding(to: 8))  " + (place.map { "\(escaped($0))  " } ?? "")
            + escaped(entry.name) + text
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
