import Promotion
import Testing

@testable import Ledger

/// The journal's chains: what was written stays as it was, or it shows.
@Suite struct ChainTests {
    /// What somebody who can write to the database might do to the journal of a release.
    enum Tampering: CaseIterable {
        case text, hash, middle, several, tail, everything, swapped, moved, added, head, headless

        var kind: Verification.Fault.Kind {
            switch self {
            case .text, .hash, .added, .head, .headless: .altered
            case .middle, .several, .moved: .missing
            case .tail, .everything: .cutOff
            case .swapped: .reordered
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func aWholeWalkIsSound(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.rejectSecond()
            try await bench.work()
            _ = try await bench.ledger.record([bench.hold("prod", key: "h\0")], now: bench.now)
            let found = try await bench.ledger.verify()
            #expect(found.isSound, "\(found.faults)")
            #expect(Int64(found.lines) == (try await bench.count("journal")))
            let chains = try await bench.rows("SELECT DISTINCT COALESCE(release, endpoint, '') FROM journal")
            #expect(found.chains == chains.count && chains.count > 2)
        }
    }

    @Test(arguments: Engine.allCases)
    func anEmptyJournalIsSound(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let found = try await bench.ledger.verify()
            #expect(found.isSound && found.lines == 0 && found.chains == 0)
        }
    }

    /// What an engine cannot keep is hashed as it is kept.
    @Test(arguments: Engine.allCases)
    func aLineOfStrangeTextIsSound(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let now = bench.now
            for text in ["a\0b", "e\u{301}", "é", "", "7:x,-,", "\u{1B}[2J"] {
                try await bench.ledger.store.write { [ledger = bench.ledger] transaction in
                    _ = try ledger.journal("event", text, stage: text, text, in: transaction, now: now)
                }
            }
            let found = try await bench.ledger.verify()
            #expect(found.isSound && found.lines == 6, "\(found.faults)")
        }
    }

    @Test(arguments: Engine.allCases, Tampering.allCases)
    func whatWasTamperedWithIsNamed(_ engine: Engine, _ tampering: Tampering) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate().id
            let whole = try await bench.ledger.verify()
            let ids = try await bench.rows("SELECT id FROM journal WHERE release = '\(release)' ORDER BY id")
                .map { try $0.integer("id") }
            try #require(ids.count > 6 && whole.isSound)
            let named = try await Self.tamper(tampering, with: ids, of: release, in: bench)

            let found = try await bench.ledger.verify()
            let fault = try #require(found.faults.first { $0.chain == release })
            // What was moved to another chain does not fit there either.
            #expect(found.faults.count == (tampering == .moved ? 2 : 1))
            #expect((fault.kind, fault.id) == (tampering.kind, named))
            #expect(found.chains == whole.chains - 1)
            #expect(found.lines <= whole.lines)
        }
    }

    @Test(arguments: Engine.allCases)
    func theJournalIsExportedInPages(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate().id
            let now = bench.now
            try await bench.ledger.store.write { [ledger = bench.ledger] transaction in
                for number in 1...1200 {
                    try ledger.journal("event", "filler", "\(number)", in: transaction, now: now)
                }
            }
            for only in [nil, release] as [String?] {
                var (lines, sizes): ([ExportedLine], [Int]) = ([], [])
                while true {
                    let page = try await bench.ledger.export(of: only, after: lines.last?.id ?? 0)
                    if page.isEmpty { break }
                    lines += page
                    sizes.append(page.count)
                }
                let rows = try await bench.rows("SELECT * FROM journal ORDER BY id")
                    .filter { try only == nil || $0.optionalText("release") == only }
                #expect(lines.map(\.id) == (try rows.map { try $0.integer("id") }))
                #expect(lines.map(\.hash) == (try rows.map { try $0.text("hash") }))
                #expect(sizes.allSatisfy { $0 <= 500 } && sizes.count == (only == nil ? 3 : 1))
            }
        }
    }

    /// - Returns: The line that has to be named.
    private static func tamper(
        _ tampering: Tampering,
        with ids: [Int64],
        of release: String,
        in bench: Bench
    ) async throws -> Int64? {
        let (a, b, last) = (ids[2], ids[4], ids[ids.count - 1])
        let other = String(repeating: "a", count: 64)
        let (changes, named): ([String], Int64?) =
            switch tampering {
            case .text: (["UPDATE journal SET text = 'nothing happened' WHERE id = \(a)"], a)
            case .hash: (["UPDATE journal SET hash = '\(other)' WHERE id = \(a)"], a)
            case .middle: (["DELETE FROM journal WHERE id = \(a)"], ids[3])
            case .several: (["DELETE FROM journal WHERE id IN (\(a), \(ids[3]))"], b)
            case .tail:
                (["DELETE FROM journal WHERE id IN (\(last), \(ids[ids.count - 2]))"], ids[ids.count - 3])
            case .everything: (["DELETE FROM journal WHERE release = '\(release)'"], nil)
            case .swapped:
                (
                    [
                        "UPDATE journal SET id = 99999 WHERE id = \(a)",
                        "UPDATE journal SET id = \(a) WHERE id = \(b)",
                        "UPDATE journal SET id = \(b) WHERE id = 99999",
                    ], a
                )
            case .moved: (["UPDATE journal SET release = 'demand.another' WHERE id = \(a)"], ids[3])
            case .added:
                (
                    [
                        """
                        INSERT INTO journal (id, number, at, kind, name, endpoint, release, text, hash)
                        VALUES (99999, \(ids.count + 1), 0, 'event', 'n', 'demand', '\(release)', 't', '\(other)')
                        """
                    ], 99999
                )
            case .head: (["UPDATE journal_heads SET hash = '\(other)' WHERE chain = '\(release)'"], last)
            case .headless: (["DELETE FROM journal_heads WHERE chain = '\(release)'"], last)
            }
        let on = bench.place.isShared ? " ON journal" : ""
        try await bench.ledger.store.write { transaction in
            for trigger in ["journal_is_written_once", "journal_is_kept"] {
                try transaction.run("DROP TRIGGER \(trigger)\(on)", [])
            }
            for change in changes { #expect(try transaction.run(change, []) > 0, "\(change)") }
        }
        return named
    }
}
