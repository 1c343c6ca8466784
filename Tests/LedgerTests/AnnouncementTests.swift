import Foundation
import Testing

@testable import Ledger
@testable import Promotion

/// Decisions that are still to be put on the event bus: each is owed until it was sent.
@Suite struct AnnouncementTests {
    @Test(arguments: Engine.allCases)
    func everyDecisionIsOwed(_ engine: Engine) async throws {
        try await Bench.run(engine, plans: [try Self.plan()], announces: true) { bench in
            let release = try await bench.reachGate()
            let details = try await Self.details(bench)
            let lines = try await bench.rows("SELECT * FROM journal WHERE kind = 'decision' ORDER BY id")
            #expect(details.map(\.name) == (try lines.map { try $0.text("name") }))
            #expect(details.map(\.text) == (try lines.map { try $0.text("text") }))
            #expect(details.map(\.release) == (try lines.map { try $0.optionalText("release") }))
            #expect(Set(details.map(\.id)).count == details.count)
            #expect(details.map(\.head) == (try lines.map { try $0.text("hash") }))

            let composed = try #require(details.first { $0.name == "composed" })
            #expect(composed.models == release.models)
            #expect((composed.release, composed.number, composed.state) == (release.id, 1, .rolling))
            let verified = try #require(details.first { $0.name == "verified" })
            #expect((verified.endpoint, verified.account, verified.stage) == ("demand", "staging", "staging"))
            #expect((verified.nextStage, verified.checks) == ("prod", ["integration"]))
            let gate = try #require(details.first { $0.name == "reachedGate" })
            #expect(
                (gate.stage, gate.state, gate.instructions) == ("prod", .waiting, "look at the holdout week")
            )
            #expect(gate.models == nil && gate.checks == nil)
        }
    }

    /// What is decided about an endpoint as a whole is told too, under its name.
    @Test(arguments: Engine.allCases)
    func aDecisionAboutAnEndpointIsOwed(_ engine: Engine) async throws {
        try await Bench.run(engine, announces: true) { bench in
            _ = try await bench.ledger.record([bench.hold("prod", key: "h")], now: bench.now)
            let due = try await bench.ledger.announcementsDue(limit: 100, now: bench.now)
            #expect(due.map(\.endpoint) == ["demand"])
            #expect(due.map(\.release) == [nil])
            let detail = try #require(try await Self.details(bench).first)
            #expect((detail.name, detail.stage) == ("hold accepted", "prod"))
            #expect(detail.id.hasPrefix("demand#"))
            #expect(detail.state == nil && detail.number == nil)
        }
    }

    /// An attempt that ends otherwise than verified is told with its reason, before what follows from it.
    @Test(arguments: Engine.allCases)
    func anAttemptsEndIsOwed(_ engine: Engine) async throws {
        try await Bench.run(engine, announces: true) { bench in
            let work = try await bench.firstWork()
            let failed = Attempt.Event.effectFailed(Failure(.invalid, "no such role"))
            _ = try await bench.turn([.attempt(work.claim, [], failed)])
            let details = try await Self.details(bench).suffix(3)
            #expect(details.map(\.name) == ["attemptEnded", "ended", "approvalEnded"])
            #expect(details.first?.text == "failed: no such role")
            #expect(details.map(\.account) == ["staging", nil, nil])
            #expect(details.map(\.state) == [.failed, .failed, .failed])
        }
    }

    /// EventBridge takes 256 KB; what is too long for it is cut and still told.
    @Test(arguments: [("text", 100_000, 1), ("models", 1, 5000)])
    func aLongDetailIsCut(_ what: String, _ length: Int, _ models: Int) throws {
        let versions = (1...models).map { number in
            let package = World.arn("demand-with-a-long-name", number)
            return ("demand-\(number).tar.gz", ModelVersion(package: package, image: "i", artifact: "a"))
        }
        let release = Release(
            endpoint: "demand",
            digest: String(repeating: "a", count: 64),
            number: 1,
            opening: 1,
            models: Dictionary(uniqueKeysWithValues: versions),
            course: [],
            now: Moment(milliseconds: 0)
        )
        let note = Note("composed", release: release.id, String(repeating: "\u{1}ü", count: length))
        let detail = Announcement.Detail(
            note,
            line: 1,
            head: String(repeating: "a", count: 64),
            of: try Bench.plan(),
            release: release,
            at: "now"
        )
        #expect(detail.text.utf8.count <= 16_000)
        #expect(detail.text.hasSuffix(" … (cut)") == (length > 1))
        let json = try detail.encoded()
        #expect(json.utf8.count < 200_000)
        let sent = try JSONDecoder().decode(Announcement.Detail.self, from: Data(json.utf8))
        #expect((sent.models == nil) == (models > 1))
    }

    @Test(arguments: Engine.allCases)
    func whatIsSentIsOwedNoMore(_ engine: Engine) async throws {
        try await Bench.run(engine, announces: true) { bench in
            _ = try await bench.reachGate()
            let due = try await bench.ledger.announcementsDue(limit: 2, now: bench.now)
            #expect(due.count == 2)
            try await bench.ledger.announced(due, isSent: [true, false], now: bench.now)
            let rest = try await bench.ledger.announcementsDue(limit: 100, now: bench.now)
            #expect(!rest.contains { due.map(\.journalID).contains($0.journalID) })
            // What was not sent comes again later, under the same id, and later still each time.
            for pause in [1, 2, 4] {
                bench.pass(.seconds(pause) - .milliseconds(1))
                #expect(try await !Self.isDue(due[1], bench))
                bench.pass(.milliseconds(1))
                #expect(try await Self.isDue(due[1], bench))
                try await bench.ledger.announced([due[1]], isSent: [false], now: bench.now)
            }
            try await bench.crash()
            bench.pass(.seconds(3600))
            let again = try await bench.ledger.announcementsDue(limit: 1, now: bench.now)
            #expect(again.map(\.detail) == [due[1].detail])
            try await bench.ledger.announced(again, isSent: [true], now: bench.now)
            #expect(try await !Self.isDue(due[1], bench))
        }
    }

    /// A bus that takes nothing must not keep a worker that is to end once it is idle.
    @Test(arguments: Engine.allCases)
    func whatWasNeverOfferedToTheBusKeepsTheWorker(_ engine: Engine) async throws {
        try await Bench.run(engine, announces: true) { bench in
            _ = try await bench.reachGate()
            #expect(try await !bench.ledger.isIdle(for: .seconds(60), now: bench.now))
            let due = try await bench.ledger.announcementsDue(limit: 100, now: bench.now)
            try await bench.ledger.announced(due, isSent: due.map { _ in false }, now: bench.now)
            #expect(try await bench.ledger.isIdle(for: .seconds(60), now: bench.now))
        }
    }

    @Test(arguments: Engine.allCases)
    func withoutABusNothingIsOwed(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.reachGate()
            #expect(try await bench.count("announcements") == 0)
        }
    }

    private static func isDue(_ announcement: Announcement, _ bench: Bench) async throws -> Bool {
        try await bench.ledger.announcementsDue(limit: 1000, now: bench.now)
            .contains { $0.journalID == announcement.journalID }
    }

    private static func details(_ bench: Bench) async throws -> [Announcement.Detail] {
        try await bench.ledger.announcementsDue(limit: 1000, now: bench.now).map {
            try JSONDecoder().decode(Announcement.Detail.self, from: Data($0.detail.utf8))
        }
    }

    /// Prod waits for a person and for a check.
    private static func plan() throws -> EndpointPlan {
        let plan = try Bench.plan()
        let prod = try #require(plan.stages.last)
        var gate = prod.gate
        gate.instructions = "look at the holdout week"
        gate.checks = [CheckPlan(name: "integration", senders: [])]
        let strict = StagePlan(
            name: prod.name,
            accounts: prod.accounts,
            accepts: prod.accepts,
            soak: prod.soak,
            gate: gate
        )
        return EndpointPlan(
            name: plan.name,
            targets: plan.targets,
            image: nil,
            stages: plan.stages.dropLast() + [strict],
            operators: plan.operators
        )
    }
}
