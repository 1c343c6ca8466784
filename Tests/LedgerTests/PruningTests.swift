import Promotion
import Testing

@testable import Ledger

/// What the ledger finds to be removed from an account, and what it forgets with it.
@Suite struct PruningTests {
    @Test(arguments: Engine.allCases)
    func onlyWhatNobodyNeedsIsLeftOver(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let ids = try await bench.releaseFive()
            // The fifth is open at prod's gate, the fourth serves there, and the third is its way back.
            #expect(try await bench.leftovers(in: "prod", keep: 0) == [ids[1], ids[0]])
            #expect(try await bench.leftovers(in: "prod", keep: 1) == [ids[0]])
            #expect(try await bench.leftovers(in: "prod", keep: 2) == [])
            // Staging serves the fifth already; the fourth is its way back.
            #expect(try await bench.leftovers(in: "staging", keep: 0) == [ids[2], ids[1], ids[0]])
            #expect(try await bench.leftovers(in: "elsewhere", keep: 0) == [])
        }
    }

    @Test(arguments: Engine.allCases)
    func whatIsGivenUpIsNoWayBackAndIsCopiedAnew(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let ids = try await bench.releaseFive()
            let found = try await bench.ledger.leftovers(of: "demand", in: "prod", keep: 1)
            let leftover = try #require(found.first)
            #expect(leftover.release.id == ids[0])
            #expect(leftover.attempts == [1])
            try #require(try await bench.rows(of: "copies", ids[0], "prod") > 0)

            #expect(try await bench.ledger.giveUp(leftover, keep: 1, live: []))
            for table in ["copies", "verified"] {
                #expect(try await bench.rows(of: table, ids[0], "prod") == 0)
                #expect(try await bench.rows(of: table, ids[0], "staging") > 0)
                #expect(try await bench.rows(of: table, ids[1], "prod") > 0)
            }
            // A worker that is killed before it has removed everything finds it again.
            try await bench.crash()
            #expect(try await bench.leftovers(in: "prod", keep: 1) == [ids[0]])
            try await bench.ledger.pruned(leftover, "removed 2 artifacts", now: bench.now)
            #expect(try await bench.leftovers(in: "prod", keep: 1) == [])
            #expect(try await bench.leftovers(in: "staging", keep: 1) == [ids[1], ids[0]])
            let line = try await bench.ledger.show(ids[0])?.journal?.last
            #expect(line?.name == "pruned")
            #expect(line?.account == "prod")
            #expect(line?.text == "removed 2 artifacts")
        }
    }

    @Test(arguments: Engine.allCases)
    func whatCameIntoUseSinceStays(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let ids = try await bench.releaseFive()
            let found = try await bench.ledger.leftovers(of: "demand", in: "prod", keep: 1)
            let leftover = try #require(found.first)
            let config = try await bench.texts(
                "SELECT config AS text FROM attempts WHERE release = '\(ids[0])' AND account = 'prod'"
            )
            #expect(
                try await !bench.ledger.giveUp(leftover, keep: 1, live: Set(config)),
                "its config is live"
            )
            #expect(try await !bench.ledger.giveUp(leftover, keep: 2, live: []), "more is to be kept")
            #expect(try await bench.ledger.giveUp(leftover, keep: 1, live: ["somebody-else's"]))
        }
    }

    @Test(arguments: Engine.allCases)
    func whatIsWantedAgainStays(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let ids = try await bench.releaseFive()
            let found = try await bench.ledger.leftovers(of: "demand", in: "prod", keep: 1)
            let deploy = bench.request(
                "deploy",
                .deploy(models: ["de.tar.gz": World.arn("demand-de", 1)]),
                .endpoint("demand"),
                key: "deploy"
            )
            _ = try await bench.ledger.record([deploy], now: bench.now)
            _ = try await bench.turn()
            #expect(try await bench.ledger.show(ids[0])?.endedAt == nil)
            #expect(try await !bench.ledger.giveUp(#require(found.first), keep: 1, live: []))
            #expect(try await bench.leftovers(in: "prod", keep: 0) == [ids[1]])
        }
    }
}

extension Bench {
    /// Four releases in both accounts, and a fifth at the gate of prod; their ids in order.
    fileprivate func releaseFive() async throws -> [String] {
        var ids = [try await reachGate().id]
        for number in 2...5 {
            let promotion = promotion(of: ids[ids.count - 1], key: "promotion \(number)")
            _ = try await ledger.record([promotion], now: now)
            try await work()
            pass(.seconds(60))
            try await approve("demand-de", number)
            try await work()
            let newest = try #require(try await ledger.releases().first)
            try #require(newest.number == number && newest.serving.contains("staging"))
            ids.append(newest.id)
        }
        return ids
    }

    fileprivate func leftovers(in account: String, keep: Int) async throws -> [String] {
        try await ledger.leftovers(of: "demand", in: account, keep: keep).map(\.release.id)
    }

    fileprivate func rows(of table: String, _ release: String, _ account: String) async throws -> Int64 {
        let rows = try await rows(
            "SELECT COUNT(*) AS count FROM \(table) WHERE release = '\(release)' AND account = '\(account)'"
        )
        return try #require(rows.first).integer("count")
    }
}
