import Promotion

/// A gate in words, before or while a release stands at it.
extension Ledger {
    /// - Parameters:
    ///   - index: The stage's place in the plan.
    ///   - open: The release of the wanted set, where it is on its way.
    static func gate(
        _ index: Int,
        _ state: EndpointState,
        _ wanted: [String: ModelVersion],
        open: Release?,
        now: Moment
    ) -> [Outlook.Condition] {
        let stage = state.plan.stages[index]
        if let open {
            let position = open.course.firstIndex { $0.stage == stage.name } ?? open.course.count
            if position < open.position || position == open.position && open.state == .rolling { return [] }
            if position == open.position {
                // It stands there: the gate itself says what it has found.
                let found = state.gate(for: open).judge(now: now).map { condition in
                    Outlook.Condition(
                        name: condition.name,
                        text: condition.text,
                        met: condition.verdict == .passed,
                        until: condition.until.map { text($0) }
                    )
                }
                return found
                    + instructions(stage).filter { asked in !found.contains { $0.text.contains(asked.text) } }
            }
        }
        let before = index > 0 ? state.plan.stages[index - 1] : nil
        return upstream(before, stage) + versions(stage, state, wanted) + conditions(stage, before, now)
            + people(stage, state, wanted) + instructions(stage)
    }

    private static func upstream(_ before: StagePlan?, _ stage: StagePlan) -> [Outlook.Condition] {
        guard let before else { return [] }
        let accounts = before.accounts.keys.sorted().joined(separator: ", ")
        var conditions = [condition("verified", "verified in \(accounts)")]
        if before.soak > .zero {
            conditions.append(condition("soaked", "soaked for \(words(before.soak)) in \(before.name)"))
        }
        if stage.lag > .zero {
            let text = "at the earliest \(words(stage.lag)) after its verification in \(before.name)"
            conditions.append(condition("lag", text))
        }
        return conditions
    }

    private static func versions(
        _ stage: StagePlan,
        _ state: EndpointState,
        _ wanted: [String: ModelVersion]
    ) -> [Outlook.Condition] {
        let accepts = stage.accepts.map(\.rawValue).sorted().joined(separator: " or ")
        let wrong = wanted.sorted { $0.key < $1.key }.compactMap { _, version -> String? in
            let status = state.statuses[version.package]
            guard status.map(stage.accepts.contains) != true else { return nil }
            return "\(version.shortName) is \(status?.rawValue ?? "unknown")"
        }
        let text =
            wrong.isEmpty ? "every version is \(accepts)" : wrong.joined(separator: ", ") + ", not \(accepts)"
        var conditions = [condition("accepted", text, met: wrong.isEmpty)]
        if let hold = state.hold(on: stage.name) {
            let text =
                "held by \(hold.by) since \(Self.text(hold.at)) (\(hold.reason)), until somebody resumes it"
            conditions.append(condition("not held", text, met: false))
        }
        return conditions
    }

    private static func conditions(
        _ stage: StagePlan,
        _ before: StagePlan?,
        _ now: Moment
    ) -> [Outlook.Condition] {
        var conditions: [Outlook.Condition] = []
        if let windows = stage.gate.windows { conditions.append(window(windows, now)) }
        if !stage.gate.alarms.isEmpty {
            let accounts = ((before?.accounts.keys.sorted() ?? []) + stage.accounts.keys.sorted())
            let noData =
                switch stage.gate.insufficientData {
                case .inconclusive: "one without data is waited for"
                case .ok: "one without data counts as quiet"
                case .alarm: "one without data counts as ringing"
                }
            let text =
                "alarms \(stage.gate.alarms.joined(separator: ", ")) quiet in "
                + "\(accounts.joined(separator: ", ")), now and since the soak began; \(noData)"
            conditions.append(condition("alarms", text))
        }
        for check in stage.gate.checks {
            conditions.append(
                condition("checks", "check \(check.name) passed, attested by \(list(check.senders))")
            )
        }
        return conditions
    }

    private static func people(
        _ stage: StagePlan,
        _ state: EndpointState,
        _ wanted: [String: ModelVersion]
    ) -> [Outlook.Condition] {
        let gate = stage.gate
        let isServed = stage.accounts.allSatisfy { account, settings in
            state.serving[account].map { $0.models == wanted && $0.settings == settings } ?? false
        }
        var conditions: [Outlook.Condition] = []
        if isServed {
            let text = "nobody is asked: every account of \(stage.name) serves it already"
            conditions.append(condition("approved", text, met: true))
        } else if gate.approvals == 0 {
            conditions.append(condition("approved", "no approval asked for", met: true))
        } else {
            let count = gate.approvals == 1 ? "approved by one of" : "approved by \(gate.approvals) people of"
            var text = "\(count) \(list(gate.approvers))"
            if !gate.requiredGroup.isEmpty { text += ", among them one of \(list(gate.requiredGroup))" }
            if gate.notRequester { text += ", and not by whoever asked for it" }
            conditions.append(condition("approved", "\(text), within \(words(gate.expires))"))
        }
        if !gate.mayOverride.isEmpty {
            let text = "in an emergency \(list(gate.mayOverride)) may promote past the gate, with --override"
            conditions.append(condition("override", text))
        }
        return conditions
    }

    private static func instructions(_ stage: StagePlan) -> [Outlook.Condition] {
        stage.gate.instructions.map { [condition("instructions", $0)] } ?? []
    }

    private static func window(_ windows: Windows, _ now: Moment) -> Outlook.Condition {
        var text = "open " + (windows.allow.isEmpty ? "always" : list(windows.allow))
        if !windows.deny.isEmpty { text += ", but not \(list(windows.deny))" }
        if !windows.denyDays.isEmpty {
            let days = windows.denyDays.map { days in
                days.count == 1
                    ? date(days.lowerBound) : "\(date(days.lowerBound)) to \(date(days.upperBound))"
            }
            text += ", but not on \(days.joined(separator: ", "))"
        }
        text += ", \(windows.zone); "
        let isOpen = windows.isOpen(at: now)
        let change = isOpen ? windows.nextChange(after: now) : windows.nextOpening(after: now)
        if isOpen {
            text += "open now" + (change.map { ", closes \(windows.text($0))" } ?? "")
        } else {
            text += "closed now, " + (change.map { "opens \(windows.text($0))" } ?? "and never opens")
        }
        return condition("window", text, met: isOpen, until: change)
    }

    private static func list(_ spans: [Windows.Span]) -> String {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        return spans.map { span in
            let days = span.days.sorted().filter(names.indices.contains).map { names[$0] }
            return "\(days.joined(separator: ",")) \(time(span.from))-\(time(span.until))"
        }.joined(separator: "; ")
    }

    private static func time(_ minutes: Int) -> String {
        "\(String(100 + minutes / 60).dropFirst()):\(String(100 + minutes % 60).dropFirst())"
    }

    /// A day counted from 1970-01-01 as a date.
    private static func date(_ day: Int) -> String {
        String(text(Moment(milliseconds: Int64(day) * 86_400_000)).prefix(10))
    }

    private static func list(_ patterns: [SenderPattern]) -> String {
        patterns.isEmpty ? "nobody" : patterns.map(\.description).joined(separator: ", ")
    }

    private static func condition(
        _ name: String,
        _ text: String,
        met: Bool? = nil,
        until: Moment? = nil
    ) -> Outlook.Condition {
        Outlook.Condition(name: name, text: text, met: met, until: until.map { Self.text($0) })
    }

    /// A duration as the accounts folder writes one.
    private static func words(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        let unit = units.first { milliseconds % $0.0 == 0 } ?? (1, "ms")
        return "\(milliseconds / unit.0)\(unit.1)"
    }
}
