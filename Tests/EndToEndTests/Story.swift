import Native
import Testing

/// How a worker's rollouts go where nothing is in their way, with two places where a test can get in it.
///
/// Whatever a test does there, the world has to end as if it had not: that is compared piece by piece.
enum Story: Sendable, CaseIterable {
    /// A first release, which creates the endpoints of both accounts.
    case creation
    /// A first release with an artifact that is copied in parts.
    case large
    /// A second release before the first one was promoted: an update in staging, a creation in prod.
    case update
    /// A second release, after the first one was promoted: an update in both accounts.
    case promotedUpdate
    /// A second release that fails its smoke test in staging; the first one goes on to prod.
    case restoration
    /// A second release that was promoted and is rejected in the registry: both accounts go back.
    case wayBack

    /// What a test does to a rollout that it has prepared something for.
    struct Trouble: Sendable {
        /// While the rollout is under way.
        var underWay: @Sendable () async throws -> Void = {}
        /// When all has ended, before the world is compared.
        var atTheEnd: @Sendable () async throws -> Void = {}
    }

    /// Prepares trouble before a rollout begins.
    typealias Troublemaker = @Sendable (World) async throws -> Trouble

    /// Tells the story to its end and expects the world to be what it has to be.
    func tell(
        in world: World,
        staging: Troublemaker = { _ in Trouble() },
        prod: Troublemaker = { _ in Trouble() }
    ) async throws {
        let differences = try await ending(in: world, staging: staging, prod: prod)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    /// Tells the story to its end and compares the world with what it has to be.
    ///
    /// - Parameter judge: The story with whose end the world is compared, if not with this one's.
    /// - Returns: What is different, each in a sentence.
    func ending(
        in world: World,
        staging: Troublemaker = { _ in Trouble() },
        prod: Troublemaker = { _ in Trouble() },
        judgedAs judge: Story? = nil
    ) async throws -> [String] {
        var versions = [
            self == .large
                ? try await world.registerLarge("demand-de") : try await world.register("demand-de"),
            try await world.register("demand-fr", [0, 1, 1]),
        ]
        if self != .creation, self != .large { try await begin(in: world) }
        if self == .wayBack {
            versions.append(try await world.releaseEverywhere(2, "demand-de", [2, 2, 2]).0)
            return try await reject(versions, in: world, staging(world), prod(world))
        }

        let first = try await staging(world)
        switch self {
        case .creation, .large: _ = try await world.startWorker()
        case .update, .promotedUpdate: versions.append(try await world.register("demand-de", [2, 2, 2]))
        case .restoration: versions.append(try await world.register("demand-de", World.wild))
        case .wayBack: break
        }
        try await first.underWay()

        if self == .restoration { try await world.release(2, ends: "failed") }
        let waiting = try await world.release(promoted, waitsAt: "prod")
        let second = try await prod(world)
        async let promotion = world.promote(waiting)
        try await second.underWay()
        let promoting = try await promotion
        try await world.release(promoted, ends: "released")
        try await first.atTheEnd()
        try await second.atTheEnd()
        var differences = Differences()
        differences.compare(promoting.status, 0, "the promotion's exit code (\(promoting.errors))")
        return differences.found + (try await (judge ?? self).compare(world, versions))
    }

    /// Both accounts are on their way back at once, so that what is prepared for either is there before.
    private func reject(
        _ versions: [World.Version],
        in world: World,
        _ troubles: Trouble...
    ) async throws -> [String] {
        try await world.set(try #require(versions.last), "Rejected")
        for trouble in troubles { try await trouble.underWay() }
        try await world.release(2, ends: "aborted")
        try await world.release(1, serves: ["prod", "staging"])
        for trouble in troubles { try await trouble.atTheEnd() }
        return try await compare(world, versions)
    }

    private func begin(in world: World) async throws {
        _ = try await world.startWorker()
        let waiting = try await world.release(1, waitsAt: "prod")
        guard self == .promotedUpdate || self == .wayBack else { return }
        try #require(try await world.promote(waiting).status == 0)
        try await world.release(1, ends: "released")
    }

    /// The number of the release that serves in prod at the end.
    private var promoted: Int {
        switch self {
        case .creation, .large, .restoration, .wayBack: 1
        case .update, .promotedUpdate: 2
        }
    }

    // MARK: The end

    /// What is not as it has to be.
    private struct Differences {
        private(set) var found: [String] = []

        mutating func compare<Value: Equatable>(_ value: Value, _ wanted: Value, _ what: String) {
            if value != wanted { found.append("\(what): \(value), where \(wanted) was to be") }
        }
    }

    private func compare(_ world: World, _ versions: [World.Version]) async throws -> [String] {
        var differences = Differences()
        let releases = try await world.releases()
        differences.compare(Dictionary(releases.map { ($0.number, $0.state) }) { $1 }, states, "the releases")
        let serving = releases.first { $0.number == promoted }?.serving
        differences.compare(serving, ["prod", "staging"], "where release \(promoted) serves")
        differences.compare(try await world.approvalEndings(releases), endings, "how approvals ended")

        let bytes = Dictionary(versions.map { ($0.arn, $0.sha256) }) { $1 }
        let contents = Dictionary(releases.map { ($0.number, $0) }) { $1 }.mapValues { release in
            (id: release.id, bytes: release.models.compactMapValues { bytes[$0] })
        }
        for (name, account, changes) in [
            ("staging", world.staging, stagingChanges), ("prod", world.prod, prodChanges),
        ] {
            let endpoint = try #require(try await world.endpoint(in: account))
            differences.compare(endpoint.status, "InService", "the endpoint in \(name)")
            differences.compare(endpoint.serves, contents[promoted]?.bytes ?? [:], "what \(name) serves")
            differences.compare(endpoint.history.map(\.kind), changes, "each switch in \(name), once")
            let outcomes = Set(endpoint.history.map(\.outcome))
            differences.compare(outcomes, ["done"], "how the switches in \(name) went")

            // A release's second model, config or copy would be the trace of an effect that happened twice.
            let arrived = name == "prod" ? prodReleases : Array(1...states.count)
            let wanted = [
                "CopyObject": (self == .large ? 1 : 2) * arrived.count,
                "CompleteMultipartUpload": self == .large ? 1 : 0, "CreateModel": arrived.count,
                "CreateEndpointConfig": arrived.count, "CreateEndpoint": 1,
                "UpdateEndpoint": changes.count - 1,
            ]
            let effects = try await world.effects(in: account)
            differences.compare(effects, wanted.filter { $0.value > 0 }, "done in \(name)")

            var objects: [String: String] = [:]
            for number in arrived {
                for (target, sha256) in contents[number]?.bytes ?? [:] {
                    objects["models/\(contents[number]?.id ?? "")/\(target)"] = sha256
                }
            }
            differences.compare(try await world.objects(in: name), objects, "the objects in \(name)")
            // One whose beginning nobody heard of is given up when the release has ended.
            if self == .large { try await world.eventuallyNoUploads() }
            differences.compare(try await world.uploads(in: name), [], "uploads left behind in \(name)")
        }
        return differences.found
    }

    private var states: [Int: String] {
        switch self {
        case .creation, .large: [1: "released"]
        case .update: [1: "superseded", 2: "released"]
        case .promotedUpdate: [1: "released", 2: "released"]
        case .restoration: [1: "released", 2: "failed"]
        case .wayBack: [1: "released", 2: "aborted"]
        }
    }

    private var endings: [String: String] {
        switch self {
        case .creation, .large: ["de/1": "released", "fr/1": "released"]
        case .update: ["de/1": "superseded", "de/2": "released", "fr/1": "released"]
        case .promotedUpdate, .wayBack: ["de/1": "released", "de/2": "released", "fr/1": "released"]
        // A later decision took the first one's place before its release went on.
        case .restoration: ["de/1": "superseded", "de/2": "failed", "fr/1": "released"]
        }
    }

    private var stagingChanges: [String] {
        switch self {
        case .creation, .large: ["create"]
        case .update, .promotedUpdate: ["create", "update"]
        case .restoration, .wayBack: ["create", "update", "update"]
        }
    }

    private var prodChanges: [String] {
        switch self {
        case .creation, .large, .update, .restoration: ["create"]
        case .promotedUpdate: ["create", "update"]
        case .wayBack: ["create", "update", "update"]
        }
    }

    private var prodReleases: [Int] { prodChanges.count > 1 ? [1, 2] : [promoted] }
}

extension World {
    /// Forecast and number of every version whose approval has ended → how it ended.
    fileprivate func approvalEndings(_ releases: [Release]) async throws -> [String: String] {
        var endings: [String: String] = [:]
        for release in releases {
            for line in try await show(release).journal ?? [] where line.name == "approvalEnded" {
                let pattern = /model-package\/demand-(\S+) for \S+: (\w+)/
                let found = try #require(line.text.firstMatch(of: pattern))
                let version = String(found.1)
                // One that ended twice shows as such where the endings are compared.
                endings[version] = (endings[version].map { "\($0), " } ?? "") + String(found.2)
            }
        }
        return endings
    }

    /// How often each mutating operation took effect in an account, counting those whose replies were lost.
    func effects(in account: String) async throws -> [String: Int] {
        let mutating: Set = [
            "CopyObject", "CompleteMultipartUpload", "CreateModel", "CreateEndpointConfig", "CreateEndpoint",
            "UpdateEndpoint",
            "DeleteModel", "DeleteEndpointConfig", "DeleteEndpoint", "DeleteObject",
        ]
        let calls = try await aws.get("calls?account=\(account)").array ?? []
        let done = calls.compactMap { call in
            call["done"] == true ? call["operation"]?.string : nil
        }
        return Dictionary(grouping: done.filter(mutating.contains)) { $0 }.mapValues(\.count)
    }
}
