import Promotion
import TestTools
import Testing

@testable import Ledger

/// The real ledger under random events and kills. The schema refuses what must never be; what has to come
/// to rest is looked at in the end.
@Suite struct WanderTests {
    @Test(arguments: Engine.allCases, 0..<6)
    func everythingComesToRest(_ engine: Engine, seed: Int) async throws {
        try await Bench.run(engine) { bench in
            var chance = Chance(seed: UInt64(seed))
            for step in 0..<70 {
                bench.pass(.seconds(Int64(chance.below(90))))
                try await Self.act(on: bench, &chance, step)
            }
            try await Self.comeToRest(bench)

            let open = try await bench.texts(
                "SELECT release || ' ' || account || ' ' || state AS text FROM attempts WHERE ended_at IS NULL"
            )
            #expect(open == [])
            let waiting = try await bench.ledger.releases().filter {
                ["waiting", "rolling"].contains($0.state)
            }
            for release in waiting {
                let isPending = release.models.values.contains {
                    bench.world.versions[$0]?.status == .pending
                }
                #expect(isPending, "release \(release.number) is \(release.state) for ever")
            }
            let orphans = try await bench.texts(
                """
                SELECT a.package AS text FROM approvals a LEFT JOIN releases r ON r.id = a.release
                WHERE a.ending IS NULL AND (r.id IS NULL OR r.ended_at IS NOT NULL)
                """
            )
            #expect(orphans == [])
            let rejected = try await bench.texts(
                """
                SELECT s.account AS text FROM serving s, packages p, releases r
                WHERE r.id = s.release AND s.stranded = 0 AND p.status = 'Rejected'
                    AND r.body LIKE '%' || REPLACE(p.arn, '/', '\\/') || '"%'
                """
            )
            #expect(rejected == [])
        }
    }

    private static func act(on bench: Bench, _ chance: inout Chance, _ step: Int) async throws {
        let group = ["demand-de", "demand-fr"][chance.below(2)]
        let releases = try await bench.ledger.releases()
        let release = releases.isEmpty ? nil : releases[chance.below(min(releases.count, 3))].id
        let account = ["staging", "prod"][chance.below(2)]
        switch chance.below(14) {
        case 0, 1, 2:
            try await bench.approve(group, 1 + chance.below(4))
        case 3:
            let number = 1 + chance.below(4)
            let status = [ApprovalStatus.rejected, .rejected, .pending][chance.below(3)]
            let arn = bench.world.set(group, number, status, at: bench.now)
            try await bench.event(about: arn, group: group)
        case 4:
            bench.world.bad = chance.below(3) == 0 ? ["de.tar.gz"] : []
        case 5, 6:
            if let release { try await ask(bench, .promote(release: release, stage: "prod"), release, step) }
        case 7:
            if let release { try await ask(bench, .retry(release: release, target: nil), release, step) }
        case 8:
            try await ask(bench, .rollback(account: account, release: nil), nil, step)
        case 9:
            try await ask(
                bench,
                chance.below(2) == 0 ? .hold(stage: account) : .resume(stage: account),
                nil,
                step
            )
        case 10:
            // What was handed out or done is lost, and the next worker begins with what was committed.
            let turn = try await bench.turn()
            if chance.below(2) == 0 { _ = bench.perform(turn) }
            try await bench.crash()
            try await bench.resync()
        case 11:
            try await bench.work(within: .seconds(900))
        default:
            var outcomes: [Outcome] = []
            for _ in 0..<(1 + chance.below(4)) {
                outcomes = bench.perform(try await bench.turn(outcomes))
            }
            // Some are lost; the claims end by themselves.
            _ = try await bench.turn(chance.below(6) == 0 ? [] : outcomes, capacity: 0)
        }
    }

    private static func ask(_ bench: Bench, _ action: Request.Action, _ release: String?, _ step: Int)
        async throws
    {
        let message = bench.request(
            action.subject.name,
            action,
            release.map { .release($0) } ?? .endpoint("demand"),
            key: "\(step) \(action)"
        )
        #expect(try await bench.ledger.record([message], now: bench.now) == [true])
    }

    private static func comeToRest(_ bench: Bench) async throws {
        bench.world.bad = []
        try await bench.resync()
        for round in 1000..<1006 {
            for stage in ["staging", "prod"] { try await ask(bench, .resume(stage: stage), nil, round) }
            try await bench.work()
            for release in try await bench.ledger.releases() where release.state == "waiting" {
                try await ask(bench, .promote(release: release.id, stage: "prod"), release.id, round)
            }
            try await bench.work()
        }
        bench.pass(.seconds(8 * 24 * 3600))
        try await bench.work()
    }
}
