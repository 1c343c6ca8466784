import AWS
import Foundation
import GRDB
import Ledger
import Logging
import Native
import Promotion
import TestTools
import Worker

/// Everything of one run: the clock, the simulated AWS, the ledgers, the workers, the people, and what is under
/// way between them.
///
/// It is touched on the thread of its loom alone, which is why it may be handed to the workers' tasks.
final class World: @unchecked Sendable {
    /// Somewhere in 2026, in milliseconds since 1970.
    static let start: Int64 = 1_780_000_000_000

    let seed: UInt64
    let scene: Scene
    let loom = Loom()
    var chance: Chance
    /// How often things go wrong; none once the storm is over.
    var weather: Weather
    /// Whether the storm is over.
    var isCalm = false
    var now = World.start
    /// The registry's first.
    let sites: [Site]
    let aws: SimulatedAWS
    var workers: [SimulatedWorker] = []
    var sleepers: [Sleeper] = []
    var calls: [Call] = []
    var rules = Rules()
    /// What a test plants to see it caught.
    let fault: PlantedFault?
    private var names = 0

    private(set) var violations: [Violation] = []
    private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var lines: [String] = []
    let isTraced: Bool
    /// How often what came about.
    var tally: [String: Int] = [:]

    init(seed: UInt64, scene: Scene, fault: PlantedFault?, isTraced: Bool) throws {
        self.seed = seed
        self.scene = scene
        self.fault = fault
        self.isTraced = isTraced
        var chance = Chance(seed: seed)
        weather = Weather(&chance)
        var sites: [Site] = []
        for part in scene.parts {
            // Where there are several ledgers, two workers at each would mostly cost time.
            let isAlone = scene.parts.count > 1 && chance.below(3) > 0
            sites.append(try Site(part, staff: isAlone ? 1 : 2))
        }
        self.sites = sites
        self.chance = chance
        aws = SimulatedAWS(scene)
    }

    var date: Date { Date(timeIntervalSince1970: Double(now) / 1000) }

    /// A number nobody else has.
    func name() -> Int {
        names += 1
        return names
    }

    // MARK: What is told

    /// One line of the run's story. The digest of all of them is the run's.
    func tell(_ line: @autoclosure () -> String) {
        let line = "\(now - World.start) \(line())"
        for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        if isTraced { lines.append(line) }
    }

    /// Something that must never be.
    func violate(_ invariant: Int, _ sentence: String) {
        let violation = Violation(invariant: invariant, sentence: sentence)
        tell("\(violation)")
        if violations.count < 10, !violations.contains(violation) { violations.append(violation) }
    }

    // MARK: What is under way

    /// Somebody who sleeps.
    struct Sleeper {
        let id: Int
        let worker: SimulatedWorker
        let until: Int64
        let continuation: CheckedContinuation<Void, any Error>
    }

    func sleep(_ duration: Duration, _ worker: SimulatedWorker) async throws {
        let id = name()
        let until = now + max(0, Int64((duration / .milliseconds(1)).rounded(.up)))
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                guard worker.isAlive, !Task.isCancelled else {
                    continuation.resume(throwing: CancellationError())
                    return
                }
                sleepers.append(Sleeper(id: id, worker: worker, until: until, continuation: continuation))
            }
        } onCancel: {
            guard let index = sleepers.firstIndex(where: { $0.id == id }) else { return }
            sleepers.remove(at: index).continuation.resume(throwing: CancellationError())
        }
    }

    /// A request on its way to AWS, or its answer on the way back.
    struct Call {
        let id: Int
        let worker: SimulatedWorker
        let request: Request
        let continuation: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>
        let begunAt: Int64
        /// When an empty queue is waited for no longer.
        let until: Int64
        /// What AWS has answered already, where the answer is late.
        var answer: Result<HTTPResponse, HTTPError>?
    }

    func send(_ request: HTTPRequest, _ worker: SimulatedWorker) async throws(HTTPError) -> HTTPResponse {
        let id = name()
        let read = Request(request)
        let cancelled = HTTPError(.cancelled, url: request.url, mayHaveReachedServer: true)
        crash(worker, oneIn: weather.crash, "before \(read.operation)")
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>) in
                guard worker.isAlive, !Task.isCancelled else {
                    continuation.resume(returning: .failure(cancelled))
                    return
                }
                calls.append(
                    Call(
                        id: id,
                        worker: worker,
                        request: read,
                        continuation: continuation,
                        begunAt: now,
                        until: now + Int64(read.waitSeconds) * 1000
                    )
                )
            }
        } onCancel: {
            guard let index = calls.firstIndex(where: { $0.id == id }) else { return }
            calls.remove(at: index).continuation.resume(returning: .failure(cancelled))
        }
        crash(worker, oneIn: weather.crash, "after \(read.operation)")
        guard worker.isAlive else { throw cancelled }
        return try result.get()
    }

    func answer(_ id: Int, _ result: Result<HTTPResponse, HTTPError>) {
        guard let index = calls.firstIndex(where: { $0.id == id }) else { return }
        calls.remove(at: index).continuation.resume(returning: result)
    }

    // MARK: The ledgers

    /// What every ledger has.
    func rows(_ sql: String, _ arguments: StatementArguments = []) -> [GRDB.Row] {
        sites.flatMap { rows(sql, arguments, of: $0) }
    }

    func rows(_ sql: String, _ arguments: StatementArguments = [], of site: Site) -> [GRDB.Row] {
        do {
            // Making a connection read-only for a while lets SQLite forget every statement it has compiled.
            return try site.database.unsafeRead { database in
                try GRDB.Row.fetchAll(try database.cachedStatement(sql: sql), arguments: arguments)
            }
        } catch {
            violate(0, "the simulation cannot read the ledger: \(error)")
            return []
        }
    }

    // MARK: Workers

    /// The one that drives an account.
    func site(driving account: String) -> Site? {
        sites.first { $0.settings.driven.contains(account) }
    }

    func hire(at site: Site) {
        let worker = SimulatedWorker(number: name(), site: site, world: self)
        workers.append(worker)
        tell(
            sites.count == 1
                ? "worker \(worker.id) begins" : "worker \(worker.id) of \(site.part.name) begins"
        )
        worker.begin()
    }

    /// Where a worker may be killed.
    func crash(_ worker: SimulatedWorker, oneIn times: Int, _ where: @autoclosure () -> String) {
        guard worker.isAlive, chance.hits(oneIn: times) else { return }
        tell("worker \(worker.id) is killed \(`where`())")
        kill(worker)
    }

    /// Ends a worker as `kill -9` does: nothing it still does reaches anything.
    func kill(_ worker: SimulatedWorker) {
        guard worker.isAlive else { return }
        worker.isAlive = false
        rules.forget(worker.id)
        tally["workers killed", default: 0] += 1
        // What has left the machine may still arrive.
        for call in calls where call.worker === worker {
            if call.answer == nil, chance.hits(oneIn: 2) {
                _ = aws.perform(call.request, by: worker, in: self)
            }
            let url = call.request.url
            answer(call.id, .failure(HTTPError(.cancelled, url: url, mayHaveReachedServer: true)))
        }
        for sleeper in sleepers where sleeper.worker === worker {
            guard let index = sleepers.firstIndex(where: { $0.id == sleeper.id }) else { continue }
            sleepers.remove(at: index).continuation.resume(throwing: CancellationError())
        }
        worker.task?.cancel()
    }
}

/// How often things go wrong in a run.
struct Weather {
    /// One in so many calls is not simply answered.
    var trouble: Int
    /// A worker is killed at one in so many boundaries.
    var crash: Int
    /// One in so many ledger transactions fails before its commit, as on a full disk.
    var disk: Int
    /// One in so many events of the registry is lost, doubled or late.
    var events: Int

    static let calm = Weather(trouble: 0, crash: 0, disk: 0, events: 0)

    private init(trouble: Int, crash: Int, disk: Int, events: Int) {
        self.trouble = trouble
        self.crash = crash
        self.disk = disk
        self.events = events
    }

    init(_ chance: inout Chance) {
        trouble = chance.pick([0, 40, 12, 5])
        crash = chance.pick([0, 1500, 400, 120])
        disk = chance.pick([0, 0, 300, 60])
        events = chance.pick([0, 4, 2])
    }
}
