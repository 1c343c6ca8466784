import AWS
import Foundation
import GRDB
import Ledger
import Native
import Promotion
import TestTools

/// A fault that is planted at the worker's edges to see that the simulation catches it.
public enum PlantedFault: String, CaseIterable, Sendable {
    /// Who sends a message counts as an approver.
    case forgedSender
    /// S3 copies what was put in an artifact's place and says that it is what was there before.
    case lyingCopy
    /// An endpoint that went back to its old config is described as serving the new one.
    case falseInService
    /// Smoke tests are answered by somebody who asks no model.
    case deafTester
    /// The reply to an update is lost, and an update under way is not described.
    case staleDescription
    /// The ledger forgets its bars.
    case forgottenBar
    /// A claim ends as soon as it is given.
    case brokenLease
    /// Whoever hands a release over counts as one who may.
    case trustedStranger
    /// The ledger forgets what it owes to another worker.
    case lostHandoff

    /// The invariants that it breaks.
    public var breaks: Set<Int> {
        switch self {
        case .forgedSender, .trustedStranger: [6]
        case .lyingCopy: [2]
        case .deafTester: [4]
        case .falseInService: [4, 12]
        case .staleDescription, .brokenLease: [3, 12]
        case .forgottenBar: [8]
        case .lostHandoff: [9]
        }
    }
}

/// Something that must never be.
public struct Violation: Equatable, Sendable, CustomStringConvertible {
    /// Which of the design's invariants; 0 is the simulation's own, that a run depends on its seed alone.
    public let invariant: Int
    public let sentence: String

    public var description: String { "invariant \(invariant) is broken: \(sentence)" }
}

/// One run of the simulation: a storm, and then the calm in which everything has to come to its end.
public struct Run: Sendable {
    public let seed: UInt64
    public let scene: String
    public let violations: [Violation]
    /// The digest of all that happened.
    public let digest: UInt64
    /// What happened, where it was asked for.
    public let lines: [String]
    public let steps: Int
    /// What came about in it: how its releases ended, how often something went wrong, and so on.
    public let tally: [String: Int]

    /// Plays a seed.
    public static func play(seed: UInt64, fault: PlantedFault? = nil, isTraced: Bool = false) throws -> Run {
        let scene = Scene.of(seed)
        let world = try World(seed: seed, scene: scene, fault: fault, isTraced: isTraced)
        var driver = Driver(world)
        driver.play()
        return Run(
            seed: seed,
            scene: scene.name,
            violations: world.violations,
            digest: world.digest,
            lines: world.lines,
            steps: driver.steps,
            tally: world.tally
        )
    }
}

/// Decides what happens next whenever nobody can go on by himself.
struct Driver {
    let world: World
    var people: People
    var steps = 0
    /// When people do something next.
    private var nextAct: Int64
    private var hiring: [(at: Int64, site: Site)] = []
    static let mostSteps = 200_000

    init(_ world: World) {
        self.world = world
        people = People(world)
        nextAct = world.now + 5_000
    }

    mutating func play() {
        people.begin()
        for site in world.sites { for _ in 0..<site.staff { world.hire(at: site) } }
        storm()
        calm()
        end()
    }

    private mutating func storm() {
        let acts = 10 + world.chance.below(30)
        for _ in 0..<acts {
            advance(until: nextAct)
            if !world.violations.isEmpty { return }
            people.act()
            nextAct = world.now + gap()
        }
    }

    private func gap() -> Int64 {
        switch world.chance.below(4) {
        case 0: 0
        case 1: Int64(world.chance.below(5_000))
        case 2: Int64(world.chance.below(60_000))
        default: Int64(world.chance.below(400_000))
        }
    }

    /// Nothing goes wrong any more, and people see to what waits for them, until all has come to rest.
    private mutating func calm() {
        guard world.violations.isEmpty else { return }
        world.tell("calm")
        world.weather = .calm
        world.isCalm = true
        for worker in world.workers { worker.pausedUntil = 0 }
        people.resumeAll()
        // Whatever the queue lost is found by the sweep.
        advance(until: world.now + 330_000)
        for round in 0..<200 where world.violations.isEmpty {
            let isAsked = round % 5 == 0 && people.seeToIt()
            if !isAsked, isQuiet { break }
            advance(until: world.now + 60_000)
        }
        guard world.violations.isEmpty else { return }
        Rest.check(world)
    }

    private var isQuiet: Bool {
        Rest.openReleases(world).isEmpty && world.aws.messages.isEmpty
            && world.rows(
                """
                SELECT 1 FROM attempts WHERE ended_at IS NULL UNION SELECT 1 FROM looks
                UNION SELECT 1 FROM handoffs WHERE due_at IS NOT NULL UNION SELECT 1 FROM handoffs_received
                """
            ).isEmpty
    }

    private mutating func end() {
        for row in world.rows("SELECT state, COUNT(*) AS count FROM releases GROUP BY state") {
            world.tally["releases \(row["state"] as String)", default: 0] += row["count"] as Int
        }
        for worker in world.workers { world.kill(worker) }
        run()
        for worker in world.workers where !worker.hasEnded {
            world.violate(12, "worker \(worker.id) did not end when it was stopped")
        }
        if world.loom.strays > 0 { world.violate(0, "\(world.loom.strays) jobs ran elsewhere") }
        // They hold the world that holds them, and thousands are played one after the other.
        world.workers = []
    }

    private func run() { world.loom.run { world.chance.below($0) } }

    // MARK: Time

    /// Lets things happen until a moment has come.
    private mutating func advance(until end: Int64) {
        while world.violations.isEmpty {
            run()
            steps += 1
            if steps > Self.mostSteps { return world.violate(5, "it never comes to rest") }
            world.aws.settle(world)
            hire()
            if answerOne() { continue }
            if wakeOne() { continue }
            if world.now >= end { return }
            world.now = max(world.now, min(end, next))
        }
    }

    /// The next moment at which something can happen.
    private var next: Int64 {
        var next = Int64.max
        for sleeper in world.sleepers { next = min(next, max(sleeper.until, sleeper.worker.pausedUntil)) }
        for call in world.calls { next = min(next, max(call.until, call.worker.pausedUntil)) }
        for message in world.aws.messages where message.visibleAt > world.now {
            next = min(next, message.visibleAt)
        }
        if let change = world.aws.nextChange { next = min(next, change) }
        if let hired = hiring.first { next = min(next, hired.at) }
        return next
    }

    private mutating func hire() {
        for site in world.sites {
            let living = world.workers.count { $0.isAlive && $0.site === site }
            while hiring.count(where: { $0.site === site }) + living < site.staff {
                hiring.append((world.now + Int64(world.chance.below(60_000)), site))
            }
        }
        hiring.sort { $0.at < $1.at }
        while let first = hiring.first, first.at <= world.now {
            hiring.removeFirst()
            world.hire(at: first.site)
        }
    }

    private mutating func wakeOne() -> Bool {
        let due = world.sleepers.indices.filter {
            world.sleepers[$0].until <= world.now && world.sleepers[$0].worker.pausedUntil <= world.now
        }
        guard !due.isEmpty else { return false }
        world.sleepers.remove(at: world.chance.pick(due)).continuation.resume()
        return true
    }

    // MARK: Calls

    private mutating func answerOne() -> Bool {
        let ready = world.calls.filter { call in
            call.worker.pausedUntil <= world.now
                && (call.until <= world.now || call.answer != nil
                    || world.aws.hasMessages(in: call.request.text("QueueUrl"), at: world.now))
        }
        guard !ready.isEmpty else { return false }
        // A little may happen before.
        if world.weather.trouble > 0, world.chance.hits(oneIn: 8) {
            world.now += Int64(world.chance.below(2_000))
        }
        let call = world.chance.pick(ready)
        if let answer = call.answer {
            world.answer(call.id, answer)
            return true
        }
        // Whoever was stopped for long finds that the time for the call is over before it was sent.
        if call.begunAt + 30_000 < world.now, call.request.waitSeconds == 0 {
            let error = HTTPError(.timedOut(.total), url: call.request.url, mayHaveReachedServer: true)
            world.answer(call.id, .failure(error))
            return true
        }
        if world.fault == .staleDescription, call.request.operation == "UpdateEndpoint" {
            _ = perform(call)
            let error = HTTPError(.reset, url: call.request.url, mayHaveReachedServer: true)
            world.answer(call.id, .failure(error))
            return true
        }
        guard world.chance.hits(oneIn: world.weather.trouble) else {
            world.answer(call.id, .success(perform(call)))
            return true
        }
        trouble(call)
        return true
    }

    private func perform(_ call: World.Call) -> HTTPResponse {
        let response = world.aws.perform(call.request, by: call.worker, in: world)
        world.tell("\(call.worker.id) \(call.request.operation): \(response.status)")
        return response
    }

    private mutating func trouble(_ call: World.Call) {
        let url = call.request.url
        let isXML = ["s3", "sts"].contains(call.request.service)
        func failed(_ code: HTTPError.Code, hasReached: Bool = true) {
            world.answer(call.id, .failure(HTTPError(code, url: url, mayHaveReachedServer: hasReached)))
        }
        func refused(_ code: String, _ status: Int) {
            world.answer(
                call.id,
                .success(
                    isXML
                        ? .xmlRefusal(code, "Rate exceeded", status: status)
                        : .refusal(code, "no: \(code)", status: status)
                )
            )
        }
        let kind = world.chance.below(11)
        world.tell("\(call.worker.id) \(call.request.operation) meets trouble \(kind)")
        world.tally["calls in trouble", default: 0] += 1
        switch kind {
        case 0, 1:
            _ = perform(call)
            failed(.reset)
        case 2: failed(.reset)
        case 3: failed(.couldNotConnect, hasReached: false)
        case 4: refused(isXML ? "SlowDown" : "ThrottlingException", isXML ? 503 : 400)
        case 5: refused(isXML ? "InternalError" : "InternalFailure", 500)
        case 6:
            _ = perform(call)
            refused(isXML ? "InternalError" : "InternalFailure", 500)
        case 7: refused(isXML ? "AccessDenied" : "AccessDeniedException", isXML ? 403 : 400)
        case 8:
            world.aws.expireSessions()
            world.answer(call.id, .success(perform(call)))
        case 9:
            _ = perform(call)
            failed(.timedOut(.total))
        default:
            let response = perform(call)
            guard let index = world.calls.firstIndex(where: { $0.id == call.id }) else { return }
            world.calls[index].answer = .success(response)
        }
    }
}
