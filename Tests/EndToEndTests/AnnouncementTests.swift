import Foundation
import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct AnnouncementTests {
    /// Others build on Sluice's events, and Sluice never waits for them.
    @Test func aBusThatIsDownDelaysNoRolloutAndGetsEverythingLater() async throws {
        try await World.with { world in
            let heard = try await world.subscribe()
            let fault = try await world.fault(
                "events.PutEvents",
                "InternalFailure",
                in: world.registry,
                status: 500
            )
            try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.promote(try await world.release(1, waitsAt: "prod"))
            let release = try await world.release(1, ends: "released")
            #expect(try await world.announced(on: heard).isEmpty)
            try await world.mend(fault)
            let decisions = try await world.show(release).journal?.filter { $0.kind == "decision" } ?? []
            let events = try await world.eventually("every decision is on the bus") {
                let own = try await world.announced(on: heard).filter { $0["release"]?.string == release.id }
                return (own.count >= decisions.count ? own : nil, "\(own.count) of \(decisions.count)")
            }
            // Each is there once, and in order from the time when the bus was up again.
            #expect(events.count == decisions.count)
            #expect(Set(events.compactMap { $0["id"]?.string }).count == decisions.count)
            #expect(Set(events.compactMap { $0["name"]?.string }) == Set(decisions.map(\.name)))
            let composed = try #require(events.first { $0["name"] == "composed" })
            #expect(composed["models"]?[World.de]?.string == release.models[World.de])
            let ended = try #require(events.first { $0["name"] == "ended" })
            #expect((ended["state"], ended["number"], ended["stage"]) == ("released", 1, "prod"))
        }
    }

    /// What a gate tells its approvers is in the event that asks them, and a hold is announced as well.
    @Test func whoIsAskedIsToldWhatToLookAt() async throws {
        try await World.with { world in
            let heard = try await world.subscribe()
            try world.edit(
                "demand-forecast.yaml",
                "approvals: 1",
                "approvals: 1\n      instructions: look at the holdout week"
            )
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            let hold = try await world.sluice(
                "hold",
                World.endpoint,
                "--stage",
                "prod",
                "--reason",
                "incident 4711",
                "--wait",
                as: world.releaseManager
            )
            #expect(hold.status == 0)
            let events = try await world.eventually("the hold is on the bus") {
                let events = try await world.announced(on: heard)
                return (events.contains { $0["name"] == "hold accepted" } ? events : nil, "\(events.count)")
            }
            let gate = try #require(events.first { $0["name"] == "reachedGate" })
            #expect((gate["release"], gate["stage"]) == (.string(waiting.id), "prod"))
            #expect((gate["state"], gate["instructions"]) == ("waiting", "look at the holdout week"))
            let held = try #require(events.first { $0["name"] == "hold accepted" })
            #expect((held["endpoint"], held["stage"]) == (.string(World.endpoint), "prod"))
            #expect(held["release"] == nil)
        }
    }
}

extension World {
    /// The details of Sluice's events that a queue of `subscribe` has heard.
    func announced(on heard: String) async throws -> [JSONValue] {
        let messages = try await aws.get("queues?queueUrl=\(heard)")["messages"]?.array ?? []
        return try messages.map { message in
            let body = Data(try #require(message["body"]?.string).utf8)
            let event = try JSONDecoder().decode(JSONValue.self, from: body)
            let detail = try #require(event["detail"])
            let kind = detail["release"] == nil ? "Endpoint" : "Release"
            #expect(event["detail-type"]?.string == "Sluice \(kind) State Change")
            return detail
        }
    }
}
