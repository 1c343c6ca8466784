import Promotion

/// Plays one attempt, and says after each event in a few words what it came to.
final class AttemptScript {
    var attempt: Attempt
    var now: Moment
    var pace = Pace()

    /// The endpoint before the update, as the attempts of these tests find it.
    static let old = sight(.inService, on: "old", at: second(100))

    /// - Parameter config: For a rollback, the config that it asks for again.
    init(soak: Duration = .zero, rollbackTo config: String? = nil) {
        let left = config.map { _ in "demand.2" }
        now = second(1000)
        attempt = Attempt(
            release: "demand.1",
            endpoint: "demand",
            account: "staging",
            stage: "staging",
            number: config == nil ? 1 : 2,
            opening: 1,
            settings: "s1",
            soak: soak,
            changes: ["de"],
            base: left,
            isRollback: config != nil,
            leaves: left,
            reuses: config,
            now: now
        )
    }

    /// Applies an event and answers `state: effect`, with `in 15s` where the effect is not due at once;
    /// `ignored` where it changed nothing at all.
    func hears(_ event: Attempt.Event, after pause: Duration = .zero) -> String {
        now = now + pause
        let before = attempt
        let effects = attempt.apply(event, now: now, pace: pace)
        if attempt == before { return effects.isEmpty ? "ignored" : "ignored, but owes \(effects)" }
        guard effects == (attempt.owed.map { [$0] } ?? []) else { return "owes another effect: \(effects)" }
        return line
    }

    var line: String {
        guard let owed = attempt.owed else { return attempt.state.rawValue }
        let argument =
            switch owed {
            case .createEndpoint(let config), .updateEndpoint(let config): " \(config)"
            case .invoke(let targets): " \(targets.joined(separator: ","))"
            default: ""
            }
        let due = attempt.dueAt.map { $0 > now ? " in \(time($0 - now))" : "" } ?? ", held"
        return "\(attempt.state.rawValue): \(owed.name)\(argument)\(due)"
    }

    func sees(
        _ kind: EndpointSight.Kind,
        on config: String,
        at moment: Int64 = 2000,
        because reason: String? = nil,
        after pause: Duration = .seconds(15)
    ) -> String {
        hears(.endpointSeen(sight(kind, on: config, at: second(moment), because: reason)), after: pause)
    }

    func fails(_ kind: Failure.Class, after pause: Duration = .zero) -> String {
        hears(.effectFailed(Failure(kind, "it did not work")), after: pause)
    }

    /// Finds the old endpoint, or none where it is the first deployment.
    func inspects(first: Bool = false) -> String {
        hears(.inspected(Inspection(endpoint: first ? nil : Self.old, isOurs: true)))
    }

    /// An attempt that has come as far as the state by the ordinary way.
    static func reaching(_ goal: Attempt.State, first: Bool = false, soak: Duration = .minutes(10))
        -> AttemptScript
    {
        let script = AttemptScript(soak: soak)
        if goal == .clearing {
            _ = script.hears(
                .inspected(Inspection(endpoint: sight(.failed, on: "old", at: second(100)), isOurs: true))
            )
        }
        let way: [Attempt.Event] = [
            .inspected(Inspection(endpoint: first ? nil : Self.old, isOurs: true)), .artifactsCopied,
            .modelCreated(name: "model"), .endpointConfigCreated(name: "new"), .endpointUpdateAccepted,
            .endpointSeen(sight(.inService, on: "new", at: second(2000))),
            goal == .restoring || goal == .awaitingRestore
                ? .checkFailed(blame: .targets(["de"]), sentence: "de answers wrong")
                : .modelsAnswered(evidence: ""),
            .endpointUpdateAccepted,
        ]
        for event in way where script.attempt.state != goal {
            script.attempt.apply(event, now: script.now, pace: script.pace)
        }
        return script
    }
}
