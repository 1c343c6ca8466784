internal import Foundation
import Promotion

/// What a stage's gate asks for, in words.
public struct GateSummary: Hashable, Sendable {
    /// One phrase for each thing a release needs before it enters the stage.
    public let asks: [String]
    /// What becomes of a release that waits too long, and who may let it in all the same.
    public let remarks: [String]
    /// Settings that are allowed but may do less than was meant.
    public let notes: [String]

    /// The gate of a stage, which has another before it unless it is the first.
    public init(of stage: StageDocument, after before: StageDocument?) {
        let gate = stage.gate
        let statuses = stage.accepts.map(\.rawValue).sorted().formatted("or")
        var (asks, awaited, remarks, notes): ([String], [String], [String], [String]) = ([], [], [], [])
        asks.append("versions that are \(statuses)")
        if let before, before.soak != .zero {
            asks.append("\(before.soak.written) of soak in \(before.name)")
        }
        if stage.lag != .zero, let before {
            asks.append("\(stage.lag.written) since the verification in \(before.name)")
        }
        if gate.approvals > 0 { awaited.append(gate.approval) }
        awaited += gate.checks.map { "the check \($0.name), attested by \($0.senders.listed)" }
        if !gate.alarms.isEmpty { awaited.append(gate.quiet) }
        if let windows = gate.windows { awaited.append(windows.summary) }
        if !awaited.isEmpty {
            let reminder = gate.remindEvery.map { ", with a reminder every \($0.written)" } ?? ""
            remarks.append("or is refused after \(gate.expires.written)\(reminder)")
        }
        if !gate.mayOverride.isEmpty { remarks.append("\(gate.mayOverride.listed) may let it in without") }
        if before != nil, gate.approvals == 0 {
            notes.append("\(stage.name) asks for no approval; releases go on there by themselves")
        }
        if let traffic = stage.traffic, traffic.alarms.isEmpty {
            notes.append(
                "the `traffic` of \(stage.name) names no `alarms`; SageMaker goes back by itself only for those"
            )
        }
        (self.asks, self.remarks, self.notes) = (asks + awaited, remarks, notes)
    }
}

extension GatePlan {
    fileprivate var approval: String {
        let count = approvals == 1 ? "1 approval" : "\(approvals) approvals"
        var text = "\(count) from \(approvers.listed)"
        if !requiredGroup.isEmpty { text += ", at least one from \(requiredGroup.listed)" }
        if notRequester { text += ", not from whoever asked for the release" }
        return text
    }

    fileprivate var quiet: String {
        let text = "quiet alarms (\(alarms.joined(separator: ", ")))"
        switch insufficientData {
        case .inconclusive: return text
        case .ok: return "\(text), one without data counting as quiet"
        case .alarm: return "\(text), one without data counting as raised"
        }
    }
}

extension [SenderPattern] {
    fileprivate var listed: String { map(\.text).formatted("or") }
}

extension Windows {
    fileprivate var summary: String {
        let allowed = allow.isEmpty ? "any time" : "a time in \(allow.map(\.written).formatted("or"))"
        let denied = deny.map(\.written) + denyDays.map(Self.written)
        return "\(allowed)\(denied.isEmpty ? "" : " except \(denied.joined(separator: ", "))") (\(zone))"
    }

    private static func written(_ days: ClosedRange<Int>) -> String {
        let ends = [days.lowerBound, days.upperBound].map { day in
            Date(timeIntervalSince1970: Double(day) * 86_400).formatted(.iso8601.year().month().day())
        }
        return days.count == 1 ? ends[0] : ends.joined(separator: "/")
    }
}

extension Windows.Span {
    /// The span as the accounts folder writes it, the same for the same span.
    var written: String {
        var parts: [String] = []
        var day = 0
        while day < 7 {
            guard days.contains(day) else {
                day += 1
                continue
            }
            let first = day
            while day + 1 < 7, days.contains(day + 1) { day += 1 }
            let names = [first, day].map { Self.dayNames[$0] }
            parts.append(first == day ? names[0] : names.joined(separator: "-"))
            day += 1
        }
        return "\(parts.joined(separator: ",")) \(Self.time(from))-\(Self.time(until))"
    }

    private static func time(_ minutes: Int) -> String {
        let parts = [minutes / 60, minutes % 60]
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
