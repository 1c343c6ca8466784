import Foundation
import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct ThrottlingTests {
    private static let names = (1...40).map { "store-\($0)" }

    /// Forty releases at once are far more calls than an account takes in a second. The worker finds out how
    /// many it takes, all are through in the end, and what is asked for first is made first.
    @Test func fortyApprovalsInAnAccountThatTakesTwentyCallsASecond() async throws {
        try await World.with { world in
            try await world.serve(eachOf: Self.names)
            for account in [world.staging, world.prod] {
                try await world.aws.post(
                    "throttle",
                    ["account": .string(account), "match": #"^sagemaker\."#, "perSecond": 20]
                )
            }
            _ = try await world.startWorker()
            try await world.eventually("every group was listed") {
                let listed = try await world.counts(world.registry)["sagemaker.ListModelPackages"] ?? 0
                return (listed >= Self.names.count ? true : nil, "\(listed)")
            }
            for name in Self.names { try await world.register(name) }
            try await world.eventually("all are released", within: .seconds(300)) {
                let releases = try await world.releases()
                let done = releases.count { $0.state == "released" }
                #expect(releases.allSatisfy { ["rolling", "waiting", "released"].contains($0.state) })
                return (done == Self.names.count ? true : nil, "\(done) of \(releases.count)")
            }

            for account in [world.staging, world.prod] {
                let made = try await world.made(in: account)
                #expect(Set(made) == Set(Self.names), "each is there")
                #expect(made.count == Self.names.count, "and once")
                // Looks and copies are under way together, and may overtake each other on a busy machine.
                let asked = try await world.asked(in: account)
                let order = made.compactMap { asked.firstIndex(of: $0) }
                #expect(order.count == Self.names.count)
                #expect(Self.latest(of: order) <= Self.names.count / 4, "no refusal cost a place: \(order)")
                let refused = try await world.refused(in: account)
                let calls = try await world.counts(account).filter { $0.key.hasPrefix("sagemaker.") }
                let all = calls.values.reduce(0, +)
                #expect(refused > 0, "the account was too slow for them")
                #expect(refused < Int64(all / 4), "\(refused) of \(all) calls were refused")
            }
        }
    }

    /// How many places the latest of them came late.
    private static func latest(of order: [Int]) -> Int {
        zip(order, order.indices).map { $1 - $0 }.max() ?? 0
    }
}

extension World {
    /// Lets each of these models be served by an endpoint of its own name, with no person at any gate.
    fileprivate func serve(eachOf names: [String]) async throws {
        try await complete(groups: names)
        try edit("demand-forecast.yaml", "approvals: 1", "approvals: 0")
        try edit("demand-forecast.yaml", "  demand-fr.tar.gz: demand-fr\n", "")
        let file = accounts.appending(path: "demand-forecast.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        try FileManager.default.removeItem(at: file)
        for name in names {
            try text.replacing("demand-forecast", with: name).replacing("demand-de", with: name).write(
                to: accounts.appending(path: "\(name).yaml"),
                atomically: true,
                encoding: .utf8
            )
        }
    }

    /// The endpoints that were created in an account.
    fileprivate func made(in account: String) async throws -> [String] {
        let calls = try await aws.get("calls?account=\(account)").array ?? []
        return calls.filter { $0["operation"] == "CreateEndpoint" && $0["status"] == 200 }.compactMap {
            $0["subject"]?.string
        }
    }

    /// The endpoints in the order of their first call that makes anything, refused or not: the creation of a model,
    /// whose name ends in a hyphen and ten hex digits.
    fileprivate func asked(in account: String) async throws -> [String] {
        let calls = try await aws.get("calls?account=\(account)").array ?? []
        var asked: [String] = []
        for call in calls where call["operation"] == "CreateModel" {
            let name = String(call["subject"]?.string?.dropLast(11) ?? "")
            if !asked.contains(name) { asked.append(name) }
        }
        return asked
    }

    /// How many calls an account was too slow for.
    fileprivate func refused(in account: String) async throws -> Int64 {
        let rates = try await aws.get("throttle?account=\(account)").array ?? []
        return rates.compactMap { $0["refused"]?.int }.reduce(0, +)
    }
}
