@testable import Promotion

/// Tells what happens to one endpoint and answers after each event with the situation, so that a test
/// reads as a transcript.
final class Story {
    var world: World

    init(_ plan: EndpointPlan = PromotionTests.plan()) { world = World(plan) }

    var faults: [String] { world.faults }

    func approve(_ version: Version, at moment: Moment? = nil) -> String {
        see(version, .approved, at: moment)
    }

    func see(_ version: Version, _ status: ApprovalStatus, at moment: Moment? = nil) -> String {
        world.now = world.now + .seconds(1)
        world.look(at: version, status, at: moment)
        return world.situation
    }

    /// Plays the attempt of an account to its end.
    func finish(_ account: String, _ outcome: World.Outcome = .verified, blaming culprit: String? = nil)
        -> String
    {
        world.finish(account, outcome, blaming: culprit)
        return world.situation
    }

    func pass(_ pause: Duration) -> String {
        world.pass(pause)
        return world.situation
    }

    func promote(_ number: Int, by sender: Sender = anna, stage: String = "prod") -> String {
        ask(.promote(release: world.id(number), stage: stage), by: sender)
    }

    func reject(_ number: Int, by sender: Sender = anna, stage: String = "prod") -> String {
        ask(.reject(release: world.id(number), stage: stage), by: sender)
    }

    func rollback(_ account: String, to number: Int? = nil) -> String {
        ask(.rollback(account: account, release: number.map { world.id($0) }))
    }

    func attest(_ number: Int, _ verdict: Verdict, check: String = "integration", by sender: Sender = carl)
        -> String
    {
        ask(
            .attest(
                release: world.id(number),
                stage: "prod",
                check: check,
                verdict: verdict,
                evidence: "run 17"
            ),
            by: sender
        )
    }

    /// An alarm changes, and whoever watches it looks.
    func alarm(_ name: String = "5xx", in account: String, _ state: AlarmSight.State) -> String {
        world.now = world.now + .seconds(61)
        world.alarmStates["\(account) \(name)"] = (state, world.now)
        return look()
    }

    /// Time passes and the alarms are looked at.
    func look(after pause: Duration = .seconds(61)) -> String {
        world.now = world.now + pause
        world.lookAtAlarms()
        return world.situation
    }

    func retry(_ number: Int, _ target: String? = nil) -> String {
        ask(.retry(release: world.id(number), target: target))
    }

    func deploy(_ versions: Version...) -> String {
        let models = versions.map { ($0.target, $0.package) }
        return ask(.deploy(models: Dictionary(uniqueKeysWithValues: models)))
    }

    /// Answers with the situation where the request was accepted, and with the reason where it was not.
    func ask(_ action: Request.Action, by sender: Sender = olga) -> String {
        world.now = world.now + .seconds(1)
        let answer = world.ask(action, by: sender)
        return answer.isAccepted ? world.situation : "refused: \(answer.why)"
    }

    /// What a release waits for, as the board shows it.
    func waits(_ number: Int) -> String {
        world.release(number)?.waitingFor.map(\.text).joined(separator: "; ") ?? ""
    }

    var endings: [String] { world.endings }
    var open: [String] { world.approvals.map { Version.name(of: $0.package) }.sorted() }
    var bars: [String] { world.bars.map { Version.name(of: $0.package) }.sorted() }
    func serves(_ account: String) -> String { world.serves(account) }

    /// An endpoint where version 1 of both models serves everywhere, as release 1.
    static func settled(_ plan: EndpointPlan = PromotionTests.plan()) -> Story {
        let story = Story(plan)
        story.world.approveTogether([de(1), fr(1)])
        story.world.settleDown()
        return story
    }
}

extension World {
    mutating func holdAll() { ask(.hold(stage: nil), by: olga) }
    mutating func resumeAll() { ask(.resume(stage: nil), by: olga) }

    /// Lets every attempt succeed and promotes whatever waits, until nothing moves any more.
    mutating func settleDown() {
        for _ in 1...100 {
            let before = (situation, attempts)
            let open = attempts.filter { !$0.state.isEnded }.map(\.account)
            for account in Set(plan.stages.flatMap(\.accounts.keys) + open).sorted() { finish(account) }
            for release in releases.values.sorted(by: { $0.number < $1.number })
            where release.state == .waiting {
                for check in plan.stage(release.stop.stage)?.gate.checks ?? [] {
                    let action = Request.Action.attest(
                        release: release.id,
                        stage: release.stop.stage,
                        check: check.name,
                        verdict: .passed,
                        evidence: nil
                    )
                    ask(action, by: carl)
                }
                for person in [anna, bert] {
                    ask(.promote(release: release.id, stage: release.stop.stage), by: person)
                }
            }
            now = now + .minutes(61)
            lookAtAlarms()
            if before == (situation, attempts) { return }
        }
    }
}
