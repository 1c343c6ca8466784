import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct BurstTests {
    private static let groups = (1...40).map { "store-\($0)" }

    /// However many approvals come at once, an endpoint changes as often as if they were few.
    @Test func twoHundredApprovalsOfFortyModelsAreAFewUpdates() async throws {
        try await World.with { world in
            try await world.serve(Self.groups)
            let versions = try await world.register(Self.groups, versions: 6)
            for model in versions { try await world.set(model[0], "Approved") }
            _ = try await world.startWorker()
            try await world.promote(try await world.releaseOf(versions.map { $0[0] }))
            try await world.release(1, ends: "released")
            let before = try await world.switches(in: [world.staging, world.prod])

            // The versions of one model in their order, so that the last decision is known; the models at once.
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for model in versions {
                    tasks.addTask {
                        for version in model.dropFirst() { try await world.set(version, "Approved") }
                    }
                }
                try await tasks.waitForAll()
            }
            let last = try await world.releaseOf(versions.compactMap(\.last))
            try await world.promote(last)
            try await world.release(last.number, ends: "released")

            let after = try await world.switches(in: [world.staging, world.prod])
            for (before, after) in zip(before, after) { #expect((1...3).contains(after - before)) }
            let wanted = Dictionary(
                uniqueKeysWithValues: zip(Self.groups, versions).map { ("\($0).tar.gz", $1.last?.sha256) }
            )
            #expect(try await world.served(in: world.staging) == wanted)
            #expect(try await world.served(in: world.prod) == wanted)

            try await world.eventuallyIdle()
            let endings = try world.approvalEndings()
            for model in versions {
                for version in model {
                    #expect(endings[version.arn]?.count == 1, "\(version.arn) ends once")
                }
                #expect(model.last.flatMap { endings[$0.arn] } == ["released"])
            }
            #expect(endings.count == 6 * Self.groups.count)
        }
    }
}

extension World {
    /// Lets the endpoint serve the models of these groups and no others.
    fileprivate func serve(_ groups: [String]) async throws {
        try await complete(groups: groups)
        try edit(
            "demand-forecast.yaml",
            "  demand-de.tar.gz: demand-de\n  demand-fr.tar.gz: demand-fr\n",
            groups.map { "  \($0).tar.gz: \($0)\n" }.joined()
        )
    }

    /// Registers versions of each group that nobody has approved yet.
    fileprivate func register(_ groups: [String], versions: Int) async throws -> [[Version]] {
        var all: [[Version]] = []
        for group in groups {
            var model: [Version] = []
            for version in 1...versions {
                model.append(try await register(group, [Double(version), 2, 0.5], approve: false))
            }
            all.append(model)
        }
        return all
    }

    /// The release of exactly these versions, once it waits for prod.
    fileprivate func releaseOf(_ versions: [Version]) async throws -> Release {
        let wanted = Set(versions.map(\.arn))
        return try await eventually("the release of what was approved last waits", within: .seconds(120)) {
            let releases = try await releases()
            let found = releases.first { $0.waits(at: "prod") && Set($0.models.values) == wanted }
            return (found, "\(releases.map { "\($0.number) \($0.state)" })")
        }
    }

    /// How often the endpoint of each account was created or asked to change.
    fileprivate func switches(in accounts: [String]) async throws -> [Int] {
        var all: [Int] = []
        for account in accounts {
            let counts = try await counts(account)
            all.append((counts["sagemaker.CreateEndpoint"] ?? 0) + (counts["sagemaker.UpdateEndpoint"] ?? 0))
        }
        return all
    }

    /// Every version whose approval has ended, and how often and how: the worker logs each decision that the
    /// ledger records, also of approvals that no release ever took.
    fileprivate func approvalEndings() throws -> [String: [String]] {
        var endings: [String: [String]] = [:]
        for line in logs.split(separator: "\n") where line.contains("approvalEnded") {
            let entry = try JSONDocument(parsing: [UInt8](line.utf8)).root
            let message = try #require(entry["message"]?.string)
            let found = try #require(message.firstMatch(of: /^(\S+) for \S+: (\w+)/))
            endings[String(found.1), default: []].append(String(found.2))
        }
        return endings
    }
}
