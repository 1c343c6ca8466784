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

    /// What serves, and the bars and holds of the endpoint.
    struct Status: Decodable, Sendable {
        struct Bar: Decodable, Sendable {
            let target: String
            let package: String
            let reason: String
        }

        struct Hold: Decodable, Sendable {
            let stage: String?
            let by: String
            let reason: String
        }

        struct Serving: Decodable, Sendable {
            let name: String
            let release: String
            /// Whether it serves a rejected version and has nothing to go back to.
            let stranded: Bool
            /// The config that is live instead, where somebody switched the endpoint past Sluice.
            let drift: String?
        }

        /// What goes its way through a stage, or back.
        struct UnderWay: Decodable, Sendable {
            let rollback: Bool
            let waitsFor: [String]
        }

        /// What cannot be read.
        struct Trouble: Decodable, Sendable {
            let subject: String
            let sentence: String
        }

        /// An account of a unit that nothing is deployed to.
        struct LeftOut: Decodable, Sendable, Equatable {
            let account: String
            let unit: String
            let state: String
        }

        let endpoint: String
        let underWay: [UnderWay]
        let serving: [Serving]
        let bars: [Bar]
        let holds: [Hold]
        let troubles: [Trouble]
        let leftOut: [LeftOut]
    }

    func status() async throws -> Status {
        let all: [Status] = try await read("status", "--json")
        return try #require(all.first { $0.endpoint == Self.endpoint })
    }

    private func read<Value: Decodable>(_ arguments: String...) async throws -> Value {
        let outcome = try await run(arguments)
        try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return try JSONDecoder().decode(Value.self, from: Data(outcome.output.utf8))
    }

    /// Looks until something is so. The two minutes are a limit and never a measurement.
    ///
    /// - Parameter look: Gives what the test waits for, or nil, and in any case what it saw.
    @discardableResult
    func eventually<Value: Sendable>(
        _ what: String,
        within limit: Duration = .seconds(120),
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
    func endpoint(in account: String, called name: String = endpoint) async throws -> Endpoint? {
        let found: JSONValue
        do {
            found = try await aws.get("endpoints/\(account)/\(name)")
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

    /// From which buckets an account's role had objects copied, and how many.
    func copies(by account: String) async throws -> [String: Int] {
        let calls = try await aws.get("calls?account=\(account)").array ?? []
        let sources = calls.filter { $0["operation"] == "CopyObject" && $0["status"] == 200 }.compactMap {
            $0["subject"]?.string?.split(separator: " from ").last?.split(separator: "/").first.map(
                String.init
            )
        }
        return Dictionary(grouping: sources) { $0 }.mapValues(\.count)
    }

    /// How often the worker looked at a version in the registry.
    func looks(at version: Version) async throws -> Int {
        let calls = try await aws.get("calls?account=\(registry)").array ?? []
        return calls.count {
            $0["operation"] == "DescribeModelPackage" && $0["subject"]?.string == version.arn
        }
    }

    /// Waits until every message is taken off the queue and the registry was compared with the ledger after that.
    func eventuallyIdle() async throws {
        try await eventually("the queue is empty") {
            let queue = try await aws.get("queues?queueUrl=\(queue)")
            return (queue["messages"]?.array?.isEmpty == true ? true : nil, "\(queue)")
        }
        let before = try await sweeps()
        try await eventually("two sweeps of the registry") {
            let now = try await sweeps()
            return (now >= before + 4 ? true : nil, "\(now - before) of 4 groups listed")
        }
    }

    private func sweeps() async throws -> Int {
        try await counts(registry)["sagemaker.ListModelPackages"] ?? 0
    }

    // MARK: Files

    /// The ledger's bytes as text.
    func ledgerText() throws -> String {
        try text { $0.hasPrefix("ledger.sqlite") }
    }

    /// All that the programs wrote: logs, output, errors and the ledger.
    func everythingWritten() throws -> String {
        try text { $0.hasPrefix("ledger.sqlite") || $0.hasSuffix(".out") || $0.hasSuffix(".err") }
    }

    private func text(_ isWanted: (String) -> Bool) throws -> String {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter(isWanted).map { name in
            String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self)
        }.joined(separator: "\n")
    }

    /// What lies in an account's bucket of models: key → SHA-256.
    func objects(in name: String) async throws -> [String: String] {
        let account = name == "prod" ? prod : staging
        let found = try await aws.get("objects?bucket=acme-\(name)-models-\(account)")
        return (found.object ?? [:]).compactMapValues { $0["sha256"]?.string }
    }
}
