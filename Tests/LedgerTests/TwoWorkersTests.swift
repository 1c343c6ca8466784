import Promotion
import Testing

@testable import Ledger

/// Two workers at the same time on one ledger: what they do together is what one would have done.
@Suite(.enabled(if: PostgresPlace.server != nil))
struct TwoWorkersTests {
    private static let count = 12

    @Test(.timeLimit(.minutes(10))) func twoWorkersShareTheWorkAndDoubleNothing() async throws {
        let place = try await PostgresPlace()
        do {
            try await Self.share(place)
        } catch {
            await place.remove()
            throw error
        }
        await place.remove()
    }

    private static func share(_ place: PostgresPlace) async throws {
        let plans = try (0..<count).map(Self.plan)
        let outside = Outside()
        let ledgers = [
            try await Ledger.open(place.url, plans: plans, isWorker: true),
            try await Ledger.open(place.url, plans: plans, isWorker: true),
        ]
        for version in 1...2 {
            let listings = await outside.approve(version, of: ledgers[0].groups)
            try await ledgers[0].listed(listings, now: await outside.now)
            await outside.begin()
            try await withThrowingTaskGroup { group in
                for (number, ledger) in ledgers.enumerated() {
                    group.addTask { try await work(on: ledger, as: "worker \(number)", outside) }
                }
                try await group.waitForAll()
            }
        }

        let releases = try await ledgers[0].releases()
        #expect(releases.count == 2 * count)
        #expect(releases.allSatisfy { $0.state == "released" })
        #expect(await outside.doubled == [])
        for (account, configs) in await outside.switches {
            #expect(configs.count == 2 && Set(configs).count == 2, "\(account): \(configs)")
        }
        #expect(await outside.switches.count == 2 * count)
        #expect(await outside.acts.keys.sorted() == ["worker 0", "worker 1"], "both had something to do")
        let late = try await ledgers[0].store.read {
            try $0.rows("SELECT id FROM journal WHERE name LIKE 'late report%'", [])
        }
        #expect(late.isEmpty)
    }

    /// An endpoint of one model, with two accounts of its own and no gate.
    private static func plan(_ number: Int) throws -> EndpointPlan {
        func stage(_ name: String) -> StagePlan {
            StagePlan(
                name: name,
                accounts: ["\(name)-\(number)": "settings"],
                accepts: [.approved],
                soak: .zero,
                gate: GatePlan(approvals: 0, approvers: [], expires: .seconds(3600))
            )
        }
        return EndpointPlan(
            name: "endpoint-\(number)",
            targets: ["model.tar.gz": "group-\(number)"],
            image: nil,
            stages: [stage("staging"), stage("prod")],
            operators: [try SenderPattern("AIDAMANAGER")]
        )
    }

    /// Works as the conductor does, a few things at a time, until there is nothing left for anybody.
    private static func work(on ledger: Ledger, as worker: String, _ outside: Outside) async throws {
        var outcomes: [Outcome] = []
        while await !outside.isOver {
            let turn = try await ledger.turn(outcomes, worker: worker, capacity: 3, now: await outside.now)
            outcomes = await outside.perform(turn, worker: worker, recorded: outcomes.count)
            // The other one has its turn too, however the threads fall.
            await Task.yield()
        }
    }
}

/// The world that both workers act on, and its clock, which moves when neither has anything to do.
private actor Outside {
    private let world = World()
    private(set) var now = Bench.start
    private(set) var isOver = false
    /// Every claim under which something was done twice.
    private(set) var doubled: [AttemptClaim] = []
    private(set) var acts: [String: Int] = [:]
    private var claims: Set<AttemptClaim> = []
    private var underWay = 0

    var switches: [String: [String]] { world.switches }

    func approve(_ version: Int, of groups: [String]) -> [String: [PackageListing]] {
        for group in groups { world.set(group, version, .approved, at: now) }
        return groups.reduce(into: [:]) { $0[$1] = world.listing(of: $1) }
    }

    func begin() { isOver = false }

    func perform(_ turn: Turn, worker: String, recorded: Int) -> [Outcome] {
        underWay += turn.work.count + turn.looks.count - recorded
        for work in turn.work where !claims.insert(work.claim).inserted { doubled.append(work.claim) }
        let outcomes =
            turn.work.map { world.perform($0, now: now) } + turn.looks.map { world.perform($0, now: now) }
        if !outcomes.isEmpty { acts[worker, default: 0] += outcomes.count }
        if outcomes.isEmpty, recorded == 0, underWay == 0 {
            guard let due = turn.nextDue, due < now + .seconds(3600) else {
                isOver = true
                return []
            }
            now = max(now, due)
        }
        return outcomes
    }
}
