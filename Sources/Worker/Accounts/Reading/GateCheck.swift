import Promotion

/// What a gate says that cannot be, or that nobody would ever see the effect of.
extension GateDraft {
    func check() {
        checkQuorum()
        checkNamedSessions()
        checkRequiredGroup()
        checkNeeds()
        if let remindEvery, canExpire, let patience, remindEvery.value > patience {
            section.source.report(
                "`remindEvery` is \(remindEvery.value.written), but after \(patience.written) (`expires`) the "
                    + "release is refused: remind more often, or let `expires` be longer",
                line: remindEvery.line
            )
        }
    }

    /// A pattern names one person, so a gate that asks for more than its patterns name could never open.
    private func checkQuorum() {
        guard let approvals, approvals.value > 0 else { return }
        guard let approvers else {
            if !section.isStated("approvers") {
                section.source.report(
                    "`approvals` is \(approvals.value), but there are no `approvers` to give them",
                    line: approvals.line
                )
            }
            return
        }
        // An entry that was reported may be one more person.
        guard section.isWhole("approvers", as: approvers),
            section.isWhole("namedSessions", as: namedSessions),
            let people = people(of: approvers.map(\.value)), approvals.value > people
        else { return }
        let named = people == 1 ? "one person" : "\(people) people"
        section.source.report(
            "`approvals` is \(approvals.value), but `approvers` name \(named), all sessions of a role counting "
                + "as one: name more people, or ask for fewer; a role whose sessions are named for people by "
                + "its identity provider can be listed in `namedSessions`",
            line: approvals.line
        )
    }

    /// How many people the patterns name, nothing where there is no telling: a glob over the sessions of
    /// a role that tells people apart by them.
    private func people(of approvers: [SenderPattern]) -> Int? {
        let named = Set(namedSessions?.map(\.value.text) ?? [])
        var people: Set<String> = []
        for pattern in approvers {
            guard named.contains(pattern.person), let session = pattern.session else {
                people.insert(pattern.person)
                continue
            }
            if session.contains(where: { $0 == "*" || $0 == "?" }) { return nil }
            people.insert(pattern.text)
        }
        return people.count
    }

    private func checkNamedSessions() {
        guard section.isWhole("approvers", as: approvers) else { return }
        let roles = Set(approvers?.map(\.value.person) ?? [])
        for role in namedSessions ?? [] where !roles.contains(role.value.text) {
            section.source.report(
                "`namedSessions` names `\(role.value.text)`, but no entry of `approvers` does: add "
                    + "`\(role.value.text):*` to them, or leave the role out",
                line: role.line
            )
        }
    }

    private func checkRequiredGroup() {
        guard let approvers, asked != 0, section.isWhole("approvers", as: approvers) else { return }
        for required in requiredGroup ?? []
        where !approvers.contains(where: { $0.value.meets(required.value) }) {
            section.source.report(
                "`requiredGroup` names `\(required.value)`, but nobody it matches is among the `approvers`, so "
                    + "it can never count: add it to them, or leave it out",
                line: required.line
            )
        }
    }

    /// Keys that do nothing without another.
    private func checkNeeds() {
        if asked == 0 {
            for key in ["requiredGroup", "notRequester"]
            where section.value(key) != nil && (key != "notRequester" || notRequester?.value == true) {
                section.source.report(
                    "`\(key)` says who has to approve, but this gate asks for no approval: give `approvers`, and "
                        + "`approvals` from 1 on, or leave it out",
                    line: section.line(of: key)
                )
            }
            for key in ["instructions", "remindEvery"]
            where section.value(key) != nil && !section.isStated("checks") {
                section.source.report(
                    "`\(key)` is for those who approve or attest, but this gate asks for neither: give "
                        + "`approvals` or `checks`, or leave it out",
                    line: section.line(of: key)
                )
            }
        }
        if let insufficientData, !section.isStated("alarms") {
            section.source.report(
                "`insufficientData` is `\(insufficientData.value.rawValue)`, but this gate has no `alarms`: name "
                    + "them, or leave it out",
                line: insufficientData.line
            )
        }
    }
}

extension SenderPattern {
    /// Whether there can be a sender that both patterns match.
    func meets(_ other: SenderPattern) -> Bool {
        guard person == other.person else { return false }
        switch (session, other.session) {
        case (nil, nil): return true
        case (let one?, let other?): return Self.meet(Array(one.utf8), Array(other.utf8))
        default: return false
        }
    }

    /// Whether two globs have a text in common: row by row, which rests of `other` each rest of `one` can
    /// be matched together with.
    private static func meet(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        let (star, any) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
        var below = [Bool](repeating: false, count: other.count + 1)
        for i in stride(from: one.count, through: 0, by: -1) {
            var row = [Bool](repeating: false, count: other.count + 1)
            for j in stride(from: other.count, through: 0, by: -1) {
                let (a, b) = (i < one.count ? one[i] : nil, j < other.count ? other[j] : nil)
                row[j] =
                    switch (a, b) {
                    case (nil, nil): true
                    // A star stands for nothing, or for whatever comes next in the other.
                    case (star, _): below[j] || (b != nil && row[j + 1])
                    case (_, star): row[j + 1] || (a != nil && below[j])
                    case (let a?, let b?): (a == b || a == any || b == any) && below[j + 1]
                    default: false
                    }
            }
            below = row
        }
        return below[0]
    }
}
