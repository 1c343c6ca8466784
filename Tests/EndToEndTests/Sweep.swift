import Foundation
import Glibc
import Native
import Synchronization
import Testing

/// Every call of a story, each in turn the instant at which something goes wrong.
///
/// The calls are those that an undisturbed run made, so that nobody has to think of them.
struct Sweep: Sendable {
    /// One call of a story: the nth of an operation that is made with credentials of one account.
    struct Call: Sendable, Hashable, CustomStringConvertible {
        let story: Story
        let account: Crash.Account
        let operation: String
        let number: Int

        var description: String { "\(operation) #\(number) of \(story) in \(account)" }

        /// Whether it takes part in a release's attempt, so that the release waits while it fails.
        var holdsUpARelease: Bool {
            account != .registry
                && [
                    "HeadObject", "CopyObject", "CreateMultipartUpload", "UploadPartCopy",
                    "CompleteMultipartUpload", "CreateModel", "CreateEndpointConfig", "CreateEndpoint",
                    "UpdateEndpoint", "InvokeEndpoint",
                ].contains(name)
        }

        /// The operation without its service.
        var name: String { operation.split(separator: ".").last.map(String.init) ?? operation }
    }

    /// What is done about a call once it has come. It returns whatever is not as it has to be.
    struct Disturbance: Sendable {
        let name: String
        /// The members of the order that make the stand-in do it.
        let order: [String: JSONValue]
        var isPatient = false
        let whenItComes: @Sendable (World, Call, Hold) async throws -> [String]
    }

    /// One instant of a story at which something goes wrong.
    struct Point: Sendable, CustomStringConvertible {
        /// Trouble that is prepared: whether it has come, and what is done about it then, which returns whatever
        /// is not as it has to be.
        struct Trouble: Sendable {
            let hasCome: @Sendable () async throws -> Bool
            let whenItComes: @Sendable () async throws -> [String]
        }

        let description: String
        let story: Story
        /// The story with whose end the world is compared, if not with its own.
        var judge: Story?
        var ways: Set<World.Way> = []
        /// Whether most of it is waiting, so that many may be tried at once.
        var isPatient = false
        let prepare: @Sendable (World) async throws -> Trouble

        /// A number that only depends on what the point is, so that a sample stays the same however many
        /// points there are.
        func rank(seed: UInt64) -> UInt64 {
            "\(seed) \(self)".utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    }

    let name: String
    let points: [Point]

    /// Which points are tried.
    struct Choice: Sendable {
        /// At most so many; nil for all.
        var sample: Int?
        /// A text that their names contain.
        var only: String?
        var seed: UInt64 = 4

        func chosen(of points: [Point]) -> [Point] {
            let named = points.filter { point in only.map { point.description.contains($0) } ?? true }
            let ranked = named.map { (rank: $0.rank(seed: seed), point: $0) }.sorted { $0.rank < $1.rank }
            return ranked.prefix(sample ?? points.count).map(\.point)
        }
    }

    /// What came of all points that were tried.
    struct Tally: Sendable {
        var tried = 0
        /// The run came to no such instant: it made fewer such calls than the undisturbed one, as polls are.
        var absent = 0
        var differing: [String] = []
    }

    func run(_ choice: Choice = Choice()) async -> Tally {
        let chosen = choice.chosen(of: points)
        var tally = Tally()
        await withTaskGroup(of: (Point, Bool, [String]).self) { group in
            for point in chosen { group.addTask { await point.tried } }
            for await (point, arose, differences) in group {
                tally.tried += 1
                if !arose { tally.absent += 1 }
                if !differences.isEmpty {
                    tally.differing.append("\(point): \(differences.joined(separator: "; "))")
                    print("differs: \(tally.differing.last ?? "")")
                }
                if tally.tried.isMultiple(of: 10), tally.tried < chosen.count { say(tally) }
            }
        }
        say(tally)
        return tally
    }

    private func say(_ tally: Tally) {
        print(
            "\(name): \(tally.tried) of \(points.count) points tried, \(tally.differing.count) differed; "
                + "\(tally.absent) did not come again"
        )
        // Whoever has the output in a file wants to see how far it is.
        fflush(nil)
    }

    // MARK: The calls

    /// The calls of undisturbed runs, of all stories. What comes before a story's own part is another story's, and
    /// a large artifact makes a difference to S3 alone.
    static func calls(of stories: [Story]) async throws -> [Call] {
        let all = try await withThrowingTaskGroup(of: [Call].self) { group in
            for story in stories { group.addTask { try await calls(of: story) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return all.filter { call in call.story != .large || call.operation.hasPrefix("s3.") }
    }

    private static func calls(of story: Story) async throws -> [Call] {
        let found = Mutex<[Call]>([])
        try await World.with { world in
            try await story.tell(
                in: world,
                staging: { world in
                    let before = try await world.workersCalls(of: story)
                    return .init(atTheEnd: {
                        let after = try await world.workersCalls(of: story)
                        let own = after.flatMap { kind, count in
                            (0..<max(0, count - (before[kind] ?? 0))).map { number in
                                Call(
                                    story: story,
                                    account: kind.account,
                                    operation: kind.operation,
                                    number: number + 1
                                )
                            }
                        }
                        found.withLock { $0 = own }
                    })
                }
            )
        }
        return found.withLock { $0 }
    }
}

extension Sweep {
    /// How often the ledger is written in a story's own part, where nothing disturbs it.
    static func writes(of stories: [Story]) async throws -> [(story: Story, count: Int)] {
        try await withThrowingTaskGroup(of: (Story, Int).self) { group in
            for story in stories { group.addTask { (story, try await writes(of: story)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func writes(of story: Story) async throws -> Int {
        let count = Mutex(0)
        try await World.with(ways: [.toLedger]) { world in
            try await story.tell(
                in: world,
                staging: { world in
                    try await world.order(.pass, at: 0)
                    return .init(atTheEnd: {
                        let writes = try world.proxy.writes
                        count.withLock { $0 = writes }
                    })
                }
            )
        }
        return count.withLock { $0 }
    }
}

extension Sweep.Point {
    /// A write of the ledger that something happens to: the nth of a story's own part.
    init(
        write number: Int,
        of story: Story,
        _ way: PostgresProxy.Way,
        name: String,
        isPatient: Bool = false,
        whenItComes: @escaping @Sendable (World) async throws -> [String] = { _ in [] }
    ) {
        description = "write #\(number) of \(story), \(name)"
        self.story = story
        self.isPatient = isPatient
        ways = [.toLedger]
        prepare = { world in
            try await world.order(way, at: number)
            return Trouble(
                hasCome: { try world.proxy.hasCome },
                whenItComes: { try await whenItComes(world) }
            )
        }
    }

    /// A call that something happens to.
    init(call: Sweep.Call, disturbance: Sweep.Disturbance, judge: Story? = nil) {
        description = "\(call), \(disturbance.name)"
        story = call.story
        self.judge = judge
        ways = disturbance.order["when"] == "refuse" ? [.toAWS] : []
        isPatient = disturbance.isPatient
        prepare = { world in
            let hold = try await world.order(disturbance.order, for: call)
            return Trouble(
                hasCome: { try await world.hasCome(hold) },
                whenItComes: { try await disturbance.whenItComes(world, call, hold) }
            )
        }
    }

    /// Tells the story with the trouble in it: whether it came, and what differs.
    fileprivate var tried: (Sweep.Point, Bool, [String]) {
        get async {
            let arose = Mutex(false)
            let seen = Mutex<[String]>([])
            do {
                try await World.with(ways: ways, turnstile: isPatient ? .patient : .shared) { world in
                    // A reply that is held up is to be late for its caller, and no model to fail for it.
                    try world.edit("demand-forecast.yaml", "within: 2s", "within: 50s")
                    let ended = try await story.ending(
                        in: world,
                        staging: { world in
                            let trouble = try await prepare(world)
                            let isOver = Over()
                            let watch = Task {
                                while true {
                                    // What came while the story ended still counts.
                                    let last = await isOver.isSo
                                    if try await trouble.hasCome() {
                                        return (true, try await trouble.whenItComes())
                                    }
                                    if last { return (false, []) }
                                    try await Task.sleep(for: .milliseconds(20))
                                }
                            }
                            return .init(atTheEnd: {
                                await isOver.set()
                                let (came, differences) = try await watch.value
                                arose.withLock { $0 = came }
                                seen.withLock { $0 += differences }
                            })
                        },
                        judgedAs: judge
                    )
                    seen.withLock { $0 += ended }
                }
            } catch {
                seen.withLock { $0.append("\(error)") }
            }
            return (self, arose.withLock { $0 }, seen.withLock { $0 })
        }
    }

    /// Whether the story has ended.
    private actor Over {
        private(set) var isSo = false

        func set() { isSo = true }
    }
}

extension World {
    /// What tells a story's calls apart, but for their number.
    fileprivate struct Kind: Hashable {
        let account: Crash.Account
        let operation: String
    }

    /// How often each call was made by a worker; people at their terminals make others.
    fileprivate func workersCalls(of story: Story) async throws -> [Kind: Int] {
        var counts: [Kind: Int] = [:]
        for account in [Crash.Account.registry, .staging, .prod] {
            for call in try await aws.get("calls?account=\(account.number(in: self))").array ?? [] {
                guard let caller = call["caller"]?.string, !caller.hasSuffix("/release-manager"),
                    let service = call["service"]?.string, let operation = call["operation"]?.string
                else { continue }
                counts[Kind(account: account, operation: "\(service).\(operation)"), default: 0] += 1
            }
        }
        return counts
    }

    /// Orders what happens to a write of the ledger, and waits until that is understood.
    fileprivate func order(_ way: PostgresProxy.Way, at number: Int) async throws {
        let proxy = try proxy
        try proxy.order(way, at: number)
        try await eventually("the proxy has its order") { (proxy.hasTakenOrder ? true : nil, proxy.log) }
    }

    fileprivate func order(_ members: [String: JSONValue], for call: Sweep.Call) async throws -> Hold {
        let account = call.account.number(in: self)
        let order: [String: JSONValue] = [
            "match": .string("^\(call.operation)$"), "account": .string(account),
            "skip": .int(Int64(call.number - 1)),
        ]
        let made = try await aws.post("faults", .object(order.merging(members) { $1 }))
        return Hold(id: try #require(made["id"]?.string), operation: call.operation, account: account)
    }

    fileprivate func hasCome(_ hold: Hold) async throws -> Bool {
        let faults = try await aws.get("faults").array ?? []
        return faults.contains { $0["id"]?.string == hold.id && ($0["fired"]?.int ?? 0) > 0 }
    }
}
