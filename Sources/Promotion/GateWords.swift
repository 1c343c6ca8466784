/// A gate in words: the one wording that `check` and `plan` share.
extension StagePlan {
    /// One thing that the gate asks for, or says, by the name of its condition.
    public struct Ask: Hashable, Sendable {
        /// The condition's name where there is one; else `in time`, `override` or `instructions`.
        public let name: String
        public let text: String
        /// Whether a release needs it to enter; the others say what else is arranged.
        public var isNeeded: Bool { !["in time", "override", "instructions"].contains(name) }
    }

    /// - Parameter before: The stage that comes before it, if any.
    public func asks(after before: StagePlan?) -> [Ask] {
        var asks: [Ask] = []
        func ask(_ name: String, _ text: String) { asks.append(Ask(name: name, text: text)) }
        let elsewhere = relay.before.filter { !$0.isHere }.map(\.name)
        if !elsewhere.isEmpty {
            ask("verified", "verified in \(Self.list(elsewhere)), as whoever hands it over says")
        }
        if let before {
            ask("verified", "verified in \(Self.list(before.accounts.keys.sorted()))")
            if before.soak > .zero { ask("soaked", "soaked for \(before.soak.written) in \(before.name)") }
            if lag > .zero {
                ask("lag", "at the earliest \(lag.written) after its verification in \(before.name)")
            }
        }
        ask("accepted", "every version is \(acceptable)")
        if let windows = gate.windows { ask("window", windows.description) }
        if !gate.alarms.isEmpty {
            let accounts = (before?.accounts.keys.sorted() ?? []) + accounts.keys.sorted()
            ask(
                "alarms",
                "alarms \(Self.list(gate.alarms)) quiet in \(Self.list(accounts)), now and since the soak began; "
                    + gate.insufficientData.words
            )
        }
        for check in gate.checks {
            ask("checks", "check \(check.name) passed, attested by \(Self.list(check.senders))")
        }
        if gate.approvals > 0 { ask("approved", gate.approval) }
        if asks.contains(where: { ["window", "alarms", "checks", "approved"].contains($0.name) }) {
            let reminder = gate.remindEvery.map { "; a reminder every \($0.written)" } ?? ""
            ask("in time", "within \(gate.expires.written), or the release is refused\(reminder)")
        }
        if !gate.mayOverride.isEmpty {
            ask(
                "override",
                "in an emergency \(Self.list(gate.mayOverride)) may promote past the gate, with --override"
            )
        }
        if let instructions = gate.instructions { ask("instructions", instructions) }
        return asks
    }

    /// The approval statuses that the stage takes, such as `Approved or PendingManualApproval`.
    var acceptable: String { accepts.map(\.rawValue).sorted().joined(separator: " or ") }

    fileprivate static func list(_ parts: [some CustomStringConvertible]) -> String {
        parts.map(\.description).joined(separator: ", ")
    }
}

extension GatePlan {
    fileprivate var approval: String {
        let count = approvals == 1 ? "one" : "\(approvals) people"
        var text = "approved by \(count) of \(StagePlan.list(approvers))"
        if !requiredGroup.isEmpty { text += ", among them one of \(StagePlan.list(requiredGroup))" }
        if notRequester { text += ", and not by whoever asked for it" }
        return text
    }
}

extension GatePlan.InsufficientData {
    fileprivate var words: String {
        switch self {
        case .inconclusive: "one without data is waited for"
        case .ok: "one without data counts as quiet"
        case .alarm: "one without data counts as ringing"
        }
    }
}

extension Windows: CustomStringConvertible {
    /// When it is open, with spans and days as the accounts folder writes them.
    public var description: String {
        let closed = deny.map(\.description) + denyDays.map(Self.text)
        return "open " + (allow.isEmpty ? "always" : StagePlan.list(allow))
            + (closed.isEmpty ? "" : ", but not \(closed.joined(separator: ", "))") + " (\(zone))"
    }

    private static func text(_ days: ClosedRange<Int>) -> String {
        let ends = [days.lowerBound, days.upperBound].map(date)
        return days.count == 1 ? ends[0] : ends.joined(separator: "/")
    }
}

extension Windows.Span: CustomStringConvertible {
    /// The span as the accounts folder writes it, the same for the same span.
    public var description: String {
        var parts: [String] = []
        var day = 0
        while day < 7 {
            guard days.contains(day) else {
                day += 1
                continue
            }
            let first = day
            while day + 1 < 7, days.contains(day + 1) { day += 1 }
            let names = [first, day].map { Windows.dayNames[$0] }
            parts.append(first == day ? names[0] : names.joined(separator: "-"))
            day += 1
        }
        return "\(parts.joined(separator: ",")) \(Windows.time(from))-\(Windows.time(until))"
    }
}

extension Duration {
    /// The duration as the accounts folder writes it, in the largest unit that leaves no rest.
    public var written: String {
        let milliseconds = wholeMilliseconds
        let units: [(name: String, length: Int64)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
        ]
        let unit = units.first { milliseconds.isMultiple(of: $0.length) }
        return unit.map { "\(milliseconds / $0.length)\($0.name)" } ?? "\(milliseconds)ms"
    }
}
