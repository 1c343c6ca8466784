import Foundation
import Native
import Testing

/// The journal's chains, through the commands and on the ledger of a real worker.
@Suite(.enabled(if: LocalAWS.url != nil))
struct LedgerCommandTests {
    @Test func theJournalIsVerifiedAndExportedAndTamperingFound() async throws {
        try await World.with { world in
            let heard = try await world.subscribe()
            let beginning = try await world.begin()
            await beginning.worker.stop()
            let first = beginning.first
            let verified = try await world.sluice("ledger", "verify")
            #expect(verified.status == 0)
            #expect(verified.output.hasPrefix("sound: "))

            let exported = try await world.sluice("ledger", "export", first.id)
            #expect(exported.status == 0)
            let lines = try exported.output.split(separator: "\n").map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
            }
            let journal = try #require(try await world.show(first).journal)
            #expect(lines.map { $0["text"]?.string } == journal.map(\.text))
            #expect(lines.allSatisfy { $0["release"]?.string == first.id })
            let hashes = Set(lines.compactMap { $0["hash"]?.string })
            #expect(hashes.count == lines.count)
            let heads = try await world.announced(on: heard)
                .filter { $0["release"]?.string == first.id }.compactMap { $0["head"]?.string }
            #expect(!heads.isEmpty && hashes.isSuperset(of: heads))
            let whole = try await world.sluice("ledger", "export").output.split(separator: "\n")
            #expect(whole.count > lines.count)
            #expect(try await world.sluice("ledger", "export", "nobody.0123456789").status == 1)

            try await world.tamper(with: first.id)
            let found = try await world.sluice("ledger", "verify")
            #expect(found.status == 1)
            #expect(found.output.contains(/altered: line \d+ of demand-forecast\./))
            let json = try await world.sluice("ledger", "verify", "--json")
            #expect(json.status == 1)
            let value = try JSONDecoder().decode(JSONValue.self, from: Data(json.output.utf8))
            #expect(value["faults"]?[0]?["kind"]?.string == "altered")
            #expect(value["faults"]?[0]?["chain"]?.string == first.id)
        }
    }
}
