import Native
import Testing

/// One command stops everything, and another lets it go on where it was.
@Suite(.enabled(if: LocalAWS.url != nil))
struct StopTests {
    /// Before the switch nothing moves any more, though an effect that was begun is let finish.
    @Test func holdingEverythingStopsARolloutBeforeItsSwitch() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let call = try await world.hold("sagemaker.CreateModel", in: world.staging, .delayed)
            let de = try await world.register("demand-de", [2, 2, 2])
            try await world.arrives(call)
            try await world.decide("hold", "--all", "--reason", "the auditors are here")
            try await world.letGo(call)
            let sentence = "held by \(world.releaseManager.id) (the auditors are here)"
            let held = try await world.release(2, "is held") { $0.waitingFor.contains(sentence) }
            #expect(held.state == "rolling")
            try await world.eventuallyIdle()
            let effects = try await world.effects(in: world.staging)
            #expect((effects["CreateModel"], effects["CreateEndpointConfig"]) == (2, 1))
            #expect(try await world.served(in: world.staging) == beginning.served)
            let status = try await world.sluice("status", World.endpoint).output
            #expect(
                status.contains(
                    /held: everything, by AIDA\w+ since \d{4}-\S+: the auditors are here/
                )
            )
            #expect(status.contains(sentence))

            try await world.decide("resume", "--all", "--reason", "they left")
            try await world.release(2, waitsAt: "prod")
            #expect(try await world.served(in: world.staging)[World.de] == de.sha256)
            #expect(try await world.effects(in: world.staging)["CreateModel"] == 2, "nothing is done twice")
            #expect(try await world.status().holds.isEmpty)
        }
    }

    /// What SageMaker is doing already is awaited and tested, and then goes no further.
    @Test func aSwitchThatWasAskedForIsSeenThrough() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.order(in: world.staging, seconds: 4)
            let de = try await world.register("demand-de", [2, 2, 2])
            let asked = try await world.counts(world.staging)["sagemaker-runtime.InvokeEndpoint"] ?? 0
            try await world.release(2, "is being switched to") {
                $0.waitingFor.contains("to be in service on")
            }
            try await world.decide("hold", "--all", "--reason", "freeze")
            let waiting = try await world.release(2, waitsAt: "prod")
            #expect(try await world.served(in: world.staging)[World.de] == de.sha256)
            let tested = try await world.counts(world.staging)["sagemaker-runtime.InvokeEndpoint"] ?? 0
            #expect(tested > asked, "it is tested")
            #expect(try await world.promote(waiting).status == 0)
            let held = try await world.release(2, "is held") { $0.waitingFor.contains("(freeze)") }
            #expect(held.waits(at: "prod"))
            try await world.eventuallyIdle()
            #expect(try await world.served(in: world.prod) == beginning.served)

            try await world.decide("resume", "--all", "--reason", "over")
            try await world.release(2, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
        }
    }
}
