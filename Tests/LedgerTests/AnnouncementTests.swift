import Foundation
import Promotion
import Testing

@testable import Ledger

/// Decisions that are still to be put on the event bus: each is owed until it was sent.
@Suite struct AnnouncementTests {
    @Test(arguments: Engine.allCases)
    func everyDecisionAboutAReleaseIsOwed(_ engine: Engine) async throws {
        try await Bench.run(engine, announces: true) { bench in
            let release = try await bench.reachGate()
            let due = try await bench.ledger.announcementsDue(limit: 100, now: bench.now)
            let shown = try #require(try await bench.ledger.show(release.id))
            let decisions = shown.journal?.filter { $0.kind == "decision" } ?? []
            #expect(due.map(\.release) == decisions.map { _ in release.id })
            let details = try due.map(Self.detail)
            #expect(details.map { $0["name"] } == decisions.map(\.name))
            #expect(details.map { $0["at"] } == decisions.map(\.at))
            #expect(details.map { $0["text"] } == decisions.map(\.text))
            let verified = try #require(details.first { $0["name"] == "verified" })
            #expect(
                verified.keys.sorted() == [
                    "account", "at", "endpoint", "id", "name", "release", "stage", "text",
                ]
            )
            #expect(verified["endpoint"] == "demand")
            #expect(verified["account"] == "staging")
            #expect(Set(details.map { $0["id"] }).count == details.count)
        }
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

    private static func detail(_ announcement: Announcement) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: Data(announcement.detail.utf8))
    }
}
