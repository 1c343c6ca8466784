import TestTools
import Testing

@testable import Promotion

/// The core under random events, with rules that must hold after each of them and once all has come to
/// rest. A failure names its seed; `simulate(seed:)` with it plays the same again.
@Suite struct SimulationTests {
    static let plans = [
        plan(),
        plan([staging(soak: .minutes(10)), prod(approvals: 0)]),
        plan([
            staging(accounts: ["east": "e", "west": "w"]),
            prod(accounts: ["prod": "p", "asia": "a"], approvals: 2),
        ]),
        plan([staging(), quality, prod()]),
        plan([staging()]),
        plan(
            [
                staging(soak: .minutes(10)),
                StagePlan(
                    name: "prod",
                    accounts: ["prod": "p", "asia": "a"],
                    accepts: [.approved],
                    soak: .minutes(5),
                    lag: .hours(1),
                    gate: strict
                ),
            ]
        ),
        plan(onRejection: .hold),
        plan(onModelFailure: .exclude),
        plan([
            StagePlan(
                name: "staging",
                accounts: ["east": "e", "north": "n", "west": "w"],
                accepts: [.approved],
                soak: .minutes(10),
                concurrency: 1,
                failureTolerance: 1
            ),
            StagePlan(
                name: "prod",
                accounts: ["prod": "p", "asia": "a", "africa": "f"],
                accepts: [.approved],
                soak: .zero,
                gate: prod().gate,
                concurrency: 2,
                failureTolerance: 2
            ),
        ]),
    ]

    /// Everything a gate can ask for at once.
    static let strict = GatePlan(
        approvals: 2,
        approvers: patterns("AIDAANNA", "AROATEAM:*"),
        remindEvery: .hours(4),
        alarms: ["5xx"],
        mayOverride: patterns("AIDAOLGA"),
        checks: [CheckPlan(name: "integration", senders: patterns("AROATEAM:carl"))]
    )

    static let quality = StagePlan(
        name: "quality",
        accounts: ["quality": "q"],
        accepts: [.approved],
        soak: .minutes(1),
        gate: GatePlan(approvals: 0, approvers: [], expires: .days(7))
    )

    @Test(arguments: 0..<8)
    func nothingEverBreaksARule(block: UInt64) {
        for seed in (block * 25)..<(block * 25 + 25) {
            let faults = Self.simulate(seed: seed, steps: 250)
            #expect(faults == [], "seed \(seed)")
            guard faults.isEmpty else { return }
        }
    }

    /// The first faults of one run, with the steps that led there.
    static func simulate(seed: UInt64, steps: Int) -> [String] {
        var chance = Chance(seed: seed)
        var world = World(chance.pick(plans))
        for step in 1...steps {
            world.now = world.now + .seconds(Int64(chance.below(120)))
            let what = act(on: &world, &chance)
            if !world.faults.isEmpty { return world.faults + ["at step \(step): \(what)", world.situation] }
        }
        comeToRest(&world)
        return world.faults + unrest(in: world)
    }

    /// One random thing happens; the answer names it.
    static func act(on world: inout World, _ chance: inout Chance) -> String {
        let accounts = world.plan.stages.flatMap(\.accounts.keys).sorted()
        let releases = world.releases.values.sorted { $0.opening < $1.opening }.suffix(4).map { $0 }
        let version = chance.below(2) == 0 ? de(1 + chance.below(4)) : fr(1 + chance.below(4))
        let stage = chance.pick(world.plan.stages).name
        switch chance.below(28) {
        case 0, 1, 2, 3:
            // The registry's clock is a little off ours.
            let moment = world.now + .seconds(chance.below(20) - 10)
            world.look(at: version, .approved, at: moment)
            return "approve \(version)"
        case 4:
            let status = chance.pick([ApprovalStatus.rejected, .pending, .deleted])
            world.look(at: version, status)
            return "\(version) becomes \(status)"
        case 5, 6, 7:
            guard let release = releases.last(where: { $0.state == .waiting }) else { break }
            let person = chance.pick([anna, bert, carl, stranger])
            world.ask(.promote(release: release.id, stage: release.stop.stage), by: person)
            return "promote \(release.number)"
        case 8:
            guard !releases.isEmpty else { break }
            let release = chance.pick(releases)
            world.ask(.reject(release: release.id, stage: release.stop.stage), by: anna)
            return "reject \(release.number)"
        case 9:
            guard !releases.isEmpty else { break }
            let release = chance.pick(releases)
            world.ask(.retry(release: release.id, target: chance.pick([nil, "de", "fr"])), by: olga)
            return "retry \(release.number)"
        case 10:
            world.ask(chance.below(3) == 0 ? .hold(stage: nil) : .resume(stage: nil), by: olga)
            return "hold or resume all"
        case 11:
            world.ask(chance.below(3) == 0 ? .hold(stage: stage) : .resume(stage: stage), by: olga)
            return "hold or resume \(stage)"
        case 12:
            let models = chance.below(2) == 0 ? [:] : [version.target: version.package]
            world.ask(.deploy(models: models), by: olga)
            return "deploy \(models)"
        case 13:
            world.pass(chance.below(20) == 0 ? .days(8) : .hours(5))
            return "time passes"
        case 14:
            changeSettings(&world, &chance)
            return "settings change"
        case 15:
            let account = chance.pick(accounts)
            let release = chance.below(3) == 0 ? releases.last?.id : nil
            world.ask(.rollback(account: account, release: release), by: olga)
            return "roll \(account) back"
        case 16:
            guard let release = releases.last(where: \.isOpen) else { break }
            let next = release.state == .waiting ? release.position : release.position + 1
            guard next < release.course.count else { break }
            let action = Request.Action.promote(
                release: release.id,
                stage: release.course[next].stage,
                isOverride: true
            )
            world.ask(action, by: olga)
            return "override for \(release.number)"
        case 17:
            guard let release = releases.last(where: \.isOpen) else { break }
            let verdict = chance.pick([Verdict.passed, .passed, .failed, .inconclusive])
            let action = Request.Action.attest(
                release: release.id,
                stage: stage,
                check: "integration",
                verdict: verdict,
                evidence: nil
            )
            world.ask(action, by: carl)
            return "attest \(verdict) to \(release.number)"
        case 18, 21:
            let soaking = world.attempts.last { $0.state == .soaking }?.account
            let name = "\(soaking ?? chance.pick(accounts)) 5xx"
            let state = chance.pick([AlarmSight.State.ok, .ok, .alarm, .insufficientData, .missing])
            world.alarmStates[name] = (state, world.now)
            world.now = world.now + .seconds(61)
            world.lookAtAlarms()
            return "\(name) becomes \(state)"
        case 19:
            // An effect fails, or its reply is lost, and is owed once more.
            let kind = chance.pick([Failure.Class.transient, .denied, .interrupted, .vanished, .invalid])
            let account = chance.pick(accounts)
            guard let attempt = world.underWay(in: account), attempt.dueAt != nil else { break }
            world.tell(.effectFailed(Failure(kind, "it did not work")), attempt)
            return "\(account) fails: \(kind)"
        case 20:
            changeAccounts(&world, &chance)
            return "accounts become \(world.plan.stages.map(\.accounts))"
        default:
            let account = chance.pick(accounts)
            let outcome = chance.below(3) > 0 ? World.Outcome.verified : chance.pick(World.Outcome.allCases)
            let culprit = world.underWay(in: account).map { chance.pick($0.tests) }
            if chance.below(2) == 0 {
                // A soak is left alone for a while, so that something can happen in it.
                for _ in 0..<8 where world.underWay(in: account)?.state != .soaking {
                    world.step(account, towards: .verified)
                }
                if world.underWay(in: account)?.state == .soaking { return "\(account) soaks" }
                world.step(account, towards: outcome, blaming: culprit)
            } else {
                world.finish(account, outcome, blaming: culprit)
            }
            return "\(account) goes towards \(outcome)"
        }
        world.pass(.seconds(1))
        return "nothing"
    }

    private static func changeSettings(_ world: inout World, _ chance: inout Chance) {
        guard chance.below(4) == 0 else { return }
        let digest = "x\(chance.below(1000))"
        let stages = world.plan.stages.map { stage in
            StagePlan(
                name: stage.name,
                accounts: stage.accounts.mapValues { _ in digest },
                accepts: stage.accepts,
                soak: stage.soak,
                lag: stage.lag,
                gate: stage.gate,
                concurrency: stage.concurrency,
                failureTolerance: stage.failureTolerance
            )
        }
        world.plan = plan(
            stages,
            onRejection: world.plan.onRejection,
            onModelFailure: world.plan.onModelFailure
        )
        world.pass(.seconds(1))
    }

    /// An account is taken out of the folder, is put back, or moves to another stage; a stage may be renamed.
    private static func changeAccounts(_ world: inout World, _ chance: inout Chance) {
        guard chance.below(4) == 0 else { return }
        let stages = world.plan.stages
        let (from, to) = (chance.below(stages.count), chance.below(stages.count))
        let moved = chance.pick(["staging", "prod", "asia", "west"])
        let name = chance.below(4) == 0 ? chance.pick(["staging", "trial"]) : stages[0].name
        let changed = stages.enumerated().map { index, stage in
            var accounts = stage.accounts
            if index == from, accounts.count > 1 { accounts[moved] = nil }
            let isElsewhere = stages.indices.contains { other in
                other != index && stages[other].accounts[moved] != nil
                    && !(other == from && stages[other].accounts.count > 1)
            }
            if index == to, !isElsewhere { accounts[moved] = "m" }
            return StagePlan(
                name: index == 0 ? name : stage.name,
                accounts: accounts,
                accepts: stage.accepts,
                soak: stage.soak,
                lag: stage.lag,
                gate: stage.gate,
                concurrency: stage.concurrency,
                failureTolerance: stage.failureTolerance
            )
        }
        world.plan = plan(
            changed,
            onRejection: world.plan.onRejection,
            onModelFailure: world.plan.onModelFailure
        )
        world.pass(.seconds(1))
    }

    /// Everybody resumes, promotes and waits until nothing moves any more.
    static func comeToRest(_ world: inout World) {
        world.alarmStates = [:]
        for _ in 1...20 {
            let before = (world.situation, world.attempts.count)
            world.ask(.resume(stage: nil), by: olga)
            for hold in world.holds { world.ask(.resume(stage: hold.stage), by: olga) }
            world.settleDown()
            world.pass(.days(8))
            if before == (world.situation, world.attempts.count) { return }
        }
    }

    /// What is not as it should be once all has come to rest.
    static func unrest(in world: World) -> [String] {
        var faults: [String] = []
        let state = world.load()
        for attempt in world.attempts where !attempt.state.isEnded {
            faults.append("an attempt in \(attempt.account) is still \(attempt.state)")
        }
        // A version that is neither approved nor gone for good may keep its release at a gate.
        for release in world.releases.values where release.isOpen {
            let isPending = release.models.values.contains { model in
                world.registry.contains { $0.key.package == model.package && $0.value == .pending }
            }
            if release.state != .waiting || !isPending {
                faults.append("\(release.number) is still \(release.state)")
            }
        }
        for approval in world.approvals
        where !world.releases.values.contains(where: { $0.id == approval.release && $0.isOpen }) {
            faults.append("the approval of \(Version.name(of: approval.package)) never ended")
        }
        for (account, served) in world.serving where world.plan.onRejection == .rollback {
            let isRejected = served.models.values.contains { model in
                world.registry.contains { $0.key.package == model.package && $0.value == .rejected }
            }
            if isRejected, !served.isStranded { faults.append("\(account) still serves a rejected version") }
        }
        // The latest decisions serve everywhere, unless their release ended otherwise than released, or
        // a version was only withdrawn, for which nothing is rolled back.
        let newest = world.releases.values.max { $0.opening < $1.opening }
        let inUse = world.serving.values.map(\.models) + [newest?.models ?? [:]]
        let isAnyWithdrawn = inUse.flatMap(\.values).contains { model in
            world.registry.contains {
                $0.key.package == model.package && [.pending, .deleted].contains($0.value)
            }
        }
        if let wanted = state.wanted, !isAnyWithdrawn,
            let release = world.releases.values.first(where: { $0.models == wanted }),
            release.state == .released
        {
            let accounts = release.course.flatMap(\.accounts)
            for account in world.plan.stages.flatMap(\.accounts.keys).sorted()
            where world.serving[account]?.models != wanted && accounts.contains(account)
                && !keepsWhatFailedElsewhere(account, in: world)
            {
                faults.append("\(account) serves \(world.serves(account)), not \(release.number)")
            }
        }
        return faults.isEmpty ? [] : faults + [world.situation]
    }

    /// A stage of several accounts may be left divided by a failure that is no version's fault, or by one that the
    /// stage tolerates.
    private static func keepsWhatFailedElsewhere(_ account: String, in world: World) -> Bool {
        let isTolerant = world.plan.stages.contains { $0.failureTolerance > 0 }
        if isTolerant, world.attempts.last(where: { $0.account == account })?.hasFailed == true {
            return true
        }
        let state = world.serving[account].flatMap { world.releases[$0.release]?.state }
        return [.failed, .errored, .aborted].contains(state)
    }

    /// The simulation is worth nothing if it does not come far: every ending and many releases are seen.
    @Test func theSimulationReachesEverything() {
        var endings: Set<Ending> = []
        var states: Set<Attempt.State> = []
        var names: Set<String> = []
        for seed in UInt64(0)..<40 {
            var chance = Chance(seed: seed)
            // What only the strictest gate does is rare, so every other run has it.
            var world = World(seed % 2 == 0 ? Self.plans[5] : chance.pick(Self.plans))
            for _ in 1...300 { _ = Self.act(on: &world, &chance) }
            endings.formUnion(world.ended.compactMap(\.ending))
            states.formUnion(world.attempts.map(\.state))
            names.formUnion(world.notes.map(\.name))
        }
        #expect(endings == Set(Ending.allCases))
        let expected: Set = [
            "rollbackBegan", "rolledBack", "nothingToGoBackTo", "overridden", "soakCut", "soakEnded",
            "reminder",
            "attest accepted", "attest refused", "promote refused", "rollback refused", "rollback accepted",
            "held",
        ]
        #expect(names.isSuperset(of: expected), "\(expected.subtracting(names)) never happened")
        #expect(states.isSuperset(of: [.verified, .failed, .errored, .aborted]))
    }
}
