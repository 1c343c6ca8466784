import AWS
import Foundation
import Ledger
import Logging
import Native
import Promotion
import TestTools
import Worker

/// One worker: the real loops over the edges of a world.
final class SimulatedWorker: @unchecked Sendable {
    let id: String
    /// False from the moment it is killed: no edge lets it through any more.
    var isAlive = true
    /// Until when it is stopped, as by SIGSTOP.
    var pausedUntil: Int64 = 0
    /// Whether all of its loops have ended.
    var hasEnded = false
    var task: Task<Void, Never>?
    /// Whose ledger it works on.
    let site: Site
    private let world: World
    let listeners: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    init(number: Int, site: Site, world: World) {
        id = String(String(0x1_0000_0000 + number, radix: 16).dropFirst())
        self.site = site
        self.world = world
        listeners = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func begin() {
        task = Task(executorPreference: world.loom) { [self] in
            await work()
            hasEnded = true
        }
    }

    private func work() async {
        let world = world
        let log = Logger(label: "sluice") { _ in WorkerLog(world: world, worker: self) }
        let ledger = Ledger(
            SimulatedStore(world: world, worker: self),
            plans: site.settings.plans,
            pace: Pace(tick: world.scene.tick),
            announces: site.settings.registry.events != nil
        )
        while isAlive {
            do {
                try await ledger.start()
                break
            } catch {
                // A worker that cannot open its ledger ends and is started again.
                try? await world.sleep(.seconds(1), self)
            }
        }
        let crew = await Crew(
            settings: site.settings,
            options: WorkerService.Options(ledger: "", tick: world.scene.tick, resync: .seconds(300)),
            environment: AWSEnvironment([:]),
            http: SimulatedHTTP(world: world, worker: self),
            base: BaseCredentials(world: world, account: site.part.account),
            ledger: ledger,
            timing: Timing(
                now: { world.date },
                elapsed: { .milliseconds(world.now - World.start) },
                sleep: { try await world.sleep($0, self) },
                random: { Double(world.chance.below(1001)) / 1000 },
                executor: world.loom
            ),
            worker: id,
            log: log
        )
        await crew.work()
    }
}

private struct SimulatedHTTP: HTTPSender {
    let world: World
    let worker: SimulatedWorker

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        try await world.send(request, worker)
    }
}

/// The worker's own credentials, as an instance role's: new ones whenever the old are refused.
private struct BaseCredentials: CredentialProvider {
    let world: World
    /// The account that the worker runs in.
    let account: String

    func credentials() async throws -> Credentials {
        Credentials(
            accessKeyID: world.aws.baseKey(in: account),
            secretAccessKey: SimulatedAWS.secret,
            sessionToken: "token-\(SimulatedAWS.secret)"
        )
    }

    func invalidate(_ used: Credentials) async { world.aws.renewBaseKey(in: account) }
}

/// The embedded ledger as several workers see it: the same schema and statements, one transaction at a time,
/// with a place to be killed at on either side of each.
struct SimulatedStore: Store {
    let world: World
    let worker: SimulatedWorker

    var isShared: Bool { true }

    func changes() -> AsyncStream<Void> { worker.listeners.stream }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws
        -> Value
    {
        await Task.yield()
        try check()
        return try worker.site.transact(body).0
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws
        -> Value
    {
        await Task.yield()
        world.crash(worker, oneIn: world.weather.crash, "before a commit")
        try check()
        if world.chance.hits(oneIn: world.weather.disk) {
            world.tell("the disk of worker \(worker.id) is full")
            throw LedgerError("the ledger: database or disk is full (SQLite 13)")
        }
        let (value, hasChanged) = try worker.site.transact(body)
        switch world.fault {
        case .lostHandoff: try worker.site.plant("DELETE FROM handoffs WHERE due_at IS NOT NULL")
        case .forgottenBar: try worker.site.plant("DELETE FROM bars")
        case .brokenLease:
            // Not for ever, or nobody would come to do anything else.
            try worker.site.plant(
                "UPDATE attempts SET claim_until = 0 WHERE claim_until IS NOT NULL AND tries <= 2"
            )
        default: break
        }
        if hasChanged {
            for other in world.workers
            where other !== worker && other.isAlive && other.site === worker.site {
                other.listeners.continuation.yield()
            }
            Rules.afterCommit(by: worker, in: world)
        }
        world.crash(worker, oneIn: world.weather.crash, "after a commit")
        await Task.yield()
        try check()
        return value
    }

    private func check() throws {
        guard worker.isAlive else { throw LedgerError("the worker was killed") }
    }
}

/// What a worker logs becomes part of the story, and is searched for secrets.
private struct WorkerLog: LogHandler {
    let world: World
    let worker: SimulatedWorker
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard worker.isAlive else { return }
        let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let line = "\(event.message) \(fields.joined(separator: " "))"
        if line.contains(SimulatedAWS.secret) { world.violate(11, "a log line holds a secret: \(line)") }
        world.tell("\(worker.id) \(event.level): \(line)")
    }
}
