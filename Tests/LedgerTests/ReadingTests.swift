import Foundation
import Promotion
import Testing

@testable import Ledger

/// What the reading commands print. People script against these names.
@Suite struct ReadingTests {
    @Test(arguments: Engine.allCases)
    func releasesHaveTheirShape(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.reachGate()
            bench.pass(.seconds(3600))
            try await bench.approve("demand-de", 2)
            try await bench.work(within: .seconds(300))
            let releases = try Self.list(try await bench.ledger.releases())
            #expect(releases.map { $0["number"] as? Int } == [2, 1])
            for release in releases {
                #expect(Self.required.isSubset(of: release.keys))
                #expect(Set(release.keys).subtracting(Self.required).isSubset(of: Self.beyond))
                let stages = try #require(release["stages"] as? [[String: Any]])
                #expect(stages.map { $0["stage"] as? String } == ["staging", "prod"])
                for stage in stages {
                    #expect(Set(stage.keys) == ["stage", "state", "accounts", "waitingFor"])
                    #expect(stage["waitingFor"] is [String])
                    let accounts = try #require(stage["accounts"] as? [[String: Any]])
                    #expect(accounts.allSatisfy { Set($0.keys) == ["name", "state"] })
                }
                let models = try #require(release["models"] as? [String: String])
                #expect(models.keys.sorted() == ["de.tar.gz", "fr.tar.gz"])
            }
            #expect(releases.map { $0["state"] as? String } == ["rolling", "waiting"])
            #expect(releases.map { $0["serving"] as? [String] } == [["staging"], []])
            #expect(releases.map { $0["endpoint"] as? String } == ["demand", "demand"])
            let id = try #require(releases.first?["id"] as? String)
            #expect(id.wholeMatch(of: /demand\.[0-9a-f]{10}/) != nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func releasesAreOfOneEndpointWhereAsked(_ engine: Engine) async throws {
        let plans = [
            try Bench.plan("a", targets: ["m": "group-a"]), try Bench.plan("b", targets: ["m": "group-b"]),
        ]
        try await Bench.run(engine, plans: plans) { bench in
            for group in ["group-a", "group-b"] { bench.world.set(group, 1, .approved, at: bench.now) }
            try await bench.resync()
            try await bench.work()
            #expect(try await bench.ledger.releases().map(\.endpoint) == ["a", "b"])
            #expect(try await bench.ledger.releases(of: "b").map(\.endpoint) == ["b"])
            #expect(try await bench.ledger.releases(of: "c").isEmpty)
            #expect(try await bench.ledger.status(of: "b").map(\.endpoint) == ["b"])
        }
    }

    @Test(arguments: Engine.allCases)
    func showAddsWhatHappened(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            let retry = bench.request(
                "retry",
                .retry(release: release.id, target: nil),
                .release(release.id),
                key: "1"
            )
            let stranger = bench.promotion(of: release.id, key: "2", sender: Sender("AIDASTRANGER"))
            _ = try await bench.ledger.record([retry, stranger], now: bench.now)
            bench.pass(.seconds(1))
            _ = try await bench.ledger.record([bench.promotion(of: release.id, key: "0")], now: bench.now)
            try await bench.work()

            let view = try #require(try await bench.ledger.show(release.id))
            let shown = try #require(try Self.list([view]).first)
            #expect(Self.required.union(["journal", "decisions"]).isSubset(of: shown.keys))
            #expect(shown["state"] as? String == "released")

            let decisions = try #require(shown["decisions"] as? [[String: Any]])
            let keys: Set = ["action", "stage", "sender", "reason", "verdict", "why", "at"]
            #expect(decisions.allSatisfy { Set($0.keys) == keys })
            #expect(decisions.map { $0["action"] as? String } == ["retry", "promote", "promote"])
            #expect(decisions.map { $0["verdict"] as? String } == ["refused", "refused", "accepted"])
            #expect(decisions.map { $0["stage"] as? String } == [nil, "prod", "prod"])

            let journal = try #require(shown["journal"] as? [[String: Any]])
            let known: Set = ["at", "kind", "name", "account", "stage", "text"]
            #expect(journal.allSatisfy { Set($0.keys).isSubset(of: known) })
            #expect(journal.allSatisfy { Set(["at", "kind", "name", "text"]).isSubset(of: $0.keys) })
            #expect(Set(journal.compactMap { $0["kind"] as? String }) == ["event", "decision", "effect"])
            let names = journal.compactMap { $0["name"] as? String }
            let story = [
                "composed", "gateOpened", "inspect", "inspected", "soakEnded", "reachedGate",
                "promote accepted", "verified", "ended",
            ]
            var rest = names[...]
            for name in story {
                let index = try #require(rest.firstIndex(of: name), "\(name) in \(names)")
                rest = rest[(index + 1)...]
            }
            // A release among others is listed without its journal.
            #expect(try await bench.ledger.releases().allSatisfy { $0.journal == nil && $0.decisions == nil })
        }
    }

    @Test(arguments: Engine.allCases)
    func theQuarantineIsShownWhole(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let body = "\u{1B}[31m{\"a\": \"\u{0}ä\"}\n" + String(repeating: "x", count: 100_000)
            let messages = [("1", "AIDA"), ("2", nil)].map { id, sender in
                Received(messageID: id, sender: sender, body: body, meaning: .unreadable(reason: "no"))
            }
            _ = try await bench.ledger.record(messages, now: bench.now)
            let shown = try Self.list(try await bench.ledger.quarantine())
            #expect(shown.count == 2)
            for message in shown {
                #expect(Set(message.keys) == ["id", "receivedAt", "sender", "reason", "body"])
                #expect(message["body"] as? String == body)
                #expect(message["receivedAt"] as? String == Ledger.text(bench.now))
            }
            #expect(shown.map { $0["sender"] as? String } == ["AIDA", nil])
        }
    }

    @Test(arguments: Engine.allCases)
    func statusSaysWhatServesAndWhatIsInTheWay(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            let served = bench.now
            _ = try await bench.ledger.record([bench.hold(nil, key: "1")], now: bench.now)
            let view = try #require(try await bench.ledger.status().first)
            #expect(view.serving.map(\.name) == ["staging"])
            #expect(view.serving.map(\.release) == [release.id])
            #expect(view.serving.map(\.since) == [Ledger.text(served - .seconds(600))])
            #expect(view.serving.first?.models == release.models)
            #expect(view.open.map(\.id) == [release.id])
            #expect(view.holds.map(\.by) == ["AIDAMANAGER"])
            #expect(view.holds.map(\.stage) == [nil])
            let shown = try #require(try Self.list([view]).first)
            let keys: Set = [
                "endpoint", "serving", "open", "holds", "bars", "troubles", "stages", "underWay",
                "shortfalls", "leftOut",
            ]
            #expect(Set(shown.keys) == keys)
            #expect(view.stages.map(\.stage) == ["staging", "prod"])
            #expect(view.serving.map(\.stage) == ["staging"])
        }
    }

    /// Whatever is not at its end says since when, what it waits for, and until when.
    @Test(arguments: Engine.allCases)
    func whatIsUnderWaySaysSinceWhenAndUntilWhen(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now)
            try await bench.resync()
            try await bench.work(within: .seconds(60))
            let soaking = try await bench.ledger.underWay()
            #expect(soaking.map(\.account) == ["staging"])
            #expect(soaking.map(\.state) == ["soaking"])
            #expect(soaking.map(\.since) == [Ledger.text(bench.now)])
            let end = Ledger.text(bench.now + .seconds(600))
            #expect(soaking.map(\.until) == [end])
            #expect(soaking.map(\.waitsFor) == [["the soak, until \(end)"]])

            try await bench.work()
            let waiting = try await bench.ledger.underWay()
            #expect(waiting.map(\.account) == [nil])
            #expect(waiting.map(\.stage) == ["prod"])
            #expect(waiting.map(\.since) == [end])
            let expiry = Ledger.text(bench.now + .seconds(7 * 24 * 3600))
            #expect(waiting.map(\.until) == [expiry])
            #expect(waiting.first?.waitsFor == ["approval by a person for prod, until \(expiry)"])
            #expect(try await bench.ledger.status().first?.underWay == waiting)
        }
    }

    /// A look that finds an endpoint still changing, and a failure that is tried again, begin nothing anew.
    @Test(arguments: Engine.allCases)
    func aStateIsAsOldAsTheEventThatLedToIt(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            let began = bench.now
            bench.pass(.seconds(5))
            let failure = Outcome.attempt(work.claim, [], .effectFailed(Failure(.throttled, "slow down")))
            _ = try await bench.turn([failure], capacity: 0)
            let parts = try await bench.ledger.underWay()
            #expect(parts.map(\.since) == [Ledger.text(began)])
            #expect(parts.first?.waitsFor.first?.hasPrefix("slow down; tried again at ") == true)
        }
    }

    /// What it carried and tried is the evidence that a release's story is told with.
    @Test(arguments: Engine.allCases)
    func showNamesTheDecisionsItCarriedAndItsAttempts(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let first = try await bench.reachGate()
            let de = try await bench.approve("demand-de", 2)
            try await bench.work()
            let overtaken = try #require(try await bench.ledger.show(first.id))
            #expect(overtaken.state == "superseded")
            let second = try #require(try await bench.ledger.releases().first)
            let shown = try #require(try await bench.ledger.show(second.id))
            #expect(shown.approvals?.map(\.package) == [de, World.arn("demand-fr", 1)])
            // The other version is carried on by the release that overtook the one it came with.
            #expect(shown.approvals?.map(\.release) == [second.id, second.id])
            #expect(overtaken.approvals?.map(\.ending) == ["superseded", nil])
            let attempt = try #require(shown.attempts?.first)
            #expect((attempt.account, attempt.number, attempt.state) == ("staging", 1, "verified"))
            #expect(attempt.changes == ["de.tar.gz"])
            #expect(attempt.verifiedAt != nil && attempt.endedAt != nil)
        }
    }

    /// A stranger sees from the release that was left where its accounts went, and from what serves why.
    @Test(arguments: Engine.allCases)
    func aWayBackIsShownWhileItLastsAndAfterwards(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let (first, second) = try await bench.rejectSecond()
            let looks = bench.perform(try await bench.turn())
            _ = try await bench.turn(looks, capacity: 0)
            let back = try await bench.ledger.underWay()
            #expect(Set(back.map(\.account)) == ["staging", "prod"])
            #expect(back.allSatisfy { $0.rollback && $0.release == first.id })

            try await bench.work()
            #expect(try await bench.ledger.underWay().isEmpty)
            let left = try #require(try await bench.ledger.show(second.id))
            #expect(left.state == "aborted")
            #expect(left.stages.map(\.state) == ["rolled-back", "aborted"])
            #expect(left.stages.flatMap(\.accounts).map(\.state) == ["rolled-back", "rolled-back"])
            #expect(left.approvals?.map(\.status) == ["Rejected", "Approved"])
            let ways = (left.attempts ?? []).filter(\.rollback)
            #expect(Set(ways.map(\.account)) == ["staging", "prod"])
            #expect(ways.allSatisfy { $0.release == first.id && $0.leaves == second.id })
            let returned = try #require(try await bench.ledger.show(first.id))
            #expect(returned.serving == ["prod", "staging"])
            #expect(returned.stages.flatMap(\.accounts).map(\.state) == ["verified", "verified"])
        }
    }

    /// Whoever follows gets each line once, those of before first.
    @Test(arguments: Engine.allCases)
    func aReleaseIsFollowedLineByLine(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            let (_, lines) = try #require(try await bench.ledger.follow(release.id, after: 0))
            let last = try #require(lines.last?.line)
            #expect(try await bench.ledger.follow(release.id, after: last)?.lines.isEmpty == true)
            _ = try await bench.ledger.record([bench.promotion(of: release.id)], now: bench.now)
            try await bench.work()
            let (view, more) = try #require(try await bench.ledger.follow(release.id, after: last))
            #expect(view.state == "released")
            #expect(more.first?.entry.name == "promote accepted")
            let journal = try await bench.ledger.show(release.id)?.journal ?? []
            #expect((lines + more).map(\.entry.name) == journal.map(\.name))
            #expect(try await bench.ledger.follow("nope", after: 0) == nil)
        }
    }

    /// Every millisecond is the one that was recorded: a time that is rounded cannot be looked for.
    @Test func momentsAreWrittenToTheMillisecond() {
        #expect(Ledger.text(Moment(milliseconds: 0)) == "1970-01-01T00:00:00.000Z")
        let wrong = (0..<1000).filter { millisecond in
            let text = Ledger.text(Moment(milliseconds: 1_780_000_000_000 + Int64(millisecond)))
            return text != "2026-05-28T20:26:40.\(String(1000 + millisecond).dropFirst())Z"
        }
        #expect(wrong.isEmpty)
    }

    @Test(arguments: Engine.allCases)
    func aConfigIsKnownWhereSluiceMadeIt(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.reachGate()
            let config = try #require(bench.world.live["staging"])
            #expect(try await bench.ledger.knows(config: config, in: "staging"))
            #expect(try await !bench.ledger.knows(config: config, in: "prod"))
            #expect(try await !bench.ledger.knows(config: "another", in: "staging"))
        }
    }

    /// The names of the contract, and those that are printed besides.
    private static let required: Set = ["id", "number", "endpoint", "state", "models", "serving", "stages"]
    private static let beyond: Set = ["reason", "createdAt", "endedAt"]

    private static func list(_ values: some Encodable) throws -> [[String: Any]] {
        let data = try JSONEncoder().encode(values)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    }

    /// The worker logs each decision once, whoever took it.
    @Test(arguments: Engine.allCases)
    func decisionsAreReadOnceInTheirOrder(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let start = try await bench.ledger.journalEnd()
            let release = try await bench.reachGate()
            let first = try await bench.ledger.decisions(after: start)
            let names = first.map(\.note.name).filter {
                ["composed", "gateOpened", "verified", "reachedGate"].contains($0)
            }
            #expect(names == ["composed", "gateOpened", "verified", "reachedGate"])
            #expect(first.last?.note.release == release.id)
            let end = try #require(first.last?.line)
            #expect(try await bench.ledger.decisions(after: end).isEmpty)
        }
    }
}
