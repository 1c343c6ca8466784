import Native
import Testing

/// A person takes one account back, and nothing comes in again until a person says so.
@Suite(.enabled(if: LocalAWS.url != nil))
struct RollbackTests {
    @Test func oneAccountGoesBackAndItsStageIsHeldUntilAResume() async throws {
        try await World.with { world in
            let twice = try await world.beginTwice()
            let outcome = try await world.rollback("prod")
            #expect(outcome.status == 0)
            let first = twice.beginning.first
            #expect(outcome.output.contains("prod goes back to \(first.id), and prod is held"))
            try await world.eventually(world.prod, serves: twice.beginning.served)
            try await world.release(1, serves: ["prod"])
            let left = try await world.release(2, ends: "aborted")
            #expect(left.why.contains("errors since 14:00"))
            #expect(left.serving == ["staging"], "the other account stays")
            #expect(left.stage("prod")?.accounts == [.init(name: "prod", state: "rolled-back")])
            #expect(left.stage("staging")?.accounts == [.init(name: "staging", state: "verified")])
            #expect(try await world.served(in: world.staging) == twice.served)
            let status = try await world.status()
            #expect(status.holds.map(\.stage) == ["prod"])
            #expect(status.holds.map(\.by) == [world.releaseManager.id])
            #expect(status.holds.map(\.reason) == ["errors since 14:00"])
            #expect(status.bars.isEmpty, "the hold keeps it out, and nothing is barred")

            // Neither a new decision nor an approval opens what a person closed.
            let (fr, third) = try await world.next(3, "demand-fr", [0, 3, 3])
            #expect(try await world.promote(third).status == 0)
            let held = try await world.release(3, "is held") { $0.waitingFor.contains("errors since 14:00") }
            #expect(held.waits(at: "prod"))
            #expect(try await world.served(in: world.prod) == twice.beginning.served)
            try await world.decide("resume", World.endpoint, "--stage", "prod", "--reason", "found it")
            try await world.release(3, ends: "released")
            let wanted = [World.de: twice.de.sha256, World.fr: fr.sha256]
            #expect(try await world.served(in: world.prod) == wanted)
        }
    }

    @Test func aPersonNamesTheReleaseToGoBackTo() async throws {
        try await World.with { world in
            let twice = try await world.beginTwice()
            let (_, third) = try await world.releaseEverywhere(3, "demand-de", [3, 3, 3])
            let first = twice.beginning.first
            #expect(try await world.rollback("prod", to: first).status == 0)
            try await world.eventually(world.prod, serves: twice.beginning.served)
            try await world.release(3, ends: "aborted")
            let story = try await world.sluice("show", third.id).output
            #expect(story.contains("went back to \(first.id) by attempt 2"))
            #expect(story.contains("errors since 14:00"))
        }
    }

    @Test func whatCannotBeGoneBackToIsRefusedWithASentence() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let alone = try await world.rollback("prod")
            #expect(alone.status == 1)
            #expect(
                alone.output.contains(
                    "there is nothing to go back to: prod verified no other release that prod accepts now"
                )
            )
            let stranger = try await world.rollback("prod", as: world.stranger)
            #expect(stranger.status == 1)
            #expect(stranger.output.contains("\(world.stranger.id) is not among the operators of"))

            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            let early = try await world.rollback("prod", to: second)
            #expect(early.status == 1)
            #expect(early.output.contains("prod never verified \(second.id)"))
            let same = try await world.rollback("prod", to: beginning.first)
            #expect(same.status == 1)
            #expect(same.output.contains("prod serves \(beginning.first.id) already"))

            // The command knows the accounts folder; whoever writes the message by hand is told by the worker.
            let unknown = try await world.rollback("nowhere")
            #expect(unknown.status == 2)
            #expect(unknown.errors.contains("its accounts are staging, prod"))
            try await world.send(
                """
                {"sluice": 1, "action": "rollback", "endpoint": "\(World.endpoint)", "account": "nowhere", \
                "reason": "a slip", "requestId": "by hand"}
                """,
                from: world.releaseManager
            )
            try await world.eventually("the message is refused") {
                let isSaid = world.logs.contains("has no account nowhere; it has prod, staging")
                return (isSaid ? true : nil, "nothing of it in the log")
            }
            #expect(try await world.status().holds.isEmpty, "nothing is held for what was refused")
            #expect(try await world.served(in: world.prod) == beginning.served)
        }
    }

    /// What is under way in the account is taken back with it, and does not come back by itself.
    @Test func whatIsUnderWayIsTakenBack() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.order(in: world.staging, seconds: 6)
            try await world.register("demand-de", [2, 2, 2])
            try await world.release(2, "is being switched to") {
                $0.waitingFor.contains("to be in service on")
            }
            let outcome = try await world.rollback("staging")
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("the attempt under way in staging is taken back"))
            let again = try await world.rollback("staging")
            #expect(again.status == 0 || again.output.contains("going back"), "asking twice does no harm")
            try await world.release(2, ends: "aborted")
            try await world.eventually(world.staging, serves: beginning.served)
            try await world.eventuallyIdle()
            #expect(try await world.states() == ["1 released", "2 aborted"])
            #expect(try await world.endpoint(in: world.staging)?.updates == 2)
            #expect(try await world.status().holds.map(\.stage) == ["staging"])
        }
    }
}
