import Foundation
import Native
import Testing

/// Something did not come about in time: what was seen last, and what the workers said.
struct NeverHappened: Error, CustomStringConvertible {
    let description: String
}

// What a test sees of its world: the ledger through the command line, AWS through the stand-in.
extension World {
    func releases() async throws -> [Release] {
        try await read("releases", "--json")
    }

    func show(_ release: Release) async throws -> Release {
        try await read("show", release.id, "--json")
    }

    func quarantine() async throws -> [Quarantined] {
        try await read("quarantine", "--json")
    }

    private func read<Value: Decodable>(_ arguments: String...) async throws -> Value {
        let outcome =
            switch arguments.count {
            case 2: try await sluice(arguments[0], arguments[1])
            default: try await sluice(arguments[0], arguments[1], arguments[2])
            }
        try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return try JSONDecoder().decode(Value.self, from: Data(outcome.output.utf8))
    }

    /// Looks until something is so. The minute is a limit and never a measurement.
    ///
    /// - Parameter look: Gives what the test waits for, or nil, and in any case what it saw.
    @discardableResult
    func eventually<Value: Sendable>(
        _ what: String,
        within limit: Duration = .seconds(60),
        look: () async throws -> (found: Value?, seen: String)
    ) async throws -> Value {
        let start = ContinuousClock.now
        var pause = Duration.milliseconds(50)
        while true {
            let (found, seen) = try await look()
            if let found { return found }
            guard .now - start < limit else {
                throw NeverHappened(
                    description: "never happened: \(what). Last seen: \(seen)\nThe workers' logs:\n\(logs)"
                )
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(400))
        }
    }

    /// Waits until the release of a number, the first being 1, is as asked.
    @discardableResult
    func release(
        _ number: Int,
        _ what: String,
        _ condition: (Release) -> Bool
    ) async throws -> Release {
        try await eventually("release \(number) \(what)") {
            let releases = try await releases()
            return (releases.first { $0.number == number && condition($0) }, "\(releases)")
        }
    }

    @discardableResult
    func release(_ number: Int, ends state: String) async throws -> Release {
        try await release(number, "ends \(state)") { $0.state == state }
    }

    @discardableResult
    func release(_ number: Int, waitsAt stage: String) async throws -> Release {
        try await release(number, "waits at the gate of \(stage)") { $0.waits(at: stage) }
    }

    // MARK: AWS

    /// An endpoint as it really is in an account.
    struct Endpoint: Sendable {
        struct Change: Sendable {
            let kind: String
            let outcome: String
            let by: String
        }

        let status: String
        let config: String
        /// Target model → the SHA-256 of what answers for it.
        let serves: [String: String]
        let history: [Change]
        let tags: [String: String]

        /// How often anybody had it updated.
        var updates: Int { history.count { $0.kind == "update" } }
    }

    /// The endpoint in an account, or nil where there is none.
    func endpoint(in account: String) async throws -> Endpoint? {
        let found: JSONValue
        do {
            found = try await aws.get("endpoints/\(account)/\(Self.endpoint)")
        } catch let refused as LocalAWS.Refused where refused.description.contains("missing or unknown") {
            return nil
        }
        return Endpoint(
            status: try #require(found["status"]?.string),
            config: try #require(found["config"]?.string),
            serves: (found["targets"]?.object ?? [:]).compactMapValues { $0["sha256"]?.string },
            history: (found["history"]?.array ?? []).map { change in
                Endpoint.Change(
                    kind: change["kind"]?.string ?? "",
                    outcome: change["outcome"]?.string ?? "",
                    by: change["by"]?.string ?? ""
                )
            },
            tags: (found["tags"]?.object ?? [:]).compactMapValues(\.string)
        )
    }

    /// What an account serves: target model → SHA-256.
    func served(in account: String) async throws -> [String: String] {
        try await endpoint(in: account)?.serves ?? [:]
    }

    /// How often each operation was called with credentials of an account, `service.Operation` → times.
    func counts(_ account: String) async throws -> [String: Int] {
        let counts = try await aws.get("calls/counts?account=\(account)")
        return (counts.object ?? [:]).compactMapValues { $0.int.map(Int.init) }
    }

    /// How often the endpoints of both accounts were created or asked to change.
    func switches() async throws -> Int {
        var sum = 0
        for account in [staging, prod] {
            let counts = try await counts(account)
            sum += (counts["sagemaker.CreateEndpoint"] ?? 0) + (counts["sagemaker.UpdateEndpoint"] ?? 0)
        }
        return sum
    }

    /// What lies in an account's bucket of models: key → SHA-256.
    func objects(in name: String) async throws -> [String: String] {
        let account = name == "prod" ? prod : staging
        let found = try await aws.get("objects?bucket=acme-\(name)-models-\(account)")
        return (found.object ?? [:]).compactMapValues { $0["sha256"]?.string }
    }
}
