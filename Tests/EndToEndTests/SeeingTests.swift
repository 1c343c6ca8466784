import Foundation
import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct SeeingTests {
    /// Who follows a release sees its whole journal as it happens, and how it ended in the exit code.
    @Test func aReleaseIsFollowedToItsEnd() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let first = try await world.release(1, waitsAt: "prod")
            async let overtaken = world.sluice("show", first.id, "--follow")
            try await world.register("demand-fr", [0, 1, 1])
            let second = try await world.release(2, waitsAt: "prod")
            async let followed = world.sluice("show", second.id, "--follow", "--json")
            let promotion = try await world.promote(second)
            #expect(promotion.output.contains("\(second.id) rolls in prod, prod: "))
            #expect(promotion.output.contains("follow with `sluice show \(second.id) --follow`"))

            let lines = try await followed.output.split(separator: "\n").map { line in
                try JSONDecoder().decode(Release.Line.self, from: Data(line.utf8))
            }
            #expect(try await followed.status == 0)
            #expect(lines.map(\.name) == (try await world.show(second).journal?.map(\.name)))
            #expect(lines.contains { $0.name == "ended" && $0.text.hasPrefix("released") })

            #expect(try await overtaken.status == 1)
            let text = try await overtaken.output
            #expect(text.contains("now waits for approval by a person for prod, until "))
            #expect(text.contains("ended: superseded: \(second.id) reached the gate of prod"))
            #expect(text.contains("\(first.id) has ended superseded"))
        }
    }

    /// What differs between the stages is marked in a table, and what waits says until when.
    @Test func statusShowsWhichVersionServesWhere() async throws {
        try await World.with { world in
            _ = try await world.begin()
            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            let status = try await world.sluice("status", World.endpoint)
            let rows = status.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(rows.contains(["account", "staging", "prod"]))
            #expect(rows.contains { $0.first == "release" && $0[1] == second.id && $0[2] != second.id })
            #expect(rows.contains([World.de, "demand-de/2", "demand-de/1", "differs"]))
            #expect(rows.contains([World.fr, "demand-fr/1", "demand-fr/1"]))
            #expect(status.output.contains("the gate of prod: waiting since "))
            #expect(status.output.contains(/waits for approval by a person for prod, until \d{4}-/))
        }
    }

    /// Nothing that somebody wrote steers the terminal of who reads it.
    @Test func whatPeopleWroteIsEscaped() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            let evil = "stop\u{1B}[2J\u{202E}"
            for (action, rest) in [("hold", [World.endpoint]), ("reject", [waiting.id])] {
                let outcome = try await world.run(
                    [action] + rest + ["--stage", "prod", "--reason", evil, "--wait"],
                    as: world.releaseManager
                )
                #expect(outcome.status == 0)
                #expect(!outcome.output.contains("\u{1B}"))
            }
            for command in [["status"], ["status", World.endpoint], ["show", waiting.id], ["plan"]] {
                let outcome = try await world.run(command)
                #expect(outcome.output.contains("stop\\u{1b}[2J\\u{202e}"), "\(command)")
                #expect(!outcome.output.contains("\u{1B}") && !outcome.output.contains("\u{202E}"))
            }
        }
    }

    /// A stranger reads from it who refused the release, when and why, and what it had carried.
    @Test func theStoryOfARefusedReleaseIsTold() async throws {
        try await World.with { world in
            _ = try await world.begin()
            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.sluice(
                "reject",
                second.id,
                "--stage",
                "prod",
                "--reason",
                "too slow",
                "--wait",
                as: world.releaseManager
            )
            let story = try await world.sluice("show", second.id).output
            #expect(story.contains("\(second.id) is refused"))
            #expect(story.contains("because    rejected for prod by \(world.releaseManager.id): too slow"))
            #expect(story.contains("serves in  no account") || story.contains("serves in  staging"))
            #expect(story.contains(/demand-de\/2  decided \S+ by \S+, refused \d{4}-/))
            #expect(
                story.contains(/attempt 1: verified, from \S+ to \S+; changes demand-de\.tar\.gz; config/)
            )
            #expect(story.contains("by       \(world.releaseManager.id)"))
            #expect(story.contains("reason   too slow"))
        }
    }

    /// On a terminal a worker shows what is under way below its log, and takes it away when it ends.
    @Test func aWorkerOnATerminalShowsWhatIsUnderWay() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            // It ends by itself, where all that is left to do is to wait for a person.
            let outcome = try await world.workOnATerminal("--until-idle")
            #expect(outcome.status == 0)
            #expect(
                outcome.output.contains(/demand-forecast #1  staging  staging  \w+ +since \d\d:\d\d:\d\dZ/)
            )
            let erased = "\u{1B}[1A\u{1B}[0J"
            #expect(outcome.output.contains(erased))
            let end = try #require(outcome.output.range(of: "sluice has stopped", options: .backwards))
            #expect(
                outcome.output[end.upperBound...].hasSuffix(erased),
                "the last thing is to take them away"
            )
        }
    }

    /// Where no terminal is there are no live lines, and the log is JSON.
    @Test func aWorkerWithoutATerminalWritesOnlyItsLog() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            let worker = try await world.startWorker()
            try await world.release(1, waitsAt: "prod")
            let lines = worker.log.split(separator: "\n")
            #expect(lines.allSatisfy { $0.hasPrefix("{") })
            #expect(!worker.log.contains("\u{1B}"))
        }
    }

    /// The messages are a contract: what is posted is what the worker reads.
    @Test func whatIsPostedHasItsShape() async throws {
        try await World.with { world in
            let release = "demand-forecast.0123456789"
            let commands: [(arguments: [String], message: [String: JSONValue])] = [
                (
                    ["rollback", World.endpoint, "--account", "prod"],
                    ["action": "rollback", "endpoint": .string(World.endpoint), "account": "prod"]
                ),
                (
                    ["rollback", World.endpoint, "--account", "prod", "--to", release],
                    [
                        "action": "rollback", "endpoint": .string(World.endpoint), "account": "prod",
                        "release": .string(release),
                    ]
                ),
                (
                    ["promote", release, "--stage", "prod", "--override"],
                    ["action": "promote", "release": .string(release), "stage": "prod", "override": true]
                ),
                (
                    ["promote", release, "--stage", "prod"],
                    ["action": "promote", "release": .string(release), "stage": "prod"]
                ),
                (
                    [
                        "attest", release, "--stage", "prod", "--check", "integration", "--verdict",
                        "inconclusive", "--evidence", "run 4711",
                    ],
                    [
                        "action": "attest", "release": .string(release), "stage": "prod",
                        "check": "integration", "verdict": "inconclusive", "evidence": "run 4711",
                    ]
                ),
            ]
            for command in commands {
                let outcome = try await world.run(
                    command.arguments + ["--reason", "because"],
                    as: world.releaseManager
                )
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            let queue = try await world.aws.get("queues?queueUrl=\(world.queue)")
            let posted = try (queue["messages"]?.array ?? []).map { message in
                let body = try #require(message["body"]?.string)
                #expect(message["sender"]?.string == world.releaseManager.id)
                return try #require(try JSONDocument(parsing: [UInt8](body.utf8)).root.object)
            }
            #expect(posted.count == commands.count)
            for (message, command) in zip(posted, commands) {
                #expect(message["requestId"]?.string?.isEmpty == false)
                var rest = message
                rest["requestId"] = nil
                #expect(rest == command.message.merging(["sluice": 1, "reason": "because"]) { $1 })
            }
        }
    }

    /// What cannot be meant is said before anything is posted.
    @Test(arguments: [
        (["rollback", "demand-forecast", "--account", "nope"], "its accounts are staging, prod"),
        (
            ["rollback", "demand-forecast", "--account", "prod", "--to", "other.0123456789"],
            "is no release of demand-forecast"
        ),
        (
            [
                "attest", "demand-forecast.0123456789", "--stage", "prod", "--check", "c", "--verdict",
                "fine",
            ], "passed"
        ),
    ])
    func aCommandThatCannotBeMeantPostsNothing(_ arguments: [String], _ sentence: String) async throws {
        try await World.with { world in
            let outcome = try await world.run(arguments + ["--reason", "because"], as: world.releaseManager)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
            let queue = try await world.aws.get("queues?queueUrl=\(world.queue)")
            #expect(queue["messages"]?.array?.isEmpty == true)
        }
    }

    /// Every command's help teaches with an example of itself.
    @Test func everyHelpHasAnExample() async throws {
        try await World.with { world in
            let commands = [
                "worker", "check", "plan", "status", "releases", "show", "quarantine", "promote", "reject",
                "retry", "rollback", "hold", "resume", "deploy", "attest", "init", "whoami", "permissions",
                "doctor",
                "teardown",
            ]
            let listed = try await world.sluice("--help").output
            for command in commands {
                #expect(listed.contains("\n  \(command) "), "\(command) is listed")
                let help = try await world.sluice(command, "--help")
                #expect(help.status == 0)
                #expect(help.output.contains("Example:\n  sluice \(command)"), "\(command)")
            }
        }
    }
}
