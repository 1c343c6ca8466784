@testable import Promotion

/// One endpoint with its ledger, its registry and its accounts, driven as the ledger drives the core:
/// everything happens in a transaction that loads the state, applies what happened, settles, composes
/// where that is possible, settles again and saves. What the ledger would not load is not there.
struct World {
    var plan: EndpointPlan
    var now = second(1_000_000)
    var pace = Pace()

    private(set) var releases: [String: Release] = [:]
    private(set) var attempts: [Attempt] = []
    private(set) var attemptNumbers: [String: Int] = [:]
    private(set) var serving: [String: Serving] = [:]
    private(set) var candidates: [Candidate] = []
    private(set) var approvals: [Approval] = []
    private(set) var ended: [Approval] = []
    private(set) var bars: [Bar] = []
    private(set) var holds: [Hold] = []
    private(set) var consents: [Consent] = []
    private(set) var releaseCount = 0
    private(set) var openingCount = 0
    private(set) var attestations: [Attestation] = []
    private(set) var watches: [AlarmWatch] = []
    private(set) var evidence: [String: [Evidence]] = [:]
    /// What is owed to other workers.
    private(set) var handoffs: [Handoff.Delivery] = []
    private(set) var triggeredBy: String?
    /// What each account verified, in the order of the first time.
    private(set) var verified: [String: [(release: String, serving: Serving)]] = [:]
    /// What CloudWatch would say, and what was seen of it.
    var alarmStates: [String: (state: AlarmSight.State, since: Moment)] = [:]
    private(set) var alarms: [AlarmSight] = []
    private(set) var dueAt: Moment?
    private(set) var notes: [Note] = []
    /// What breaks a rule that must hold after every transaction.
    private(set) var faults: [String] = []
    /// What the registry was last seen to say, per package.
    private(set) var registry: [Version: ApprovalStatus] = [:]
    /// The config that is live in each account.
    private(set) var live: [String: EndpointSight] = [:]

    init(_ plan: EndpointPlan) { self.plan = plan }

    // MARK: The ledger's loop

    /// - Parameter named: The release that a request names, which is loaded however it ended.
    func load(named: String? = nil) -> EndpointState {
        let all = releases.values.sorted { $0.number < $1.number }
        let newest = all.map(\.opening).max()
        let underWay = attempts.filter { !$0.state.isEnded }
        let concerned = Set(underWay.flatMap { [$0.release, $0.leaves, $0.previous?.release] })
        let loaded = all.filter { release in
            release.isOpen || concerned.contains(release.id) || release.opening == newest
                || release.id == named
                || approvals.contains { $0.release == release.id }
        }
        let current = attempts.filter { attempt in
            !attempt.state.isEnded
                || loaded.contains { $0.id == attempt.release && $0.opening == attempt.opening }
        }
        let packages = Set(
            (loaded.map(\.models) + serving.values.map(\.models)).flatMap { $0.values.map(\.package) }
        )
        let statuses = registry.filter { packages.contains($0.key.package) }
        return EndpointState(
            plan: plan,
            pace: pace,
            releases: loaded,
            attempts: current,
            attemptNumbers: attemptNumbers,
            serving: serving,
            candidates: candidates,
            approvals: approvals,
            bars: bars,
            holds: holds,
            consents: consents,
            attestations: attestations,
            evidence: evidence.filter { id, _ in loaded.contains { $0.id == id } },
            alarms: alarms,
            watches: watches,
            statuses: Dictionary(uniqueKeysWithValues: statuses.map { ($0.key.package, $0.value) }),
            releaseCount: releaseCount,
            openingCount: openingCount,
            triggeredBy: triggeredBy
        )
    }

    mutating func transact<Result>(
        named: String? = nil,
        withPast: Bool = false,
        _ body: (inout EndpointState) -> Result
    ) -> Result {
        var state = load(named: named)
        if withPast { learnPast(&state) }
        let result = body(&state)
        if !withPast, state.needsPast { learnPast(&state) }
        settle(&state)
        if state.canCompose, let wanted = state.wanted {
            let digest = Self.digest(of: Release.identity(endpoint: plan.name, models: wanted))
            let count = state.releaseCount
            let packages = wanted.values.map(\.package)
            let statuses = registry.filter { packages.contains($0.key.package) }
            state.learn(
                statuses: Dictionary(uniqueKeysWithValues: statuses.map { ($0.key.package, $0.value) })
            )
            state.compose(
                wanted,
                digest: digest,
                known: releases.values.first { $0.digest == digest },
                now: now
            )
            if state.releaseCount > count { checkComposed(state) }
            settle(&state)
        }
        save(state)
        return result
    }

    /// What the ledger tells only where it matters.
    private func learnPast(_ state: inout EndpointState) {
        var past: [String: [Past]] = [:]
        for (account, list) in verified {
            var earlier = list[...]
            if let served = serving[account],
                let index = list.lastIndex(where: { $0.serving.config == served.config })
            {
                earlier = list[..<index]
            }
            for (id, served) in earlier.reversed() {
                guard let release = releases[id],
                    past[account]?.contains(where: { $0.release.id == id }) != true
                else { continue }
                past[account, default: []].append(Past(release: release, serving: served))
            }
        }
        let served = Set(serving.values.map(\.release)).compactMap { releases[$0] }
        let all = past.values.joined().map(\.release) + served
        let packages = Set(all.flatMap { $0.models.values.map(\.package) })
        let statuses = registry.filter { packages.contains($0.key.package) }
        state.learn(attemptNumbers: attemptNumbers)
        state.learn(
            past: past,
            served: served,
            statuses: Dictionary(uniqueKeysWithValues: statuses.map { ($0.key.package, $0.value) })
        )
    }

    /// Settles, and checks that to do it once more changes nothing.
    private mutating func settle(_ state: inout EndpointState) {
        state.settle(now: now)
        var again = state
        again.settle(now: now)
        let isSame =
            again.releases == state.releases && again.attempts == state.attempts && again.notes == state.notes
            && again.approvals == state.approvals && again.bars == state.bars && again.holds == state.holds
            && again.dueAt == state.dueAt && again.watches == state.watches && again.serving == state.serving
        if !isSame { faults.append("settling twice is not settling once") }
    }

    private mutating func checkComposed(_ state: EndpointState) {
        guard let release = state.releases.last else { return }
        for (target, version) in release.models
        where state.bars.contains(where: { $0.target == target && $0.package == version.package }) {
            faults.append("\(release.id) was composed with a barred version")
        }
    }

    private mutating func save(_ state: EndpointState) {
        let before = serving
        for release in state.releases { releases[release.id] = release }
        for attempt in state.attempts {
            let isSame: (Attempt) -> Bool = {
                $0.release == attempt.release && $0.account == attempt.account && $0.number == attempt.number
            }
            if let index = attempts.firstIndex(where: isSame) {
                attempts[index] = attempt
            } else {
                checkBegun(attempt, in: state)
                attempts.append(attempt)
            }
        }
        attemptNumbers = state.attemptNumbers
        for (account, served) in state.serving where serving[account] != served {
            if verified[account]?.contains(where: { $0.serving.config == served.config }) != true {
                verified[account, default: []].append((served.release, served))
            }
        }
        serving = state.serving
        candidates = state.candidates
        saveApprovals(state)
        bars = state.bars
        holds = state.holds
        consents = state.consents
        releaseCount = state.releaseCount
        openingCount = state.openingCount
        triggeredBy = state.triggeredBy
        attestations = state.attestations
        for release in state.releases { evidence[release.id] = state.evidence[release.id] }
        handoffs += state.handoffs
        watches = state.watches
        dueAt = state.dueAt
        notes += state.notes
        for (account, open) in Dictionary(grouping: attempts.filter { !$0.state.isEnded }, by: \.account)
        where open.count > 1 {
            faults.append("\(open.count) attempts are under way in \(account)")
        }
        checkNobodyIsStuck(state, servedBefore: before)
    }

    /// What waits says for what, and nothing that must go on is stopped by a hold.
    private mutating func checkNobodyIsStuck(_ state: EndpointState, servedBefore before: [String: Serving]) {
        for release in state.releases where release.state == .waiting && release.waitingFor.isEmpty {
            faults.append("\(release.id) waits for nothing")
        }
        if let dueAt, dueAt <= now { faults.append("what is due has not been done") }
        for attempt in state.attempts where !attempt.state.isEnded && attempt.dueAt == nil {
            if attempt.recalled != nil || attempt.isRollback {
                faults.append("the way back in \(attempt.account) is held")
            }
        }
        for (account, served) in serving {
            let isRejected = served.models.values.contains { registry[package: $0.package] == .rejected }
            if served.isStranded, !isRejected, plan.stages.contains(where: { $0.accounts[account] != nil }) {
                faults.append("\(account) is stranded on what is accepted")
            }
            guard isRejected, !served.isStranded, plan.onRejection == .rollback,
                plan.stages.contains(where: { $0.accounts[account] != nil })
            else { continue }
            if state.underWay(in: account).flatMap({ state.attempts[$0].dueAt }) == nil {
                faults.append("\(account) serves a rejected version, and nothing takes it back")
            }
        }
        for stage in plan.stages where plan.onRejection == .hold {
            for account in stage.accounts.keys where before[account] != serving[account] {
                let isRejected =
                    serving[account]?.models.values.contains { registry[package: $0.package] == .rejected }
                    ?? false
                if isRejected, !holds.contains(where: { $0.covers(stage.name) }) {
                    faults.append("\(account) came to serve a rejected version, and nobody was told")
                }
            }
        }
    }

    private mutating func saveApprovals(_ state: EndpointState) {
        for approval in approvals
        where !state.approvals.contains(where: { $0.key == approval.key }) {
            faults.append("the approval of \(Version.name(of: approval.package)) was lost")
        }
        for approval in state.approvals where approval.ending != nil {
            if ended.contains(where: { $0.key == approval.key }) {
                faults.append("the approval of \(Version.name(of: approval.package)) ended twice")
            }
            ended.append(approval)
        }
        approvals = state.approvals.filter { $0.ending == nil }
    }

    /// An attempt may only begin behind a gate that was open: judged here once more, from the facts.
    private mutating func checkBegun(_ attempt: Attempt, in state: EndpointState) {
        guard let release = releases[attempt.release], let stage = plan.stage(attempt.stage) else { return }
        for version in release.models.values
        where registry.first(where: { $0.key.package == version.package })?.value == .rejected {
            faults.append("\(attempt.account) goes to \(release.number), which holds a rejected version")
        }
        // A way back passes no gate.
        if attempt.isRollback { return }
        let before = release.course.firstIndex { $0.stage == attempt.stage }.map { $0 - 1 } ?? -1
        if before >= 0 {
            for account in release.course[before].accounts {
                let isVerified = attempts.contains {
                    $0.release == release.id && $0.opening == release.opening && $0.account == account
                        && $0.state == .verified
                }
                let isTried = attempts.contains {
                    $0.release == release.id && $0.opening == release.opening && $0.account == account
                        && !$0.isRollback
                }
                let wasServed =
                    !isTried
                    && (state.serving[account]?.release == release.id
                        || verified[account]?.contains { $0.release == release.id } ?? false)
                let isTolerated = attempts.contains {
                    $0.release == release.id && $0.opening == release.opening && $0.account == account
                        && [.failed, .errored].contains($0.state)
                }
                let tolerance = plan.stage(release.course[before].stage)?.failureTolerance ?? 0
                if !isVerified && !wasServed && !(isTolerated && tolerance > 0) {
                    faults.append(
                        "\(release.id) entered \(attempt.stage) without having been verified in \(account)"
                    )
                }
            }
        }
        for version in release.models.values
        where !stage.accepts.contains(registry.first { $0.key.package == version.package }?.value ?? .deleted)
        {
            faults.append(
                "\(release.id) entered \(attempt.stage) with \(version.shortName), which it does not accept"
            )
        }
        // Whatever an account is entered with, people have to have said yes to just that.
        let entered = state.plan.stage(stage.name, for: release)?.accounts ?? [:]
        let people = Set(
            state.consents.filter { consent in
                consent.release == release.id && consent.opening == release.opening
                    && consent.stage == stage.name
                    && entered.allSatisfy { account, digest in
                        consent.settings.split(separator: ",").contains("\(account)=\(digest)")
                    }
            }.map(\.sender.person)
        )
        let isOverridden = state.consents.contains {
            $0.release == release.id && $0.opening == release.opening && $0.stage == stage.name
                && $0.isOverride
        }
        if people.count < stage.gate.approvals, !isOverridden {
            faults.append("\(release.id) entered \(attempt.stage) without approval")
        }
        if holds.contains(where: { $0.covers(stage.name) })
            && state.holds.contains(where: { $0.covers(stage.name) })
        {
            faults.append("\(release.id) entered \(attempt.stage) while it was held")
        }
    }

    /// Stands in for SHA-256, which the core gets from outside.
    static func digest(of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let hex = String(hash, radix: 16)
        return String(repeating: String(repeating: "0", count: 16 - hex.count) + hex, count: 4)
    }

    // MARK: What can happen

    mutating func pass(_ pause: Duration) {
        now = now + pause
        transact { _ in }
    }

    /// The registry is looked at. A status that is held already is no change, as in the ledger.
    mutating func look(
        at version: Version,
        _ status: ApprovalStatus,
        at moment: Moment? = nil,
        by principal: String? = nil
    ) {
        let was = registry[version]
        guard was != status else { return transact { _ in } }
        registry[version] = status
        let (at, now) = (moment ?? now, now)
        transact {
            $0.registryShowed(version.candidate(status, at: at), was: was, at: at, by: principal, now: now)
        }
    }

    /// Several versions are seen approved in one look.
    mutating func approveTogether(_ versions: [Version]) {
        for version in versions { registry[version] = .approved }
        let now = now
        transact { state in
            for version in versions {
                state.registryShowed(version.candidate(.approved, at: now), was: nil, at: now, now: now)
            }
        }
    }

    @discardableResult
    mutating func ask(_ action: Request.Action, by sender: Sender) -> Answer {
        var known: [String: Candidate] = [:]
        for (version, status) in registry { known[version.package] = version.candidate(status, at: now) }
        let request = Request(action: action, sender: sender, reason: "because")
        let (candidates, now) = (known, now)
        return transact(named: action.release, withPast: action.isRollback) {
            $0.take(request, known: candidates, now: now)
        }
    }

    /// Looks at the alarms that are due, as CloudWatch has them; one that nobody set is quiet for ever.
    mutating func lookAtAlarms() {
        for watch in watches where watch.dueAt <= now {
            for name in watch.names {
                let found = alarmStates["\(watch.account) \(name)"] ?? (.ok, second(0))
                alarms.removeAll { $0.account == watch.account && $0.name == name }
                alarms.append(
                    AlarmSight(
                        account: watch.account,
                        name: name,
                        state: found.state,
                        since: found.since,
                        seenAt: now
                    )
                )
            }
        }
        transact { _ in }
    }

    mutating func tell(_ event: Attempt.Event, _ attempt: Attempt) {
        let now = now
        transact {
            _ = $0.apply(event, release: attempt.release, account: attempt.account, now: now)
        }
    }

    /// Finds an endpoint as it rests, the way the worker's regular look does.
    mutating func find(_ config: String, in account: String, isUnverified: Bool) {
        now = now + .minutes(5)
        live[account] = sight(.inService, on: config, at: now)
        let (found, now) = (sight(.inService, on: config, at: now), now)
        transact(named: serving[account]?.release) {
            $0.found(found, in: account, isUnverified: isUnverified, now: now)
        }
    }

    func underWay(in account: String) -> Attempt? {
        attempts.last { $0.account == account && !$0.state.isEnded }
    }

    enum Outcome: CaseIterable {
        case verified, smokeFailed, rolledBack, errored, withdrawn, wayBackFailed, foreign, alarm
    }

    /// Plays the attempt of an account one step on, towards the outcome.
    mutating func step(_ account: String, towards outcome: Outcome, blaming culprit: String? = nil) {
        guard let attempt = underWay(in: account), attempt.dueAt != nil else { return }
        now = now + .seconds(1)
        switch (attempt.state, outcome) {
        case (.inspecting, .withdrawn): tell(.withdrawn(sentence: "withdrawn"), attempt)
        case (.inspecting, .foreign):
            let theirs = sight(.inService, on: "theirs", at: now)
            tell(.inspected(Inspection(endpoint: theirs, isOurs: false)), attempt)
        case (.inspecting, _): tell(.inspected(Inspection(endpoint: live[account], isOurs: true)), attempt)
        case (.clearing, _):
            live[account] = nil
            tell(.endpointDeleted, attempt)
        case (.copying, .errored):
            tell(.effectFailed(Failure(.denied, "denied")), attempt)
            now = now + .hours(25)
            tell(.effectFailed(Failure(.denied, "denied")), attempt)
        case (.copying, _): tell(.artifactsCopied, attempt)
        case (.creatingModel, _): tell(.modelCreated(name: "model"), attempt)
        case (.creatingConfig, _):
            tell(.endpointConfigCreated(name: "\(attempt.release)-\(attempt.number)"), attempt)
        case (.updating, _) where attempt.recalled != nil || attempt.isHeld:
            // Whether the switch was asked for is looked at.
            if let seen = live[account] {
                tell(.endpointSeen(seen), attempt)
            } else {
                tell(.effectFailed(Failure(.vanished, "no endpoint")), attempt)
            }
        case (.updating, _), (.restoring, _): tell(.endpointUpdateAccepted, attempt)
        case (.awaiting, .rolledBack):
            let kind: EndpointSight.Kind = attempt.before == nil ? .failed : .inService
            live[account] = sight(kind, on: attempt.before?.config ?? attempt.configName ?? "", at: now)
            tell(.endpointSeen(live[account] ?? sight(.failed, on: "", at: now)), attempt)
        case (.awaiting, _):
            let mine = sight(.inService, on: attempt.configName ?? "", at: now)
            live[account] = mine
            tell(.endpointSeen(mine), attempt)
        case (.testing, .smokeFailed), (.testing, .wayBackFailed):
            let target = culprit ?? attempt.tests.first ?? "de"
            tell(.checkFailed(blame: .targets([target]), sentence: "\(target) answers wrong"), attempt)
        case (.testing, _): tell(.modelsAnswered(evidence: ""), attempt)
        case (.soaking, .alarm):
            tell(.checkFailed(blame: .changes, sentence: "an alarm went off"), attempt)
        case (.soaking, _):
            now = max(now, attempt.dueAt ?? now)
            tell(.soakEnded, attempt)
        case (.awaitingRestore, .wayBackFailed):
            tell(.endpointSeen(sight(.failed, on: "old", at: now)), attempt)
        case (.awaitingRestore, _):
            let old = sight(.inService, on: attempt.before?.config ?? "", at: now)
            live[account] = old
            tell(.endpointSeen(old), attempt)
        case (.verified, _), (.failed, _), (.errored, _), (.aborted, _): break
        }
    }

    /// Plays the attempt of an account to its end, as far as holds let it.
    mutating func finish(_ account: String, _ outcome: Outcome = .verified, blaming culprit: String? = nil) {
        guard let first = underWay(in: account) else { return }
        while let attempt = underWay(in: account), attempt.release == first.release,
            attempt.number == first.number, attempt.dueAt != nil
        {
            step(account, towards: outcome, blaming: culprit)
        }
    }

    // MARK: What there is to see

    /// Every release ever, as `1 released, 2 waiting prod`.
    var situation: String {
        releases.values.sorted { $0.number < $1.number }
            .map { "\($0.number) \($0.state.rawValue)\($0.isOpen ? " \($0.stop.stage)" : "")" }
            .joined(separator: ", ")
    }

    /// How approvals ended, in order, as `de1 released`.
    var endings: [String] {
        ended.map { "\(Version.name(of: $0.package)) \($0.ending?.rawValue ?? "")" }
    }

    func release(_ number: Int) -> Release? { releases.values.first { $0.number == number } }

    func id(_ number: Int) -> String { release(number)?.id ?? "demand.unknown" }

    /// The versions an account serves, as `de1 fr1`.
    func serves(_ account: String) -> String {
        (serving[account]?.models.values.map { Version.name(of: $0.package) } ?? []).sorted().joined(
            separator: " "
        )
    }

    /// Every change of a release's state so far, read from the journal.
    var changes: [(from: Release.State?, to: Release.State)] {
        var states: [String: Release.State] = [:]
        var changes: [(from: Release.State?, to: Release.State)] = []
        for note in notes {
            guard let release = note.release else { continue }
            let next: Release.State? =
                switch note.name {
                case "composed", "reopened", "reachedGate": .waiting
                case "gateOpened": .rolling
                case "ended": Release.State(rawValue: String(note.text.prefix { $0 != ":" }))
                default: nil
                }
            guard let next else { continue }
            changes.append((states[release], next))
            states[release] = next
        }
        return changes
    }
}

extension [Version: ApprovalStatus] {
    subscript(package package: String) -> ApprovalStatus? { first { $0.key.package == package }?.value }
}

extension Approval {
    var key: String { "\(target) \(package) \(decidedAt.milliseconds)" }
}

extension Request.Action {
    /// The release that the action names, if any.
    var release: String? {
        switch self {
        case .promote(let release, _, _), .reject(let release, _), .retry(let release, _),
            .attest(let release, _, _, _, _):
            release
        case .handoff(let handoff): handoff.release
        case .hold, .resume, .deploy, .rollback: nil
        }
    }
}
