import Native
import Promotion
import Testing

@testable import Ledger

/// Messages into the ledger: a repeat is harmless, and nothing leaves the queue before it is safe.
@Suite struct IntakeTests {
    @Test(arguments: Engine.allCases)
    func aRepeatedRequestIsJudgedOnce(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let hold = bench.hold("prod", key: "1")
            // In one batch and once more, as after a lost delete.
            #expect(try await bench.ledger.record([hold, hold], now: bench.now) == [true, true])
            _ = try await bench.ledger.record([bench.resume("prod", key: "2")], now: bench.now)
            bench.pass(.seconds(3600))
            #expect(try await bench.ledger.record([hold], now: bench.now) == [true])
            #expect(try await bench.ledger.status().first?.holds.isEmpty == true)
            #expect(try await bench.journal("decision") == ["hold accepted", "resume accepted"])
            let verdict = try #require(try await bench.ledger.verdict(on: "1"))
            #expect(verdict.verdict == "accepted")
            #expect(verdict.at == Ledger.text(Bench.start))
        }
    }

    @Test(arguments: Engine.allCases)
    func aRefusedRequestIsRecordedOnce(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            let stranger = bench.promotion(of: release.id, sender: Sender("AIDASTRANGER"))
            #expect(try await bench.ledger.record([stranger, stranger], now: bench.now) == [true, true])
            let shown = try #require(try await bench.ledger.show(release.id))
            let decision = try #require(shown.decisions?.first)
            #expect(shown.decisions?.count == 1)
            #expect(decision.verdict == "refused")
            #expect(decision.sender == "AIDASTRANGER")
            #expect(decision.why == "AIDASTRANGER is not among the approvers of demand in prod")
            #expect(shown.state == "waiting")
        }
    }

    /// A requestId makes a repeat harmless, and must not swallow what is no repeat.
    @Test(arguments: Engine.allCases)
    func anotherMessageUnderAUsedRequestIDIsQuarantined(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench async throws in
            let messages = [bench.hold("prod", key: "1"), bench.hold("prod", key: "1")]
            #expect(try await bench.ledger.record(messages, now: bench.now) == [true, true])
            #expect(try await bench.ledger.quarantine().isEmpty)
            let others = [bench.hold("staging", key: "1"), bench.resume("prod", key: "1")]
            #expect(try await bench.ledger.record(others, now: bench.now) == [true, true])
            let reason = "its requestId is that of another message of the same sender"
            // Both came under one message id, which is one row.
            #expect(try await bench.ledger.quarantine().map(\.reason) == [reason])
            #expect(try await bench.ledger.quarantine(of: "message 1") == reason)
            #expect(try await bench.ledger.status().first?.holds.map(\.stage) == ["prod"])
        }
    }

    @Test(arguments: Engine.allCases)
    func aRepeatedUnreadableMessageIsOneRow(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench async throws in
            let messages = ["1", "2", "1"].map { Self.unreadable($0) }
            #expect(try await bench.ledger.record(messages, now: bench.now) == [true, true, true])
            #expect(try await bench.ledger.quarantine().map(\.id) == ["1", "2"])
            #expect(try await bench.journal("event") == ["quarantined", "quarantined"])
        }
    }

    @Test(arguments: Engine.allCases)
    func anUnservedGroupIsRecordedOnce(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            for version in 1...3 {
                try await bench.event(about: World.arn("other", version), group: "other")
            }
            #expect(try await bench.journal("event") == ["groupNotServed"])
            #expect(try await bench.count("unserved_groups") == 1)
            #expect(try await bench.count("looks") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func aRepeatedRegistryEventIsOneLook(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.resync()
            for _ in 1...20 { try await bench.approve("demand-de", 1) }
            let turn = try await bench.turn()
            #expect(turn.looks.map(\.package) == [World.arn("demand-de", 1)])
            #expect(try await bench.turn().looks.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func anEndpointEventWakesWhoWaitsForIt(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.reachAwaiting(bench)
            #expect(try await bench.turn().work.isEmpty)
            for account in ["prod", "nowhere"] {
                let other = Self.endpointChanged(account)
                #expect(try await bench.ledger.record([other], now: bench.now) == [true])
            }
            #expect(try await bench.turn().work.isEmpty)
            let wake = Self.endpointChanged("staging")
            #expect(try await bench.ledger.record([wake, wake], now: bench.now) == [true, true])
            #expect(try await bench.turn().work.map(\.effect) == [.look])
            #expect(try await bench.turn().work.isEmpty)
        }
    }

    /// Whoever asks about what nobody knows wrote a message that means nothing, so it is kept whole.
    @Test(arguments: Engine.allCases)
    func aRequestAboutNothingIsQuarantined(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let unknown = bench.promotion(of: "demand.0123456789", key: "1")
            let elsewhere = bench.request("hold", .hold(stage: nil), .endpoint("other"), key: "2")
            #expect(try await bench.ledger.record([unknown, elsewhere], now: bench.now) == [true, true])
            let quarantine = try await bench.ledger.quarantine()
            #expect(
                quarantine.map(\.reason) == [
                    "no release demand.0123456789 is known", "no endpoint other is in the accounts folder",
                ]
            )
            #expect(quarantine.first?.body == "{\"sluice\":1,\"action\":\"promote\"}")
            #expect(try await bench.ledger.verdict(on: "1") == nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func aRequestAboutEveryEndpointIsOneVerdict(_ engine: Engine) async throws {
        let plans = [try Bench.plan("a", targets: [:]), try Bench.plan("b", targets: [:])]
        try await Bench.run(engine, plans: plans) { bench in
            let one = bench.request("hold", .hold(stage: nil), .endpoint("b"), key: "1")
            let resume = bench.request("resume", .resume(stage: nil), .everyEndpoint, key: "2")
            _ = try await bench.ledger.record([one, resume], now: bench.now)
            #expect(try await bench.ledger.status().allSatisfy { $0.holds.isEmpty })
            // Nothing was held on a, and what was held on b goes on: what was asked for was done.
            let verdict = try #require(try await bench.ledger.verdict(on: "2"))
            #expect(verdict.verdict == "accepted")
            #expect(verdict.why == "a: nothing is held for the whole endpoint; b: b goes on")
        }
    }

    @Test(arguments: Engine.allCases)
    func aStrangerToOneEndpointHoldsNone(_ engine: Engine) async throws {
        var plans = [try Bench.plan("a", targets: [:])]
        plans.append(
            EndpointPlan(name: "b", targets: [:], image: nil, stages: plans[0].stages, operators: [])
        )
        try await Bench.run(engine, plans: plans) { bench in
            let hold = bench.request("hold", .hold(stage: nil), .everyEndpoint, key: "1")
            _ = try await bench.ledger.record([hold], now: bench.now)
            #expect(try await bench.ledger.status().allSatisfy { $0.holds.isEmpty })
            let verdict = try #require(try await bench.ledger.verdict(on: "1"))
            #expect(verdict.verdict == "refused")
            #expect(verdict.why == "AIDAMANAGER is not among the operators of b")
        }
    }

    @Test(arguments: Engine.allCases)
    func aFullQuarantineLeavesMessagesOnTheQueue(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            var limits = QuarantineLimits()
            limits.messages = 2
            let messages = ["1", "2", "3"].map { Self.unreadable($0) }
            let isSafe = try await bench.ledger.record(messages, limits: limits, now: bench.now)
            #expect(isSafe == [true, true, false])
            // The first is safe, however full the quarantine is, and what can be read still is.
            let again = [messages[0], bench.hold(nil, key: "1"), messages[2]]
            #expect(
                try await bench.ledger.record(again, limits: limits, now: bench.now) == [true, true, false]
            )
            #expect(try await bench.ledger.quarantine().map(\.id) == ["1", "2"])
        }
    }

    @Test(arguments: Engine.allCases)
    func theQuarantineIsLimitedInBytes(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            var limits = QuarantineLimits()
            limits.bytes = 5
            let messages = [("1", "äö"), ("2", "xx"), ("3", "x")].map { Self.unreadable($0, body: $1) }
            let isSafe = try await bench.ledger.record(messages, limits: limits, now: bench.now)
            #expect(isSafe == [true, false, true])
        }
    }

    /// A message that cannot be recorded goes back to the queue by itself; the others are safe.
    @Test(arguments: Engine.allCases)
    func oneThatCannotBeRecordedKeepsNoOtherBack(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.run(bench, "DROP TABLE unserved_groups")
            let batch = [Self.unreadable("1"), Self.ofOtherGroup("2"), Self.unreadable("3")]
            var failed: [String] = []
            let isRecorded = try await bench.ledger.record(batch, now: bench.now) { message, error in
                failed.append(message.messageID)
                #expect(error is LedgerError)
            }
            #expect(isRecorded == [true, false, true])
            #expect(failed == ["2"])
            #expect(try await bench.ledger.quarantine().map(\.id) == ["1", "3"])
            #expect(try await bench.journal("event") == ["quarantined", "quarantined"])
            await #expect(throws: LedgerError.self) {
                _ = try await bench.ledger.record([batch[1]], now: bench.now)
            }
        }
    }

    /// Where nothing can be written no message is to blame, and none leaves the queue.
    @Test(arguments: Engine.allCases)
    func nothingIsRecordedWhereNothingCanBeWritten(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.run(bench, "DROP TABLE quarantine_size")
            let batch = [Self.unreadable("1"), Self.unreadable("2")]
            await #expect(throws: LedgerError.self) {
                _ = try await bench.ledger.record(batch, now: bench.now) { message, _ in
                    Issue.record("\(message.messageID) is to blame")
                }
            }
            await #expect(throws: LedgerError.self) { try await bench.ledger.probe() }
            #expect(try await bench.ledger.quarantine().isEmpty)
            #expect(try await bench.count("journal") == 0)
        }
    }

    /// What the longest names that are let in come to has to fit the indexes by which they are looked up.
    @Test(arguments: Engine.allCases)
    func theLongestNamesAreHeld(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            // Of no pattern, so that PostgreSQL cannot make them shorter.
            let package = try (0..<32).map { Digest.hex(try Digest.sha256("\($0)")) }.joined()
            let key = "request \(package.prefix(600))"
            try await bench.event(about: package, group: "demand-de")
            try await bench.event(about: package, group: String(package.prefix(63)))
            let hold = bench.hold("prod", key: key)
            #expect(try await bench.ledger.record([hold], now: bench.now) == [true])
            #expect(try await bench.ledger.verdict(on: key)?.verdict == "accepted")
            #expect(try await bench.count("looks") == 1)
        }
    }

    /// However many events come in between, a rollout has the same effects and is through no later.
    @Test(arguments: Engine.allCases)
    func tenThousandEventsDelayNoRollout(_ engine: Engine) async throws {
        let calm = try await Self.rollout(engine, flood: 0)
        let flooded = try await Self.rollout(engine, flood: 10_000)
        #expect(flooded.effects == calm.effects)
        #expect(flooded.end <= calm.end)
    }

    /// Brings a release to prod's gate, with a part of the flood between every two turns.
    private static func rollout(_ engine: Engine, flood: Int) async throws -> (effects: [String], end: Moment)
    {
        var result: (effects: [String], end: Moment) = ([], Bench.start)
        try await Bench.run(engine) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now)
            try await bench.resync()
            var left = flood
            var outcomes: [Outcome] = []
            for _ in 0..<200 {
                for _ in 0..<min(left / 10, 200) {
                    let batch = (left - 10..<left).map { irrelevant($0) }
                    #expect(try await bench.ledger.record(batch, now: bench.now).allSatisfy(\.self))
                    left -= 10
                }
                let turn = try await bench.turn(outcomes)
                outcomes = bench.perform(turn)
                if try await bench.ledger.releases().first?.state == "waiting", turn.work.isEmpty { break }
                if outcomes.isEmpty { bench.now = max(bench.now, try #require(turn.nextDue)) }
            }
            #expect(left == 0, "all of it came while the release rolled")
            #expect(try await bench.ledger.releases().first?.state == "waiting")
            result = (try await bench.journal("effect"), bench.now)
        }
        return result
    }

    /// A duplicate, an event of another endpoint or group, or a message that means nothing, in turn.
    private static func irrelevant(_ number: Int) -> Received {
        switch number % 4 {
        case 0: unreadable("\(number)")
        case 1: ofOtherGroup("\(number)")
        case 2: endpointChanged(number % 8 == 2 ? "staging" : "nowhere")
        default:
            Received(
                messageID: "\(number)",
                sender: nil,
                body: "{}",
                meaning: .packageChanged(package: World.arn("demand-de", 1), group: "demand-de")
            )
        }
    }

    private static func run(_ bench: Bench, _ sql: String) async throws {
        _ = try await bench.ledger.store.write { try $0.run(sql) }
    }

    private static func ofOtherGroup(_ id: String) -> Received {
        Received(
            messageID: id,
            sender: nil,
            body: "{}",
            meaning: .packageChanged(package: "p", group: "other")
        )
    }

    private static func unreadable(_ id: String, body: String = "what") -> Received {
        Received(
            messageID: id,
            sender: nil,
            body: body,
            meaning: .unreadable(reason: "the body is not JSON")
        )
    }

    private static func endpointChanged(_ account: String) -> Received {
        Received(
            messageID: "e",
            sender: nil,
            body: "{}",
            meaning: .endpointChanged(accounts: [account], endpoint: "demand")
        )
    }

    /// Works up to where the endpoint in staging is waited for.
    private static func reachAwaiting(_ bench: Bench) async throws {
        var outcomes = [bench.world.perform(try await bench.firstWork(), now: bench.now)]
        while !outcomes.isEmpty { outcomes = bench.perform(try await bench.turn(outcomes)) }
        #expect(try await bench.texts("SELECT state AS text FROM attempts") == ["awaiting"])
    }
}
