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
                let instructions = stage.gate.instructions.map { condition("instructions", $0) }
                return found
                    + [instructions].compactMap(\.self).filter { asked in
                        !found.contains { $0.text.contains(asked.text) }
                    }
            }
        }
        let before = index > 0 ? state.plan.stages[index - 1] : nil
        let isServed = stage.accounts.allSatisfy { account, settings in
            state.serving[account].map { $0.models == wanted && $0.settings == settings } ?? false
        }
        var conditions = stage.asks(after: before).compactMap { ask -> Outlook.Condition? in
            switch ask.name {
            case "accepted": accepted(ask.text, stage, state, wanted)
            case "window": stage.gate.windows.map { window(ask.text, $0, now) }
            case "approved" where isServed: nil
            default: condition(ask.name, ask.text)
            }
        }
        if let hold = state.hold(on: stage.name) {
            let text =
                "held by \(hold.by) since \(Self.text(hold.at)) (\(hold.reason)), until somebody resumes it"
            conditions.append(condition("not held", text, met: false))
        }
        if isServed {
            let text = "nobody is asked: every account of \(stage.name) serves it already"
            conditions.append(condition("approved", text, met: true))
        } else if stage.gate.approvals == 0 {
            conditions.append(condition("approved", "no approval asked for", met: true))
        }
        return conditions
    }

    private static func accepted(
        _ words: String,
        _ stage: StagePlan,
        _ state: EndpointState,
        _ wanted: [String: ModelVersion]
    ) -> Outlook.Condition {
        let wrong = wanted.sorted { $0.key < $1.key }.compactMap { _, version -> String? in
            let status = state.statuses[version.package]
            guard status.map(stage.accepts.contains) != true else { return nil }
            return "\(version.shortName) is \(status?.rawValue ?? "unknown")"
        }
        let text = wrong.isEmpty ? words : "\(words), but \(wrong.joined(separator: ", "))"
        return condition("accepted", text, met: wrong.isEmpty)
    }

    private static func window(_ words: String, _ windows: Windows, _ now: Moment) -> Outlook.Condition {
        let isOpen = windows.isOpen(at: now)
        let change = isOpen ? windows.nextChange(after: now) : windows.nextOpening(after: now)
        let text =
            if isOpen {
                "open now" + (change.map { ", closes \(windows.text($0))" } ?? "")
            } else {
                "closed now, " + (change.map { "opens \(windows.text($0))" } ?? "and never opens")
            }
        return condition("window", "\(words); \(text)", met: isOpen, until: change)
    }

    private static func condition(
        _ name: String,
        _ text: String,
        met: Bool? = nil,
        until: Moment? = nil
    ) -> Outlook.Condition {
        Outlook.Condition(name: name, text: text, met: met, until: until.map { Self.text($0) })
    }
}
