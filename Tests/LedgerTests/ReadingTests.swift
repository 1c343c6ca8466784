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
            let keys: Set = ["endpoint", "serving", "open", "holds", "bars", "troubles"]
            #expect(Set(shown.keys) == keys)
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
