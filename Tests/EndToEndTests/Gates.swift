import Foundation
import Native
import Testing

// What tests of gates ask of their world.
extension World {
    /// Adds keys to prod's gate, one a line.
    ///
    /// - Parameter approvals: How many approvals it asks for.
    func gate(approvals: Int = 1, _ keys: String...) throws {
        let lines = ["approvals: \(approvals)"] + keys
        try edit("demand-forecast.yaml", "approvals: 1\n", lines.joined(separator: "\n      ") + "\n")
    }

    /// Lets these approve for prod, and nobody else.
    func approvers(_ ids: String...) throws {
        let list = ids.map { "\"\($0)\"" }.joined(separator: ", ")
        try edit(
            "demand-forecast.yaml",
            "      approvers: [\"\(releaseManager.id)\"]",
            "      approvers: [\(list)]"
        )
    }

    /// Puts an alarm in a state; it is made if need be.
    func alarm(_ state: String, in account: String) async throws {
        try await aws.post(
            "alarms",
            ["account": .string(account), "name": .string(Self.alarm), "state": .string(state)]
        )
    }

    /// The alarm that gates ask about.
    static let alarm = "too-many-errors"

    /// A promotion by somebody of whom no keys exist, such as a session of a role.
    func promote(_ release: Release, by sender: String) async throws {
        let body = """
            {"sluice": 1, "action": "promote", "release": "\(release.id)", "stage": "prod", "reason": "fine"}
            """
        try await aws.post(
            "messages",
            ["queueUrl": .string(queue), "body": .string(body), "sender": .string(sender)]
        )
    }

    func override(_ release: Release, as identity: Identity) async throws -> Program.Outcome {
        try await sluice(
            "promote",
            release.id,
            "--stage",
            "prod",
            "--override",
            "--reason",
            "customers see wrong prices",
            "--wait",
            as: identity
        )
    }

    func attest(
        _ release: Release,
        _ verdict: String,
        check: String = "integration-test",
        as identity: Identity
    ) async throws -> Program.Outcome {
        try await sluice(
            "attest",
            release.id,
            "--stage",
            "prod",
            "--check",
            check,
            "--verdict",
            verdict,
            "--evidence",
            "https://ci.example.com/runs/7",
            "--reason",
            "run 7",
            "--wait",
            as: identity
        )
    }

    /// Has Sluice's events put on the registry's bus, and gives the queue that hears them there.
    func subscribe() async throws -> String {
        try edit("registry.yaml", "# events: default", "events: default")
        let made = try await aws.post("subscriptions", ["account": .string(registry), "source": "sluice"])
        return try #require(made["queueUrl"]?.string)
    }

    /// Waits until an event of a name about a release has come, and gives its detail.
    func event(_ name: String, about release: Release, on queue: String) async throws -> JSONValue {
        try await eventually("the event \(name) about \(release.id)") {
            let messages = try await aws.get("queues?queueUrl=\(queue)")["messages"]?.array ?? []
            let details = try messages.compactMap { message in
                try message["body"]?.string.flatMap { body in
                    try JSONDocument(parsing: [UInt8](body.utf8)).root["detail"]
                }
            }
            let found = details.first {
                $0["name"]?.string == name && $0["release"]?.string == release.id
            }
            return (found, "\(details)")
        }
    }

    /// The lines of a release's journal that have this name.
    func journal(of release: Release, _ name: String) async throws -> [Release.Line] {
        try await show(release).journal?.filter { $0.name == name } ?? []
    }
}
