import Promotion

/// What a gate asks for, for the digest of the settings in force.
extension EndpointDocument {
    static func canonical(_ gate: GatePlan) -> CanonicalJSON {
        var object: [String: CanonicalJSON] = [
            "approvals": .integer(gate.approvals),
            "approvers": canonical(gate.approvers),
            "expires": .duration(gate.expires),
        ]
        if !gate.namedSessions.isEmpty { object["namedSessions"] = canonical(Array(gate.namedSessions)) }
        if !gate.requiredGroup.isEmpty { object["requiredGroup"] = canonical(gate.requiredGroup) }
        if gate.notRequester { object["notRequester"] = .flag(true) }
        object["instructions"] = gate.instructions.map(CanonicalJSON.text)
        if !gate.alarms.isEmpty { object["alarms"] = canonical(gate.alarms) }
        if gate.insufficientData != .inconclusive {
            object["insufficientData"] = .text(gate.insufficientData.rawValue)
        }
        object["windows"] = gate.windows.map(canonical)
        if !gate.mayOverride.isEmpty { object["mayOverride"] = canonical(gate.mayOverride) }
        if !gate.checks.isEmpty {
            let checks = gate.checks.sorted { $0.name < $1.name }
            object["checks"] = .list(
                checks.map { .object(["check": .text($0.name), "senders": canonical($0.senders)]) }
            )
        }
        return .object(object)
    }

    /// The zone's offsets are left out: a new time zone database is nobody's change of the settings.
    private static func canonical(_ windows: Windows) -> CanonicalJSON {
        let days = windows.denyDays.sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        return .object([
            "zone": .text(windows.zone),
            "allow": canonical(windows.allow.map(\.description)),
            "deny": canonical(windows.deny.map(\.description)),
            "denyDays": .list(days.map { .list([.integer($0.lowerBound), .integer($0.upperBound)]) }),
        ])
    }

    private static func canonical(_ patterns: [SenderPattern]) -> CanonicalJSON {
        canonical(patterns.map(\.text))
    }

    /// Texts whose order says nothing.
    private static func canonical(_ texts: [String]) -> CanonicalJSON {
        .list(texts.sorted().map(CanonicalJSON.text))
    }
}
