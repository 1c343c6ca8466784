import Foundation
import Native
import Promotion
import Testing

@testable import Ledger

/// Hand-offs in the ledger: owed with the verification that they follow from, and received once.
@Suite struct HandoffTests {
    private static let queue = "https://sqs.eu-west-1.amazonaws.com/333333333333/sluice"
    private static let upstream = Sender("AROAUPSTREAM:sluice")

    // MARK: Handing over

    /// It is written in the transaction that ends the stage, so that no kill can come between.
    @Test(arguments: Engine.allCases)
    func aHandoffIsOwedWithTheVerification(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.upstreamPlan()]) { bench in
            let release = try await bench.reachGate()
            #expect(release.state == "released")
            try await bench.crash()
            let owed = try #require(try await bench.ledger.handoffsDue(now: bench.now).first)
            #expect((owed.release, owed.account, owed.stage) == (release.id, "prod", "prod"))
            #expect(owed.queue == Self.queue)
            let body = try JSONDocument(parsing: [UInt8](owed.body.utf8)).root
            #expect(body["sluice"]?.int == 1 && body["action"]?.string == "handoff")
            #expect(body["release"]?.string == release.id && body["stage"]?.string == "prod")
            #expect(body["requestId"]?.string == owed.id)
            let de = body["models"]?["de.tar.gz"]
            #expect(de?["package"]?.string == release.models["de.tar.gz"])
            #expect(de?["pin"]?["etag"]?.string == "\"etag\"")
            #expect(body["evidence"]?[0]?["account"]?.string == "222222222222")
            let shown = try #require(try await bench.ledger.show(release.id))
            #expect(shown.handedOver?.map(\.account) == ["prod"])
            #expect(shown.handedOver?.first?.sentAt == nil)
            #expect(shown.evidence?.map(\.stage) == ["staging"])
        }
    }

    /// It is never given up, the same each time, and sent once as far as the journal goes.
    @Test(arguments: Engine.allCases)
    func whatCannotBeSentIsOwedOn(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.upstreamPlan()]) { bench in
            let release = try await bench.reachGate()
            let owed = try #require(try await bench.ledger.handoffsDue(now: bench.now).first)
            #expect(try await !bench.ledger.isIdle(for: .seconds(60), now: bench.now))
            let denied = Failure(.denied, "SendMessage on sluice was denied")
            try await bench.ledger.couldNotHandOver(owed, denied, now: bench.now)
            #expect(try await bench.ledger.handoffsDue(now: bench.now).isEmpty)
            let status = try #require(try await bench.ledger.status().first)
            #expect(status.troubles.map(\.subject) == [release.id])
            #expect(status.troubles.map(\.sentence) == [denied.sentence])
            bench.pass(.seconds(3600))
            let again = try #require(try await bench.ledger.handoffsDue(now: bench.now).first)
            #expect(again.body == owed.body && again.failures == 1)
            for _ in 1...2 { try await bench.ledger.handedOver(again, message: "m", now: bench.now) }
            #expect(try await bench.ledger.handoffsDue(now: bench.now).isEmpty)
            #expect(try await bench.ledger.isIdle(for: .seconds(60), now: bench.now))
            #expect(try await bench.ledger.status().first?.troubles.isEmpty == true)
            let sent = try await bench.rows("SELECT text FROM journal WHERE name = 'handoffSent'")
            #expect(try sent.map { try $0.text("text") } == ["message m to \(Self.queue)"])
        }
    }

    // MARK: Taking over

    @Test(arguments: Engine.allCases)
    func aHandoffBecomesARelease(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.downstreamPlan()]) { bench in
            let message = try Self.message(at: bench.now)
            try await Self.deliver(message, 3, to: bench)
            try await bench.crash()
            let pending = try await bench.ledger.handoffsToRead(now: bench.now)
            #expect(pending.map(\.message) == [message])
            #expect(try await bench.ledger.releases().isEmpty)
            let answer = try await bench.ledger.judge(pending[0], Self.same(bench), now: bench.now)
            #expect(answer?.isAccepted == true)
            let release = try #require(try await bench.ledger.releases().first)
            #expect(release.id == message.handoff.release && release.state == "waiting")
            #expect(release.models == ["de.tar.gz": World.arn("demand-de", 1)])

            try await Self.deliver(message, 2, to: bench)
            #expect(try await bench.ledger.handoffsToRead(now: bench.now).isEmpty)
            // Another worker on the ledger may have read it at the same time.
            #expect(try await bench.ledger.judge(pending[0], Self.same(bench), now: bench.now) == nil)
            let shown = try #require(try await bench.ledger.show(release.id))
            #expect(shown.decisions?.map(\.action) == ["handoff"])
            #expect(shown.decisions?.map(\.verdict) == ["accepted"])
            #expect(shown.evidence?.map(\.sender) == [Self.upstream.id])

            _ = try await bench.ledger.record([bench.promotion(of: release.id)], now: bench.now)
            try await bench.work()
            #expect(try await bench.ledger.releases().map(\.state) == ["released"])
            #expect(bench.world.switches["prod"]?.count == 1)
            #expect(try await bench.rows("SELECT ending FROM approvals").count == 1)
        }
    }

    /// `plan` speaks of what was handed over, because nothing is composed here.
    @Test(arguments: Engine.allCases)
    func whatComesNextIsWhatWasHandedOver(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.downstreamPlan()]) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now)
            try await bench.resync()
            try await bench.work()
            let before = try #require(try await bench.ledger.outlook(now: bench.now).first)
            #expect(before.verdict == .nothing)
            #expect(
                before.text == "nothing to do: releases are handed over to prod, and none is under way"
            )
            try await Self.deliver(try Self.message(at: bench.now), 1, to: bench)
            let pending = try #require(try await bench.ledger.handoffsToRead(now: bench.now).first)
            _ = try await bench.ledger.judge(pending, Self.same(bench), now: bench.now)
            let after = try #require(try await bench.ledger.outlook(now: bench.now).first)
            #expect(after.verdict == .underWay)
            #expect(after.release == pending.message.handoff.release)
            #expect(after.stages.map(\.stage) == ["prod"])
            let verified = after.stages.first?.gate.first { $0.name == "verified" }
            #expect(verified?.met == true && verified?.text == "verified in staging")
        }
    }

    /// What was taken back before it was sent is not handed over.
    @Test(arguments: Engine.allCases)
    func whatIsTakenBackIsNotHandedOver(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.upstreamPlan()]) { bench in
            let first = try await bench.reachGate()
            let owed = try #require(try await bench.ledger.handoffsDue(now: bench.now).first)
            try await bench.ledger.handedOver(owed, message: "m", now: bench.now)
            let de = try await bench.approve("demand-de", 2)
            try await bench.work()
            #expect(try await bench.ledger.handoffsDue(now: bench.now).count == 1)
            bench.world.set("demand-de", 2, .rejected, at: bench.now)
            bench.pass(.seconds(10))
            try await bench.event(about: de, group: "demand-de")
            try await bench.work()
            // What serves again in its place is: nobody here knows what serves there.
            #expect(try await bench.ledger.handoffsDue(now: bench.now).map(\.release) == [first.id])
            #expect(
                try await bench.texts("SELECT name AS text FROM journal WHERE name = 'handoffDropped'").count
                    == 1
            )
            #expect(try await bench.ledger.releases().last?.id == first.id)
        }
    }

    /// What cannot be read is read later, however often the worker is killed meanwhile.
    @Test(arguments: Engine.allCases)
    func whatCannotBeReadIsReadLater(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.downstreamPlan()]) { bench in
            let message = try Self.message(at: bench.now)
            try await Self.deliver(message, 1, to: bench)
            let pending = try #require(try await bench.ledger.handoffsToRead(now: bench.now).first)
            let denied = Failure(.denied, "DescribeModelPackage was denied")
            #expect(try await bench.ledger.judge(pending, .unread(denied), now: bench.now) == nil)
            #expect(try await bench.ledger.handoffsToRead(now: bench.now).isEmpty)
            #expect(try await bench.ledger.status().first?.troubles.map(\.sentence) == [denied.sentence])
            try await bench.crash()
            bench.pass(.seconds(3600))
            let again = try #require(try await bench.ledger.handoffsToRead(now: bench.now).first)
            #expect(again.failures == 1)
            #expect(try await bench.ledger.judge(again, Self.same(bench), now: bench.now)?.isAccepted == true)
            #expect(try await bench.ledger.status().first?.troubles.isEmpty == true)
        }
    }

    /// Of a release that nobody knows, what is refused is kept whole; it becomes no release.
    @Test(arguments: Engine.allCases)
    func whatIsRefusedIsKeptWithTheReason(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.downstreamPlan()]) { bench in
            let stranger = try Self.message(at: bench.now, from: Sender("AIDAMALLORY"))
            try await Self.deliver(stranger, 1, to: bench)
            let message = try Self.message(at: bench.now)
            try await Self.deliver(message, 1, to: bench)
            let pending = try #require(try await bench.ledger.handoffsToRead(now: bench.now).first)
            let different = HandoffFinding.different("the artifact is not what was handed over")
            #expect(try await bench.ledger.judge(pending, different, now: bench.now)?.isAccepted == false)
            let kept = try await bench.ledger.quarantine()
            #expect(
                kept.map(\.reason) == [
                    "the hand-off of \(message.handoff.release) by AIDAMALLORY is refused: AIDAMALLORY is not among "
                        + "the `upstream` of account prod, who may hand over to it",
                    "the hand-off of \(message.handoff.release) by \(Self.upstream) is refused: the artifact is not "
                        + "what was handed over",
                ]
            )
            #expect(kept.map(\.body) == ["handed over", "handed over"])
            #expect(try await bench.ledger.releases().isEmpty)
            #expect(try await bench.count("handoffs_received") == 0)
        }
    }

    /// A pin never changes, whoever says so.
    @Test(arguments: Engine.allCases)
    func anotherPinIsRefused(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.downstreamPlan()]) { bench in
            let message = try Self.message(at: bench.now)
            try await Self.deliver(message, 1, to: bench)
            let first = try #require(try await bench.ledger.handoffsToRead(now: bench.now).first)
            _ = try await bench.ledger.judge(first, Self.same(bench), now: bench.now)
            bench.pass(.seconds(60))
            let other = try Self.message(at: bench.now, etag: "\"other\"")
            try await Self.deliver(other, 1, to: bench)
            let second = try #require(try await bench.ledger.handoffsToRead(now: bench.now).first)
            let answer = try await bench.ledger.judge(second, Self.same(bench), now: bench.now)
            #expect(answer?.why.hasSuffix("is pinned here already, and not as what was handed over") == true)
            let shown = try #require(try await bench.ledger.show(message.handoff.release))
            #expect(shown.decisions?.map(\.verdict) == ["accepted", "refused"])
            #expect(shown.state == "waiting")
            #expect(try await bench.texts("SELECT etag AS text FROM pins") == ["\"etag\""])
        }
    }

    // MARK: Help

    private static func upstreamPlan() throws -> EndpointPlan {
        let (staging, prod) = try (place("staging", here: true), place("prod", here: false))
        let plan = try Bench.plan()
        return try only(
            "staging",
            of: plan,
            Relay(here: [staging], after: [prod], nextGate: GatePlan()),
            true
        )
    }

    private static func downstreamPlan() throws -> EndpointPlan {
        let (staging, prod) = try (place("staging", here: false), place("prod", here: true))
        let senders = ["prod": [try SenderPattern("AROAUPSTREAM:*")]]
        return try only(
            "prod",
            of: try Bench.plan(),
            Relay(before: [staging], here: [prod], senders: senders),
            false
        )
    }

    private static func only(
        _ name: String,
        of plan: EndpointPlan,
        _ relay: Relay,
        _ composes: Bool
    ) throws -> EndpointPlan {
        let stage = try #require(plan.stage(name))
        return EndpointPlan(
            name: plan.name,
            targets: plan.targets,
            image: nil,
            stages: [
                StagePlan(
                    name: name,
                    accounts: stage.accounts,
                    accepts: stage.accepts,
                    soak: stage.soak,
                    gate: stage.gate,
                    relay: relay
                )
            ],
            operators: plan.operators,
            composes: composes
        )
    }

    private static func place(_ name: String, here: Bool) throws -> Promotion.Place {
        let isProd = name == "prod"
        return Promotion.Place(
            stage: name,
            name: name,
            account: isProd ? "333333333333" : "222222222222",
            queue: isProd ? queue : nil,
            isHere: here
        )
    }

    private static func message(
        at moment: Moment,
        from sender: Sender = upstream,
        etag: String = "\"etag\""
    ) throws -> HandoffMessage {
        let url = "s3://registry/demand-de/1.tar.gz"
        let models = [
            "de.tar.gz": ModelVersion(package: World.arn("demand-de", 1), image: "image:1", artifact: url)
        ]
        let identity = Release.identity(endpoint: "demand", models: models)
        let digest = Digest.hex(try Digest.sha256(identity))
        return HandoffMessage(
            handoff: Handoff(
                release: "demand.\(digest.prefix(10))",
                digest: digest,
                stage: "prod",
                models: models,
                evidence: [
                    Evidence(
                        account: "222222222222",
                        stage: "staging",
                        verifiedAt: moment,
                        checks: ["tested"]
                    )
                ]
            ),
            pins: ["de.tar.gz": World.pin(url, etag: etag, sha256: String(repeating: "a", count: 64))],
            sender: sender.id,
            key: "handoff \(sender) \(moment.milliseconds)"
        )
    }

    private static func deliver(_ message: HandoffMessage, _ times: Int, to bench: Bench) async throws {
        let received = Received(
            messageID: "m-\(message.key)",
            sender: message.sender,
            body: "handed over",
            meaning: .handoff(message)
        )
        for _ in 1...times { #expect(try await bench.ledger.record([received], now: bench.now) == [true]) }
    }

    /// The registry says what was handed over.
    private static func same(_ bench: Bench) -> HandoffFinding {
        bench.world.set("demand-de", 1, .approved, at: Bench.start)
        let arn = World.arn("demand-de", 1)
        return .same([bench.world.sight(of: arn, group: "demand-de", now: bench.now)])
    }
}
