import Promotion
import Testing

@testable import Ledger

/// A ledger with a world around it and a clock that is moved by hand.
final class Bench {
    /// Somewhere in 2026. No test reads the machine's clock.
    static let start = Moment(milliseconds: 1_780_000_000_000)
    static let manager = Sender("AIDAMANAGER")
    static let worker = "worker"

    let world = World()
    var now = Bench.start
    private(set) var ledger: Ledger
    private(set) var place: any Place
    private var places: [any Place]
    private let plans: [EndpointPlan]
    private let announces: Bool

    private init(_ place: any Place, _ plans: [EndpointPlan], announces: Bool) async throws {
        self.place = place
        self.plans = plans
        self.announces = announces
        places = [place]
        ledger = try await Ledger.open(place.url, plans: plans, isWorker: true, announces: announces)
    }

    /// Runs a case on a ledger of its own.
    static func run(
        _ engine: Engine,
        plans: [EndpointPlan]? = nil,
        announces: Bool = false,
        _ body: (Bench) async throws -> Void
    ) async throws {
        let plans = try plans ?? [plan()]
        let bench = try await Bench(engine.makePlace(), plans, announces: announces)
        do {
            try await body(bench)
        } catch {
            await bench.remove()
            throw error
        }
        await bench.remove()
    }

    private func remove() async {
        for place in places { await place.remove() }
    }

    /// An endpoint of two models: staging soaks for ten minutes, and one person lets a release into prod.
    static func plan(
        _ name: String = "demand",
        targets: [String: String] = ["de.tar.gz": "demand-de", "fr.tar.gz": "demand-fr"],
        soak: Duration = .seconds(600),
        approvals: Int = 1
    ) throws -> EndpointPlan {
        let people = [try SenderPattern(manager.id)]
        func stage(_ stage: String, soak: Duration, approvals: Int) -> StagePlan {
            StagePlan(
                name: stage,
                accounts: [stage: "settings of \(stage)"],
                accepts: [.approved],
                soak: soak,
                gate: GatePlan(
                    approvals: approvals,
                    approvers: approvals > 0 ? people : [],
                    expires: .seconds(7 * 24 * 3600)
                )
            )
        }
        return EndpointPlan(
            name: name,
            targets: targets,
            image: nil,
            stages: [
                stage("staging", soak: soak, approvals: 0), stage("prod", soak: .zero, approvals: approvals),
            ],
            operators: people
        )
    }

    func pass(_ duration: Duration) {
        now = now + duration
    }

    /// Kills the worker and starts another on what it left behind; on a shared ledger once its claims have ended.
    func crash(plans: [EndpointPlan]? = nil) async throws {
        place = try place.afterCrash()
        places.append(place)
        if place.isShared { pass(Ledger.term) }
        ledger = try await Ledger.open(
            place.url,
            plans: plans ?? self.plans,
            isWorker: true,
            announces: announces
        )
    }

    func turn(_ outcomes: [Outcome] = [], capacity: Int = 100) async throws -> Turn {
        try await ledger.turn(outcomes, worker: Self.worker, capacity: capacity, now: now)
    }

    /// Compares the registry with the ledger, as Resync does.
    func resync() async throws {
        var listings: [String: [PackageListing]] = [:]
        for group in ledger.groups { listings[group] = world.listing(of: group) }
        try await ledger.listed(listings, now: now)
    }

    /// Delivers the registry's event about a package.
    func event(about package: String, group: String) async throws {
        let message = Received(
            messageID: "event",
            sender: nil,
            body: "{}",
            meaning: .packageChanged(package: package, group: group)
        )
        #expect(try await ledger.record([message], now: now) == [true])
    }

    /// Registers a version as approved and lets its event arrive.
    @discardableResult
    func approve(_ group: String, _ number: Int) async throws -> String {
        let arn = world.set(group, number, .approved, at: now)
        try await event(about: arn, group: group)
        return arn
    }

    func request(
        _ name: String,
        _ action: Request.Action,
        _ subject: RequestMessage.Subject,
        key: String,
        sender: Sender = Bench.manager
    ) -> Received {
        Received(
            messageID: "message \(key)",
            sender: sender.id,
            body: "{\"sluice\":1,\"action\":\"\(name)\"}",
            meaning: .request(
                RequestMessage(
                    subject: subject,
                    request: Request(action: action, sender: sender, reason: "because"),
                    key: key
                )
            )
        )
    }

    func promotion(of release: String, key: String = "promotion", sender: Sender = Bench.manager) -> Received
    {
        request(
            "promote",
            .promote(release: release, stage: "prod"),
            .release(release),
            key: key,
            sender: sender
        )
    }

    func hold(_ stage: String?, key: String) -> Received {
        request("hold", .hold(stage: stage), .endpoint("demand"), key: key)
    }

    func resume(_ stage: String?, key: String) -> Received {
        request("resume", .resume(stage: stage), .endpoint("demand"), key: key)
    }

    /// Performs what was handed out.
    func perform(_ turn: Turn) -> [Outcome] {
        turn.work.map { world.perform($0, now: now) } + turn.looks.map { world.perform($0, now: now) }
    }

    /// Works as the conductor does until nothing is due within the time; the clock jumps from one due
    /// moment to the next.
    ///
    /// - Parameter isKilled: Asked after each claim and after each effect; where it says yes, the worker is
    ///   killed there and what was not recorded is lost.
    func work(within time: Duration = .seconds(3600), isKilled: () -> Bool = { false }) async throws {
        let horizon = now + time
        var outcomes: [Outcome] = []
        for _ in 0..<1000 {
            let turn = try await turn(outcomes)
            outcomes = []
            if !isKilled() {
                outcomes = perform(turn)
                if !isKilled() {
                    guard outcomes.isEmpty else { continue }
                    guard let due = turn.nextDue, due <= horizon else { return }
                    now = max(now, due)
                    continue
                }
            }
            outcomes = []
            try await crash()
            try await resync()
        }
        Issue.record("the work never ends")
    }

    /// Both models approved and the first release brought to the gate of prod.
    func reachGate() async throws -> ReleaseView {
        world.set("demand-de", 1, .approved, at: now)
        world.set("demand-fr", 1, .approved, at: now)
        try await resync()
        try await work()
        return try #require(try await ledger.releases().first)
    }

    /// Two releases brought to prod one after the other, and what the second changed rejected: both accounts
    /// have to go back.
    func rejectSecond() async throws -> (first: ReleaseView, second: ReleaseView) {
        let first = try await reachGate()
        _ = try await ledger.record([promotion(of: first.id, key: "1")], now: now)
        try await work()
        let de = try await approve("demand-de", 2)
        try await work()
        let second = try #require(try await ledger.releases().first)
        _ = try await ledger.record([promotion(of: second.id, key: "2")], now: now)
        try await work()
        world.set("demand-de", 2, .rejected, at: now)
        try await event(about: de, group: "demand-de")
        return (first, second)
    }

    /// The first work of a release that has just been composed.
    func firstWork() async throws -> Work {
        world.set("demand-de", 1, .approved, at: now)
        try await resync()
        let turn = try await turn()
        #expect(turn.looks.count == 1)
        return try #require(try await self.turn(perform(turn)).work.first)
    }

    func rows(_ sql: String) async throws -> [Row] {
        try await ledger.store.read { try $0.rows(sql, []) }
    }

    func texts(_ sql: String) async throws -> [String] {
        try await rows(sql).map { try $0.text("text") }
    }

    func count(_ table: String) async throws -> Int64 {
        let rows = try await rows("SELECT COUNT(*) AS count FROM \(table)")
        return try #require(rows.first).integer("count")
    }

    /// The names in the journal, in order.
    func journal(_ kind: String) async throws -> [String] {
        try await rows("SELECT kind, name FROM journal ORDER BY id").filter { try $0.text("kind") == kind }
            .map { try $0.text("name") }
    }
}
