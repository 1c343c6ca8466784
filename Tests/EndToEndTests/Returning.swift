import Native
import Testing

/// Two releases that were released in both accounts, one after the other.
struct Twice: Sendable {
    let beginning: Beginning
    let second: Release
    /// The version that the second release brought.
    let de: World.Version

    /// What both accounts serve now.
    var served: [String: String] { [World.de: de.sha256, World.fr: beginning.fr.sha256] }
}

// What tests of the way back ask for and look at.
extension World {
    func beginTwice() async throws -> Twice {
        let beginning = try await begin()
        let (de, second) = try await releaseEverywhere(2, "demand-de", [2, 2, 2])
        return Twice(beginning: beginning, second: second, de: de)
    }

    /// Registers a version, promotes the release of it and waits until it is released.
    func releaseEverywhere(
        _ number: Int,
        _ group: String,
        _ coefficients: [Double]
    ) async throws -> (Version, Release) {
        let (version, waiting) = try await next(number, group, coefficients)
        try #require(try await promote(waiting).status == 0)
        return (version, try await release(number, ends: "released"))
    }

    /// Sends a decision and waits for its verdict; the release manager's where nobody else is named.
    @discardableResult
    func decide(_ arguments: String..., as identity: Identity? = nil) async throws -> Program.Outcome {
        try await run(arguments + ["--wait"], as: identity ?? releaseManager)
    }

    func rollback(
        _ account: String,
        to release: Release? = nil,
        as identity: Identity? = nil
    ) async throws -> Program.Outcome {
        let aim = release.map { ["--to", $0.id] } ?? []
        return try await run(
            ["rollback", Self.endpoint, "--account", account] + aim
                + ["--reason", "errors since 14:00", "--wait"],
            as: identity ?? releaseManager
        )
    }

    /// Waits until an account serves these models and nothing changes there any more.
    func eventually(_ account: String, serves wanted: [String: String]) async throws {
        try await eventually("account \(account) serves what it should") {
            let endpoint = try await endpoint(in: account)
            let isThere = endpoint?.serves == wanted && endpoint?.status == "InService"
            return (isThere ? true : nil, "\(String(describing: endpoint))")
        }
    }

    /// Waits until the ledger knows that these accounts serve a release.
    @discardableResult
    func release(_ number: Int, serves accounts: [String]) async throws -> Release {
        try await release(number, "serves in \(accounts)") { $0.serving == accounts }
    }

    /// Number and state of every release, the first one first.
    func states() async throws -> [String] {
        try await releases().sorted { $0.number < $1.number }.map { "\($0.number) \($0.state)" }
    }

    /// The whole answer of a target model to the row 1, 2, 3.
    func answer(of target: String, in account: String) async throws -> JSONValue {
        try await aws.post(
            "invoke",
            [
                "account": .string(account), "endpoint": .string(Self.endpoint), "target": .string(target),
                "body": "1,2,3",
            ]
        )
    }

    /// The number that the stand-in gave to the last call of an operation in an account; later ones are higher.
    func lastCall(of operation: String, in account: String) async throws -> Int64 {
        let calls = try await aws.get("calls?account=\(account)").array ?? []
        let last = calls.last { $0["operation"]?.string == operation }
        return try #require(last?["n"]?.int)
    }

    /// The texts of a release's journal under a name.
    func told(of release: Release, _ name: String) async throws -> [String] {
        (try await show(release).journal ?? []).filter { $0.name == name }.map(\.text)
    }
}
