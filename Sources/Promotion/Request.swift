/// What a person asked for in a message on the queue.
public struct Request: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        /// An override passes over what the gate still waits for, in an emergency.
        case promote(release: String, stage: String, isOverride: Bool = false)
        case reject(release: String, stage: String)
        case retry(release: String, target: String?)
        /// To the release named, or to the one the account verified before.
        case rollback(account: String, release: String?)
        case hold(stage: String?)
        case resume(stage: String?)
        /// Target → package ARN; empty to carry changed settings through.
        case deploy(models: [String: String])
        /// What one of the team's own checks came to.
        case attest(release: String, stage: String, check: String, verdict: Verdict, evidence: String?)
        /// Another worker hands a release over that it has verified.
        case handoff(Handoff)
    }

    public let action: Action
    public let sender: Sender
    public let reason: String

    public init(action: Action, sender: Sender, reason: String) {
        self.action = action
        self.sender = sender
        self.reason = reason
    }
}

/// Whether a request was accepted, and why or why not, as a sentence.
public struct Answer: Hashable, Sendable {
    public let isAccepted: Bool
    public let why: String

    /// The verdict in a word, as messages and the ledger have it.
    public var verdict: String { isAccepted ? "accepted" : "refused" }

    public static func accepted(_ why: String) -> Answer { Answer(isAccepted: true, why: why) }
    public static func refused(_ why: String) -> Answer { Answer(isAccepted: false, why: why) }
}

extension Request.Action {
    /// The action's name as it stands in messages, and the release and stage it is about.
    public var subject: (name: String, release: String?, stage: String?) {
        switch self {
        case .promote(let release, let stage, _): ("promote", release, stage)
        case .reject(let release, let stage): ("reject", release, stage)
        case .retry(let release, _): ("retry", release, nil)
        case .hold(let stage): ("hold", nil, stage)
        case .resume(let stage): ("resume", nil, stage)
        case .rollback(_, let release): ("rollback", release, nil)
        case .deploy: ("deploy", nil, nil)
        case .attest(let release, let stage, _, _, _): ("attest", release, stage)
        case .handoff(let handoff): ("handoff", handoff.release, handoff.stage)
        }
    }
}

extension Request.Action {
    /// Whether it needs to know what accounts may go back to.
    public var isRollback: Bool {
        if case .rollback = self { true } else { false }
    }
}

extension Note {
    public init(answering request: Request, _ answer: Answer) {
        let (name, release, stage) = request.action.subject
        self.init(
            "\(name) \(answer.verdict)",
            release: release,
            stage: stage,
            "\(request.sender): \(request.reason)".then(answer.why)
        )
    }
}

extension EndpointState {
    /// Judges a request and, where it is accepted, carries it out on the state.
    ///
    /// - Parameters:
    ///   - known: For a `deploy` or a hand-off, what the ledger knows of the packages it names, by ARN.
    ///   - digest: For a hand-off, the SHA-256 in hex of the identity of what it holds.
    public mutating func take(
        _ request: Request,
        known: [String: Candidate] = [:],
        digest: String = "",
        now: Moment
    ) -> Answer {
        let answer =
            switch request.action {
            case .promote(let release, let stage, false): promote(release, stage, request, now: now)
            case .promote(let release, let stage, true): override(release, stage, request, now: now)
            case .reject(let release, let stage): reject(release, stage, request, now: now)
            case .retry(let release, let target): retry(release, target, request, now: now)
            case .hold(let stage): hold(stage, request, now: now)
            case .resume(let stage): resume(stage, request)
            case .rollback(let account, let release): rollback(account, to: release, request, now: now)
            case .attest(let release, let stage, let check, let verdict, let evidence):
                attest(release, stage, check, verdict, evidence, request, now: now)
            case .deploy(let models): deploy(models, request, known: known, now: now)
            case .handoff(let handoff):
                take(handoff, from: request.sender, known: known, digest: digest, now: now)
            }
        // Ahead of what followed from it, as it happened.
        notes.insert(Note(answering: request, answer), at: 0)
        return answer
    }

    private func refusal(to sender: Sender, stage: String) -> Answer? {
        guard let plan = plan.stage(stage) else {
            let stages = self.plan.stages.map(\.name).joined(separator: ", ")
            return .refused("endpoint \(self.plan.name) has no stage \(stage); it has \(stages)")
        }
        guard plan.gate.approvers.contains(where: { $0.matches(sender) }) else {
            return .refused("\(sender) is not among the approvers of \(self.plan.name) in \(stage)")
        }
        return nil
    }

    func operatorRefusal(_ sender: Sender) -> Answer? {
        plan.operators.contains { $0.matches(sender) }
            ? nil : .refused("\(sender) is not among the operators of \(plan.name)")
    }

    /// The release where it waits at the gate of the stage, or why it does not.
    func waiting(_ id: String, at stage: String) -> (index: Int?, why: String) {
        guard let index = releases.firstIndex(where: { $0.id == id }) else {
            return (nil, "\(id) is not under way")
        }
        let release = releases[index]
        if let ending = release.state.ending {
            return (nil, "\(id) has ended \(ending.rawValue): \(release.reason ?? "no reason recorded")")
        }
        if release.state == .waiting, release.stop.stage == stage { return (index, "") }
        let place = release.state == .waiting ? "waits at the gate of" : "is rolling in"
        return (nil, "\(id) is not waiting at the gate of \(stage): it \(place) \(release.stop.stage)")
    }

    private mutating func promote(_ id: String, _ stage: String, _ request: Request, now: Moment) -> Answer {
        if let refusal = refusal(to: request.sender, stage: stage) { return refusal }
        let found = waiting(id, at: stage)
        guard let index = found.index, let plan = plan.stage(stage, for: releases[index]) else {
            return .refused(found.why)
        }
        let release = releases[index]
        let consent = Consent(
            release: id,
            opening: release.opening,
            stage: stage,
            sender: request.sender,
            reason: request.reason,
            settings: plan.settings,
            at: now,
            person: plan.gate.person(request.sender)
        )
        let isTheirs: (Consent) -> Bool = {
            $0.release == id && $0.opening == release.opening && $0.stage == stage
                && $0.person == consent.person
                && !$0.isOverride
        }
        if consents.contains(where: { isTheirs($0) && $0.isGiven(under: plan.settings) }) {
            return .accepted("\(consent.person) had approved already, and one person counts once")
        }
        if plan.gate.notRequester, gate(for: release).requesters.contains(consent.person) {
            return .refused(
                "\(consent.person) asked for \(id), and \(stage) takes no approval from whoever asked"
            )
        }
        consents.removeAll(where: isTheirs)
        consents.append(consent)
        return .accepted("counts as one of \(plan.gate.approvals) approvals for \(stage)")
    }

    private mutating func reject(_ id: String, _ stage: String, _ request: Request, now: Moment) -> Answer {
        if let refusal = refusal(to: request.sender, stage: stage) { return refusal }
        let found = waiting(id, at: stage)
        guard let index = found.index else { return .refused(found.why) }
        let release = releases[index]
        let sentence = "rejected for \(stage) by \(request.sender): \(request.reason)"
        let changed = Set(release.stop.accounts.flatMap { changes(of: release, in: $0) })
        end(index, .refused, because: sentence, now: now)
        bar(changed.sorted(), of: release, because: sentence, now: now)
        return .accepted("\(id) ended refused")
    }

    private mutating func retry(_ id: String, _ target: String?, _ request: Request, now: Moment) -> Answer {
        if let refusal = operatorRefusal(request.sender) { return refusal }
        guard let release = releases.first(where: { $0.id == id }) else {
            return .refused("\(id) is not known")
        }
        if release.isOpen { return .refused("\(id) is \(release.state.rawValue); there is nothing to retry") }
        if let target, release.models[target] == nil {
            return .refused("\(id) holds no target model \(target)")
        }
        let lifted = bars.filter { bar in
            (target == nil || bar.target == target) && release.models[bar.target]?.package == bar.package
        }
        if lifted.isEmpty, release.state == .released || release.state == .superseded {
            return .refused(
                "\(id) ended \(release.state.rawValue) and bars nothing; there is nothing to retry"
            )
        }
        if !plan.composes, let newer = releases.first(where: { $0.opening > release.opening }) {
            return .refused("\(newer.id) was handed over after \(id)")
        }
        if let target, lifted.isEmpty, !plan.composes || wanted != release.models {
            return .refused("\(id) bars nothing for \(target); without --model every bar of it is lifted")
        }
        bars.removeAll { lifted.contains($0) }
        for bar in lifted {
            note(
                "barLifted",
                id,
                nil,
                nil,
                "\(bar.package) for \(bar.target): \(request.sender), \(request.reason)"
            )
        }
        guard plan.composes else { return reopenHandedOver(id, by: request.sender, now: now) }
        guard wanted == release.models || !lifted.isEmpty else {
            return .refused(
                "later decisions or the accounts folder ask for another set than \(id); `deploy` releases that one"
            )
        }
        triggeredBy = request.sender.id
        let list = lifted.map(\.target).sorted().joined(separator: ", ")
        return .accepted(lifted.isEmpty ? "\(id) is tried again" : "the bar on \(list) is lifted")
    }

    private mutating func hold(_ stage: String?, _ request: Request, now: Moment) -> Answer {
        if let refusal = operatorRefusal(request.sender) { return refusal }
        if let stage, plan.stage(stage) == nil {
            return .refused("endpoint \(plan.name) has no stage \(stage)")
        }
        holds.removeAll { $0.stage == stage }
        holds.append(Hold(stage: stage, by: request.sender.id, reason: request.reason, at: now))
        return .accepted("\(plan.name)\(stage.map { " in \($0)" } ?? "") is held")
    }

    private mutating func resume(_ stage: String?, _ request: Request) -> Answer {
        if let refusal = operatorRefusal(request.sender) { return refusal }
        let others = holds.filter { $0.stage != stage }
            .map { hold in hold.stage.map { "stage \($0)" } ?? "the endpoint" }
        let still = others.isEmpty ? "" : "; \(others.sorted().joined(separator: " and ")) is still held"
        guard holds.contains(where: { $0.stage == stage }) else {
            let what = stage.map { "stage \($0)" } ?? "the whole endpoint"
            return .refused("nothing is held for \(what)\(still)")
        }
        holds.removeAll { $0.stage == stage }
        return .accepted("\(plan.name)\(stage.map { " in \($0)" } ?? "") goes on\(still)")
    }

    private mutating func deploy(
        _ models: [String: String],
        _ request: Request,
        known: [String: Candidate],
        now: Moment
    ) -> Answer {
        if let refusal = operatorRefusal(request.sender) { return refusal }
        guard plan.composes else {
            let first = plan.stages.first?.relay.before.first?.stage ?? "the first stage"
            return .refused(
                "releases of \(plan.name) are composed by the worker that drives \(first), not here"
            )
        }
        for (target, package) in models.sorted(by: { $0.key < $1.key }) {
            guard plan.targets[target] != nil else {
                return .refused("endpoint \(plan.name) serves no target model \(target)")
            }
            guard let candidate = known[package], candidate.target == target else {
                return .refused("\(package) is not a known version of the group that feeds \(target)")
            }
            guard plan.accepts.contains(candidate.status) else {
                return .refused("\(package) is \(candidate.status.rawValue) in the registry")
            }
            if isBarred(candidate) {
                return .refused("\(package) is barred for \(target); `retry` lifts a bar")
            }
        }
        if models.isEmpty, let newest, newest.state == .released, newest.models == wanted,
            servesEverywhere(newest)
        {
            return .refused(
                "\(newest.id) serves everywhere under the settings in force; there is nothing to deploy"
            )
        }
        if models.isEmpty, let open = releases.first(where: { $0.isOpen && $0.models == wanted }) {
            return .refused("\(open.id) is what would be deployed, and it is \(open.state.rawValue) already")
        }
        if models.isEmpty, wanted?.isEmpty == true {
            return .refused("\(plan.name) has no acceptable version to deploy")
        }
        for (target, package) in models {
            guard let candidate = known[package], candidate.target == target else { continue }
            // The registry's clock may be ahead of ours, and what is asked for now is the latest decision.
            let latest = candidates.filter { $0.target == target }.map(\.decidedAt).max()
            decide(
                candidate,
                at: latest.map { max(now, $0 + .milliseconds(1)) } ?? now,
                by: request.sender.id
            )
        }
        triggeredBy = request.sender.id
        return .accepted("the next release is composed from it and passes every gate")
    }
}
