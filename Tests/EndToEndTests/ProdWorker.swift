import Foundation
import Native
import Testing

// Prod with a queue, a worker and a ledger of its own, which is handed what was verified in staging.
extension World {
    /// Says in the accounts folder that prod has a worker of its own, and who may hand over to it.
    func separateProd() throws {
        let own = try #require(own, "prod has a queue of its own")
        let relay = "queue: \(own.queue)\nupstream: [\"\(worker.id)\"]\n"
        try edit("prod.yaml", "region: eu-west-1\n", "region: eu-west-1\n\(relay)")
    }

    private var ledgerOfProd: [String: String] { ["SLUICE_LEDGER": "sqlite:\(folder.path)/prod.sqlite"] }

    /// Starts prod's own worker, with the credentials of its account.
    func startProdWorker() async throws -> Worker {
        let own = try #require(own, "prod has a queue of its own")
        let keys = [
            "AWS_ACCESS_KEY_ID": own.worker.accessKey, "AWS_SECRET_ACCESS_KEY": own.worker.secret,
        ]
        let worker = try await startWorker(
            "--only",
            "prod",
            environment: keys.merging(ledgerOfProd) { $1 }
        )
        try await eventually("prod's worker has a ledger") {
            let outcome = try await run(["releases"], as: nil, environment: ledgerOfProd)
            return (outcome.status == 0 ? true : nil, outcome.errors)
        }
        return worker
    }

    /// Runs a command on prod's ledger.
    func inProd(_ arguments: String..., as identity: Identity? = nil) async throws -> Program.Outcome {
        try await run(arguments, as: identity, environment: ledgerOfProd)
    }

    func readInProd<Value: Decodable>(_ arguments: String...) async throws -> Value {
        let outcome = try await run(arguments, as: nil, environment: ledgerOfProd)
        try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return try JSONDecoder().decode(Value.self, from: Data(outcome.output.utf8))
    }

    func releasesInProd() async throws -> [Release] { try await readInProd("releases", "--json") }

    @discardableResult
    func releaseInProd(_ number: Int, _ what: String, _ condition: (Release) -> Bool) async throws -> Release
    {
        try await eventually("release \(number) in prod's ledger \(what)") {
            let releases = try await releasesInProd()
            return (releases.first { $0.number == number && condition($0) }, "\(releases)")
        }
    }

    /// Lets somebody promote a release of prod's ledger.
    func promoteInProd(_ release: Release) async throws {
        let outcome = try await inProd(
            "promote",
            release.id,
            "--stage",
            "prod",
            "--reason",
            "the holdout week looks right",
            "--wait",
            "--timeout",
            "120",
            as: releaseManager
        )
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    /// What lies on prod's own queue.
    func messagesToProd() async throws -> [JSONValue] {
        let queue = try #require(own?.queue)
        return try await aws.get("queues?queueUrl=\(queue)")["messages"]?.array ?? []
    }

    /// Puts a message on prod's own queue as if this sender had sent it.
    func sendToProd(_ body: String, from sender: Identity? = nil, times: Int64 = 1) async throws {
        try await aws.post(
            "messages",
            [
                "queueUrl": .string(try #require(own?.queue)), "body": .string(body),
                "sender": .string((sender ?? worker).id), "times": .int(times),
            ]
        )
    }

    /// Everything that was made of the endpoint in both accounts, in words that are the same in two worlds where
    /// the same happened: accounts and releases have their names in place of their numbers.
    ///
    /// - Parameter releases: The releases in the order in which they came.
    func picture(of releases: [Release]) async throws -> String {
        var lines: [String] = []
        for (name, account) in [("staging", staging), ("prod", prod)] {
            let found = try await aws.get("endpoints/\(account)/\(Self.endpoint)")
            let history = (found["history"]?.array ?? []).map { $0["kind"]?.string ?? "" }
            lines.append("\(name): \(history.joined(separator: ", "))")
            for key in ["status", "config", "model", "asked", "tags", "variants"] {
                lines.append("\(name) \(key): \(try (found[key] ?? .null).text)")
            }
            let served = try await served(in: account).sorted { $0.key < $1.key }
            lines += served.map { "\(name) serves \($0.key): \($0.value)" }
            lines += try await objects(in: name).sorted { $0.key < $1.key }.map {
                "\(name) holds \($0.key): \($0.value)"
            }
            let effects = try await effects(in: account).sorted { $0.key < $1.key }
            lines += effects.map { "\(name) \($0.key): \($0.value)" }
        }
        var picture = lines.joined(separator: "\n")
        for (number, name) in [(registry, "REGISTRY"), (staging, "STAGING"), (prod, "PROD")] {
            picture = picture.replacing(number, with: name)
        }
        for (index, release) in releases.enumerated() {
            picture = picture.replacing(release.id.suffix(10), with: "RELEASE\(index + 1)")
        }
        // Objects come in the order of their real names.
        return picture.split(separator: "\n").sorted().joined(separator: "\n")
    }
}
