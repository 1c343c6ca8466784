/// What people and the team's own checks say.
extension Gate {
    /// The approvals that count: given by somebody listed, under the settings in force.
    private var valid: [Consent] {
        consents.filter { consent in
            consent.isGiven(under: plan.settings) && !consent.isOverride
                && plan.gate.approvers.contains { $0.matches(consent.sender) } && !isRequester(consent)
        }
    }

    private func isRequester(_ consent: Consent) -> Bool {
        plan.gate.notRequester && requesters.contains(plan.gate.person(consent.sender))
    }

    /// The distinct people whose approvals count.
    var people: Set<String> { Set(valid.map { plan.gate.person($0.sender) }) }

    func approved() -> Condition {
        let asked = plan.gate.approvals
        guard asked > 0 else {
            return Condition(name: "approved", verdict: .passed, text: "no approval asked for", until: nil)
        }
        let valid = valid
        let people = people
        let group = plan.gate.requiredGroup
        let isGroupHeard =
            group.isEmpty || valid.contains { consent in group.contains { $0.matches(consent.sender) } }
        if people.count >= asked, isGroupHeard {
            let evidence = valid.map { "\($0.sender) (\($0.reason))" }.joined(separator: ", ")
            return Condition(name: "approved", verdict: .passed, text: "approved by \(evidence)", until: nil)
        }
        let count = asked == 1 ? "approval" : "\(people.count) of \(asked) approvals"
        var text = "\(count) by a person for \(plan.name)"
        if !isGroupHeard {
            text += ", one of them from \(group.map(\.text).joined(separator: " or "))"
        }
        if consents.contains(where: isRequester) {
            text += "; whoever asked for the release may not approve it here"
        }
        if consents.contains(where: { !$0.isGiven(under: plan.settings) }) {
            text += "; an approval given under other settings does not count"
        }
        if let instructions = plan.gate.instructions { text += "; instructions: \(instructions)" }
        return Condition(name: "approved", verdict: .inconclusive, text: text, until: nil)
    }

    func checked() -> Condition? {
        guard !plan.gate.checks.isEmpty else { return nil }
        return Condition(
            name: "checks",
            findings: plan.gate.checks.map { check in
                guard let last = attestations.last(where: { $0.check == check.name }) else {
                    return Finding(.inconclusive, "an answer to check \(check.name)")
                }
                let evidence = last.evidence.map { ", \($0)" } ?? ""
                let text =
                    "check \(check.name) \(last.verdict.rawValue): \(last.sender) (\(last.reason)\(evidence))"
                // An answer that decides nothing is waited past, because a later one may.
                return Finding(last.verdict == .errored ? .inconclusive : last.verdict, text)
            }
        )
    }
}

extension GatePlan {
    /// Who a sender is where people are counted: all sessions of a role are one person, unless the role's
    /// session names are known to tell people apart.
    public func person(_ sender: Sender) -> String {
        namedSessions.contains(sender.person) ? sender.id : sender.person
    }
}
