import Foundation
import Promotion
import Testing

@testable import Ledger

/// How a ledger comes to be, and who may use it.
@Suite struct OpeningTests {
    @Test(arguments: Engine.allCases)
    func anEmptyPlaceBecomesALedger(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench async throws in
            #expect(try await bench.ledger.releases().isEmpty)
            #expect(try await bench.ledger.quarantine().isEmpty)
            #expect(try await bench.ledger.status().map(\.endpoint) == ["demand"])
            #expect(try await bench.ledger.status(of: "another").isEmpty)
            #expect(try await bench.ledger.show("demand.0123456789") == nil)
            #expect(try await bench.ledger.verdict(on: "a key") == nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func everythingIsThereAfterReopening(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            let unread = Received(
                messageID: "1",
                sender: "AIDA",
                body: "what",
                meaning: .unreadable(reason: "no")
            )
            _ = try await bench.ledger.record([unread, bench.hold("prod", key: "1")], now: bench.now)
            let before = try await Everything(bench.ledger, release.id)
            try await bench.crash()
            #expect(try await Everything(bench.ledger, release.id) == before)
            #expect(before.shown.contains("gateOpened"))
            #expect(before.quarantine.contains("what"))
        }
    }

    @Test(arguments: Engine.allCases)
    func readersReadWhileTheWorkerWorks(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let reader = try await Ledger.open(bench.place.url)
            let release = try await bench.reachGate()
            #expect(try await reader.releases().map(\.id) == [release.id])
            #expect(try await reader.status().first?.open.map(\.id) == [release.id])
        }
    }

    /// SQLite is the ledger of one machine: a second worker is refused, not corrected afterwards.
    @Test func aSecondWorkerOnOneFileIsRefused() async throws {
        try await Bench.run(.sqlite) { bench async throws in
            let error = await #expect(throws: LedgerError.self) {
                _ = try await Ledger.open(bench.place.url, isWorker: true)
            }
            let path = bench.place.url.dropFirst("sqlite:".count)
            #expect(
                error?.description
                    == "another worker uses the ledger at \(path). A SQLite ledger serves one worker; stop the "
                    + "other one, or give this one a ledger of its own."
            )
            #expect(try await bench.ledger.releases().isEmpty)
        }
    }

    /// A ledger that could not be opened must not stay locked for whoever mends it.
    @Test func aFileThatIsNoLedgerIsRefusedAndNotLocked() async throws {
        let place = try SQLitePlace()
        defer { place.remove() }
        try String(repeating: "This is no database. ", count: 100)
            .write(toFile: place.path, atomically: false, encoding: .utf8)
        for _ in 1...2 {
            let error = await #expect(throws: LedgerError.self) {
                _ = try await Ledger.open(place.url, isWorker: true)
            }
            let sentence = try #require(error?.description)
            #expect(sentence.hasPrefix("the ledger at \(place.path) cannot be opened: "))
        }
    }

    @Test func aReaderMakesNoLedger() async throws {
        let place = try SQLitePlace()
        defer { place.remove() }
        let error = await #expect(throws: LedgerError.self) { _ = try await Ledger.open(place.url) }
        #expect(
            error?.description
                == "there is no ledger at \(place.path); `sluice worker --ledger \(place.url)` makes one"
        )
    }

    @Test(arguments: ["", "sqlite:", "ledger.sqlite", "mysql://host/ledger"])
    func whatNamesNoLedgerIsRefused(_ url: String) async throws {
        let error = await #expect(throws: LedgerError.self) { _ = try await Ledger.open(url) }
        #expect(error?.description == "\(url) is no ledger; a ledger is named sqlite:PATH or postgresql://…")
    }

    /// A worker that was killed held claims. Where it held the ledger's lock they are free as soon as another has
    /// it, elsewhere once their term is over, which `crash` lets pass.
    @Test(arguments: Engine.allCases)
    func claimsOfAKilledWorkerAreFree(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            #expect(!work.isRepeated)
            try await bench.crash()
            let again = try #require(try await bench.turn().work.first)
            #expect(again.attempt == work.attempt)
            #expect(again.claim.term == work.claim.term + 1)
            #expect(again.isRepeated)
        }
    }

    /// What a person reads of a ledger, whole.
    private struct Everything: Equatable {
        let shown: String
        let status: String
        let quarantine: String

        init(_ ledger: Ledger, _ release: String) async throws {
            shown = try Ledger.encode(try await ledger.show(release))
            status = try Ledger.encode(try await ledger.status())
            quarantine = try Ledger.encode(try await ledger.quarantine())
        }
    }
}
