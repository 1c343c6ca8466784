import Promotion

/// A stage's `gate` as far as it could be read, with the lines that the checks of it blame.
struct GateDraft {
    let section: Section
    let approvals: Located<Int>?
    let approvers: [Located<SenderPattern>]?
    let namedSessions: [Located<RoleID>]?
    let requiredGroup: [Located<SenderPattern>]?
    let notRequester: Located<Bool>?
    let remindEvery: Located<Duration>?
    let alarms: [Located<String>]?
    let insufficientData: Located<GatePlan.InsufficientData>?
    let checks: [CheckPlan]
    private let instructions: Located<String>?
    private let expires: Located<Duration>?
    private let windows: Windows?
    private let mayOverride: [Located<SenderPattern>]?

    init(_ section: Section) {
        self.section = section
        approvals = section.value("approvals", .number(from: 0))
        approvers = section.list("approvers", of: .sender)
        namedSessions = section.list("namedSessions", of: .roleID)
        requiredGroup = section.list("requiredGroup", of: .sender)
        notRequester = section.value("notRequester", .flag)
        instructions = section.value("instructions", .instructions)
        remindEvery = section.value("remindEvery", .reminder)
        expires = section.value("expires", .expires)
        alarms = section.list("alarms", of: .alarm, atMost: Self.alarmsAtMost)
        insufficientData = section.value("insufficientData", .word)
        windows = section.windows()
        checks = section.checks()
        mayOverride = section.list("mayOverride", of: .sender)
        check()
    }

    /// CloudWatch describes as many at once.
    private static let alarmsAtMost = 100

    /// How many people are asked, absent where it cannot be told.
    var asked: Int? {
        if section.isStated("approvals") { return approvals?.value }
        return section.isStated("approvers") ? 1 : 0
    }

    /// How long a release may wait, absent where it cannot be told.
    var patience: Duration? {
        section.isStated("expires") ? expires?.value : GatePlan.expiresByDefault
    }

    /// Whether there is anything that a release could wait for in vain.
    var canExpire: Bool {
        asked != 0 || ["checks", "alarms", "windows"].contains(where: section.isStated)
    }

    var plan: GatePlan {
        GatePlan(
            approvals: asked ?? 0,
            approvers: approvers?.map(\.value) ?? [],
            namedSessions: Set(namedSessions?.map(\.value.text) ?? []),
            requiredGroup: requiredGroup?.map(\.value) ?? [],
            notRequester: notRequester?.value ?? false,
            instructions: instructions?.value,
            remindEvery: remindEvery?.value,
            expires: patience ?? GatePlan.expiresByDefault,
            alarms: alarms?.map(\.value) ?? [],
            insufficientData: insufficientData?.value ?? .inconclusive,
            windows: windows,
            mayOverride: mayOverride?.map(\.value) ?? [],
            checks: checks
        )
    }
}

extension Section {
    /// A list of limited length, whose entries are given once each.
    func list(_ key: String, of grammar: Grammar<String>, atMost most: Int) -> [Located<String>]? {
        let read = list(key, of: grammar)
        if case .list(let entries) = value(key)?.content, entries.count > most {
            source.report(
                "\(key.shown) has \(entries.count) entries, but at most \(most) fit: leave some out",
                line: line(of: key)
            )
        }
        return read
    }

    fileprivate func checks() -> [CheckPlan] {
        guard let values = list("checks") else { return [] }
        var lines: [String: Int] = [:]
        return values.compactMap { value in
            guard let section = Section(value, as: .check, in: source) else { return nil }
            let name = section.value("check", .checkName)
            let senders = section.list("senders", of: .sender)
            guard let name else { return nil }
            if let first = lines[name.value] {
                source.report(
                    "check \(name.value.shown) is given twice; it was first given on line \(first)",
                    line: name.line
                )
            } else {
                lines[name.value] = name.line
            }
            return CheckPlan(name: name.value, senders: senders?.map(\.value) ?? [])
        }
    }
}

extension Grammar where Value == Duration {
    private static let longest = Duration.seconds(60 * 24 * 60 * 60)

    fileprivate static var expires: Grammar {
        .duration(.seconds(5 * 60)...longest, named: "a duration from `5m` to `60d`")
    }

    fileprivate static var reminder: Grammar {
        .duration(.seconds(60)...longest, named: "a duration from `1m` to `60d`")
    }
}
