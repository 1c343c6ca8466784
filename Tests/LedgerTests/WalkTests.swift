import Promotion
import Testing

@testable import Ledger

/// A release's whole way, from an approval to its ending, with a clock that is moved by hand.
@Suite struct WalkTests {
    @Test(arguments: Engine.allCases)
    func anApprovalBecomesARelease(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let waiting = try await bench.reachGate()
            #expect(waiting.number == 1)
            #expect(waiting.state == "waiting")
            #expect(waiting.serving == ["staging"])
            #expect(waiting.stages.map(\.state) == ["verified", "waiting"])
            #expect(bench.world.live["prod"] == nil)

            _ = try await bench.ledger.record([bench.promotion(of: waiting.id)], now: bench.now)
            try await bench.work()
            let released = try #require(try await bench.ledger.releases().first)
            #expect(released.state == "released")
            #expect(released.serving == ["prod", "staging"])
            #expect(released.stages.map(\.state) == ["verified", "verified"])
            #expect(bench.world.switches.mapValues(\.count) == ["staging": 1, "prod": 1])
            #expect(
                try await bench.texts("SELECT ending AS text FROM approvals") == ["released", "released"]
            )
            let effects = [
                "inspect", "copyArtifacts", "createModel", "createEndpointConfig", "createEndpoint", "invoke",
            ]
            #expect(try await bench.journal("effect") == effects + effects)
            #expect(try await bench.ledger.isIdle(for: .seconds(3600), now: bench.now))
        }
    }

    @Test(arguments: Engine.allCases)
    func aSoakEndsByATurn(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now)
            try await bench.resync()
            try await bench.work(within: .seconds(60))
            let end = try #require(try await bench.turn().nextDue)
            #expect(end == bench.now + .seconds(600))
            let soaking = try #require(try await bench.ledger.releases().first)
            #expect(soaking.state == "rolling")
            #expect(soaking.serving == ["staging"])
            #expect(
                soaking.stages.first?.waitingFor == ["staging: the soak, until \(Ledger.text(end))"]
            )
            // Ten minutes that nobody can shorten: an event of the endpoint does not.
            let event = Received(
                messageID: "e",
                sender: nil,
                body: "{}",
                meaning: .endpointChanged(accounts: ["staging"], endpoint: "demand")
            )
            _ = try await bench.ledger.record([event], now: bench.now)
            bench.now = end - .milliseconds(1)
            #expect(try await bench.turn().work.isEmpty)
            #expect(try await bench.ledger.releases().first?.state == "rolling")
            bench.now = end
            _ = try await bench.turn()
            #expect(try await bench.ledger.releases().first?.stages.map(\.state) == ["verified", "waiting"])
        }
    }

    @Test(arguments: Engine.allCases)
    func aGateThatNobodyOpensExpires(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            let expiry = try #require(try await bench.turn().nextDue)
            #expect(expiry == bench.now + .seconds(7 * 24 * 3600))
            #expect(
                release.stages.last?.waitingFor == [
                    "approval by a person for prod, until \(Ledger.text(expiry))"
                ]
            )
            bench.now = expiry
            let turn = try await bench.turn()
            #expect(turn.nextDue == nil)
            let refused = try #require(try await bench.ledger.releases().first)
            #expect(refused.state == "refused")
            #expect(refused.endedAt == Ledger.text(expiry))
            #expect(
                try await bench.texts("SELECT ending AS text FROM approvals") == ["refused", "refused"]
            )
            #expect(bench.world.live["prod"] == nil)
        }
    }

    /// A hold stops the way in, and not the expiry clock.
    @Test(arguments: Engine.allCases)
    func aHoldKeepsTheGateShut(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            let messages = [bench.hold("prod", key: "1"), bench.promotion(of: release.id)]
            _ = try await bench.ledger.record(messages, now: bench.now)
            try await bench.work()
            let held = try #require(try await bench.ledger.releases().first)
            #expect(held.stages.last?.waitingFor == ["resume: held by AIDAMANAGER (because)"])
            _ = try await bench.ledger.record([bench.resume("prod", key: "2")], now: bench.now)
            try await bench.work()
            #expect(try await bench.ledger.releases().first?.state == "released")
        }
    }

    @Test(arguments: Engine.allCases)
    func aFailedSmokeTestBringsBackWhatServed(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let first = try await bench.reachGate()
            let config = try #require(bench.world.live["staging"])
            bench.pass(.seconds(3600))
            let bad = try await bench.approve("demand-de", 2)
            bench.world.bad = ["de.tar.gz"]
            try await bench.work()
            let releases = try await bench.ledger.releases()
            let failed = try #require(releases.first)
            #expect(failed.state == "failed")
            #expect(failed.stages.first?.accounts.map(\.state) == ["rolled-back"])
            #expect(failed.stages.map(\.state) == ["failed", "pending"])
            #expect(bench.world.live["staging"] == config)
            let status = try #require(try await bench.ledger.status().first)
            #expect(status.bars.map(\.package) == [bad])
            #expect(status.serving.map(\.release) == [first.id])
            #expect(releases.last?.state == "waiting")
        }
    }

    /// An approval has one ending, whatever else is decided, asked for or delivered again later.
    @Test(arguments: Engine.allCases)
    func anApprovalEndsOnce(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let first = try await bench.reachGate()
            _ = try await bench.ledger.record([bench.promotion(of: first.id)], now: bench.now)
            try await bench.work()
            let ended = try await Self.endings(bench)
            #expect(ended.allSatisfy { $0.contains(" released: ") })

            bench.pass(.seconds(3600))
            try await bench.approve("demand-de", 2)
            try await bench.work()
            bench.world.set("demand-de", 1, .rejected, at: bench.now)
            try await bench.event(about: World.arn("demand-de", 1), group: "demand-de")
            try await bench.work()
            let newest = try #require(try await bench.ledger.releases().first)
            let reject = bench.request(
                "reject",
                .reject(release: newest.id, stage: "prod"),
                .release(newest.id),
                key: "reject"
            )
            _ = try await bench.ledger.record([reject], now: bench.now)
            let retry = bench.request(
                "retry",
                .retry(release: newest.id, target: nil),
                .release(newest.id),
                key: "retry"
            )
            _ = try await bench.ledger.record([retry], now: bench.now)
            try await bench.work()
            let after = try await Self.endings(bench)
            #expect(Set(after).isSuperset(of: ended))
            #expect(after.filter { $0.contains("demand-de/2 refused: ") }.count == 1)
            #expect(
                try await bench.journal("decision").filter { $0 == "approvalEnded" }.count == after.count
            )
        }
    }

    @Test(arguments: Engine.allCases)
    func aNewerReleaseTakesTheWaitingOnesPlace(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let first = try await bench.reachGate()
            bench.pass(.seconds(3600))
            try await bench.approve("demand-de", 2)
            try await bench.work(within: .seconds(300))
            // Nothing changes for the waiting one before the newer has passed the stage before.
            #expect(try await bench.ledger.releases().map(\.state) == ["rolling", "waiting"])
            try await bench.work()
            #expect(try await bench.ledger.releases().map(\.state) == ["waiting", "superseded"])
            let late = bench.promotion(of: first.id, key: "late")
            _ = try await bench.ledger.record([late], now: bench.now)
            #expect(try await bench.ledger.verdict(on: "late")?.verdict == "refused")
            // French was in both: its approval is carried on and stays open.
            #expect(
                try await Self.endings(bench).map { String($0.prefix { $0 != ":" }) }.sorted() == [
                    "demand-de/1 superseded", "demand-de/2 open", "demand-fr/1 open",
                ]
            )
        }
    }

    /// What is approved while an attempt is under way folds into one next release.
    @Test(arguments: Engine.allCases)
    func manyApprovalsAreTwoUpdates(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            for number in 1...20 {
                try await bench.approve("demand-de", number)
                try await bench.work(within: .seconds(6))
                bench.pass(.seconds(7))
            }
            try await bench.work()
            #expect(bench.world.switches["staging"]?.count == 2)
            #expect(
                try await bench.ledger.releases().map { $0.models["de.tar.gz"] } == [
                    World.arn("demand-de", 20), World.arn("demand-de", 1),
                ]
            )
            let endings = try await bench.rows("SELECT ending FROM approvals WHERE ending IS NOT NULL")
            #expect(try endings.map { try $0.text("ending") } == Array(repeating: "superseded", count: 19))
        }
    }

    /// Whatever was committed is all there is: killed after any claim or any effect, the walk ends the
    /// same, and nothing is switched twice.
    @Test(arguments: Engine.allCases)
    func aWalkEndsTheSameWhereverItIsKilled(_ engine: Engine) async throws {
        let (whole, steps) = try await Self.walk(engine, killedAt: nil)
        #expect(whole.releases.first?.hasPrefix("1 released") == true)
        #expect(whole.switches.mapValues(\.count) == ["staging": 1, "prod": 1])
        #expect(steps > 20)
        var differing: [Int] = []
        for step in 0..<steps {
            let (killed, _) = try await Self.walk(engine, killedAt: step)
            if killed != whole { differing.append(step) }
            #expect(killed == whole, "killed at step \(step)")
        }
        print("ledger sweep on \(engine): \(steps) points tried, \(differing.count) differed")
    }

    /// And so does the way back from a release that fails its smoke test.
    @Test(arguments: Engine.allCases)
    func aWayBackEndsTheSameWhereverItIsKilled(_ engine: Engine) async throws {
        let (whole, steps) = try await Self.walkBack(engine, killedAt: nil)
        #expect(whole.releases.first?.hasPrefix("2 failed") == true)
        // There, to the new one, and back.
        #expect(whole.switches.mapValues(\.count) == ["staging": 3])
        #expect(whole.switches["staging"]?.first == whole.switches["staging"]?.last)
        #expect(steps > 15)
        var differing: [Int] = []
        for step in 0..<steps {
            let (killed, _) = try await Self.walkBack(engine, killedAt: step)
            if killed != whole { differing.append(step) }
            #expect(killed == whole, "killed at step \(step)")
        }
        print("ledger sweep of a way back on \(engine): \(steps) points tried, \(differing.count) differed")
    }

    /// What a walk came to, without the times that a kill may move.
    private struct End: Equatable {
        var releases: [String] = []
        var stages: [String] = []
        var attempts: [String] = []
        var approvals: [String] = []
        var switches: [String: [String]] = [:]
    }

    private static func walk(_ engine: Engine, killedAt step: Int?) async throws -> (End, steps: Int) {
        var end = End()
        var steps = 0
        let isKilled = {
            defer { steps += 1 }
            return steps == step
        }
        try await Bench.run(engine) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now)
            bench.world.set("demand-fr", 1, .approved, at: bench.now)
            try await bench.resync()
            try await bench.work(isKilled: isKilled)
            let release = try #require(try await bench.ledger.releases().first)
            let promotion = bench.promotion(of: release.id)
            _ = try await bench.ledger.record([promotion], now: bench.now)
            if isKilled() {
                try await bench.crash()
                // It was not deleted from the queue, so it comes again.
                _ = try await bench.ledger.record([promotion], now: bench.now)
            }
            try await bench.work(isKilled: isKilled)
            end = try await Self.end(bench)
        }
        return (end, steps)
    }

    private static func walkBack(_ engine: Engine, killedAt step: Int?) async throws -> (End, steps: Int) {
        var end = End()
        var steps = 0
        try await Bench.run(engine) { bench in
            _ = try await bench.reachGate()
            bench.pass(.seconds(3600))
            try await bench.approve("demand-de", 2)
            bench.world.bad = ["de.tar.gz"]
            try await bench.work {
                defer { steps += 1 }
                return steps == step
            }
            end = try await Self.end(bench)
        }
        return (end, steps)
    }

    private static func end(_ bench: Bench) async throws -> End {
        var end = End()
        let releases = try await bench.ledger.releases()
        end.releases = releases.map { "\($0.number) \($0.state) \($0.id) \($0.serving)" }
        end.stages = releases.flatMap { release in
            release.stages.flatMap { stage in
                stage.accounts.map { "\(stage.stage) \(stage.state) \($0.name) \($0.state)" }
            }
        }
        end.attempts = try await bench.texts(
            "SELECT account || ' ' || number || ' ' || state AS text FROM attempts ORDER BY account, opening"
        )
        end.approvals = try await endings(bench)
        end.switches = bench.world.switches
        return end
    }

    /// Each approval with its ending, sorted.
    private static func endings(_ bench: Bench) async throws -> [String] {
        try await bench.rows("SELECT * FROM approvals ORDER BY package, decided_at").map { row in
            let package = try row.text("package").split(separator: "/").suffix(2).joined(separator: "/")
            let ending = try row.optionalText("ending")
            let reason = try row.optionalText("reason")
            return "\(package) \(ending ?? "open")" + (reason.map { ": \($0)" } ?? "")
        }
    }
}
