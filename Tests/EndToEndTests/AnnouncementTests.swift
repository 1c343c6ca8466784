import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct AnnouncementTests {
    /// Others build on Sluice's events, and Sluice never waits for them.
    @Test func aBusThatIsDownDelaysNoRolloutAndGetsEverythingLater() async throws {
        try await World.with { world in
            try world.edit("registry.yaml", "# events: default", "events: default")
            let fault = try await world.fault(
                "events.PutEvents",
                "InternalFailure",
                in: world.registry,
                status: 500
            )
            try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.promote(try await world.release(1, waitsAt: "prod"))
            try await world.release(1, ends: "released")
            #expect(try await announced(in: world) == 0)
            try await world.mend(fault)
            try await world.eventually("the decisions are put on the bus") {
                let count = try await announced(in: world)
                return (count > 0 ? true : nil, "\(count) calls succeeded")
            }
        }
    }

    private func announced(in world: World) async throws -> Int {
        let calls = try await world.aws.get("calls?account=\(world.registry)").array ?? []
        return calls.filter { $0["operation"]?.string == "PutEvents" && $0["status"]?.int == 200 }.count
    }
}
