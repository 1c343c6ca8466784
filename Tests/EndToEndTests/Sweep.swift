import Foundation
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
                && ["CopyObject", "CreateModel", "CreateEndpoint", "UpdateEndpoint", "InvokeEndpoint"]
                    .contains { operation.hasSuffix($0) }
        }
    }

    /// What is done about a call once it has come. It returns whatever is not as it has to be.
    struct Disturbance: Sendable {
        let name: String
        /// The members of the order that make the stand-in do it.
        let order: [String: JSONValue]
        let whenItComes: @Sendable (World, Call, Hold) async throws -> [String]
    }

    struct Point: Sendable, CustomStringConvertible {
        let call: Call
        let disturbance: Disturbance
        /// The story with whose end the world is compared, if not with the call's own.
        var judge: Story?

        var description: String { "\(call), \(disturbance.name)" }

        /// A number that only depends on what the point is, so that a sample stays the same however many
        /// points there are.
        func rank(seed: UInt64) -> UInt64 {
            "\(seed) \(self)".utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    }

    let name: String
    let points: [Point]

    /// What came of all points that were tried.
    struct Tally: Sendable {
        var tried = 0
        /// The run made fewer such calls than the undisturbed one, as polls are.
        var absent = 0
        var differing: [String] = []
    }

    /// - Parameter sample: How many points are tried; nil tries them all.
    func run(sample: Int?, seed: UInt64 = 4) async -> Tally {
        let ranked = points.map { (rank: $0.rank(seed: seed), point: $0) }.sorted { $0.rank < $1.rank }
        let chosen = ranked.prefix(sample ?? points.count).map(\.point)
        var tally = Tally()
        await withTaskGroup(of: (Point, Bool, [String]).self) { group in
            for point in chosen { group.addTask { await point.tried } }
            for await (point, arose, differences) in group {
                tally.tried += 1
                if !arose { tally.absent += 1 }
                guard !differences.isEmpty else { continue }
                tally.differing.append("\(point): \(differences.joined(separator: "; "))")
                print("differs: \(tally.differing.last ?? "")")
            }
        }
        print(
            "\(name): \(tally.tried) of \(points.count) points tried, \(tally.differing.count) differed; "
                + "\(tally.absent) calls did not come again"
        )
        return tally
    }

    // MARK: The calls

    /// The calls of undisturbed runs, of all stories. What comes before a story's own part is another story's.
    static func calls(of stories: [Story]) async throws -> [Call] {
        try await withThrowingTaskGroup(of: [Call].self) { group in
            for story in stories { group.addTask { try await calls(of: story) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
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

extension Sweep.Point {
    /// Tells the story with the trouble in it: whether the call came, and what differs.
    fileprivate var tried: (Sweep.Point, Bool, [String]) {
        get async {
            let arose = Mutex(false)
            let seen = Mutex<[String]>([])
            do {
                try await World.with { world in
                    let ended = try await call.story.ending(
                        in: world,
                        staging: { world in
                            let hold = try await world.order(disturbance.order, for: call)
                            let isOver = Over()
                            let watch = Task {
                                while true {
                                    // What came while the story ended still counts.
                                    let last = await isOver.isSo
                                    if try await world.hasCome(hold) {
                                        return (true, try await disturbance.whenItComes(world, call, hold))
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
