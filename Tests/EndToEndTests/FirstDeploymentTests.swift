import Foundation
import Native
import Testing

/// Everything in this target needs the stand-in, which `Tests/run` starts.
@Suite(.enabled(if: LocalAWS.url != nil))
struct FirstDeploymentTests {
    /// The main job: approved models reach staging, wait for a person, and reach prod byte for byte.
    @Test func anApprovalBecomesAGatedRelease() async throws {
        try await World.with { world in
            let de = try await world.register("demand-de")
            let fr = try await world.register("demand-fr", [0, 1, 1])
            let worker = try await world.startWorker()

            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(waiting.models == [World.de: de.arn, World.fr: fr.arn])
            #expect(waiting.serving == ["staging"])
            #expect(try await world.served(in: world.staging) == [World.de: de.sha256, World.fr: fr.sha256])
            #expect(try await world.endpoint(in: world.prod) == nil)
            #expect(try await world.objects(in: "prod").isEmpty)
            #expect(try await world.counts(world.prod).isEmpty, "nobody was in prod before the promotion")

            #expect(try await world.promote(waiting).status == 0)
            let released = try await world.release(1, ends: "released")
            #expect(released.serving == ["prod", "staging"])
            let prod = try #require(try await world.endpoint(in: world.prod))
            #expect(prod.serves == [World.de: de.sha256, World.fr: fr.sha256], "what staging tested")
            #expect(prod.tags == ["sluice:endpoint": World.endpoint, "cost-centre": "ml"])
            #expect(try await world.switches() == 2)
            await worker.stop()
        }
    }

    /// People script against these names, so the shape is compared key by key.
    @Test func whatReleasesPrintsHasTheShapeOfTheContract() async throws {
        try await World.with { world in
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.release(1, waitsAt: "prod")

            let outcome = try await world.sluice("releases", World.endpoint, "--json")
            let releases = try JSONDocument(parsing: [UInt8](outcome.output.utf8)).root.array ?? []
            let release = try #require(releases.first)
            let wanted: Set = ["id", "number", "endpoint", "state", "models", "serving", "stages"]
            #expect(wanted.isSubset(of: release.object?.keys.map(\.self) ?? []))
            let id = try #require(release["id"]?.string)
            #expect(id.wholeMatch(of: /demand-forecast\.[0-9a-f]{10}/) != nil)
            #expect(release["number"] == 1)
            #expect(release["endpoint"] == "demand-forecast")
            #expect(release["state"] == "waiting")
            #expect(release["models"] == ["demand-de.tar.gz": .string(de.arn)])
            #expect(release["serving"] == ["staging"])
            let staging: JSONValue = [
                "stage": "staging", "state": "verified", "waitingFor": [],
                "accounts": [["name": "staging", "state": "verified"]],
            ]
            #expect(release["stages"]?[0] == staging)
            let prod = try #require(release["stages"]?[1]?.object)
            #expect(Set(prod.keys) == ["stage", "state", "waitingFor", "accounts"])
            #expect(prod["state"] == "waiting")
            #expect(prod["accounts"] == [["name": "prod", "state": "waiting"]])
            #expect(prod["waitingFor"]?[0]?.string?.contains("approval by a person for prod") == true)
        }
    }

    /// A target model without an acceptable version is left out and holds nothing up; it joins later.
    @Test func aTargetWithoutAnAcceptableVersionIsLeftOut() async throws {
        try await World.with { world in
            let de = try await world.register("demand-de")
            let fr = try await world.register("demand-fr", approve: false)
            _ = try await world.startWorker()
            let first = try await world.release(1, waitsAt: "prod")
            #expect(first.models == [World.de: de.arn])

            try await world.set(fr, "Approved")
            let second = try await world.release(2, waitsAt: "prod")
            #expect(second.models == [World.de: de.arn, World.fr: fr.arn])
            try await world.release(1, ends: "superseded")
        }
    }

    /// A batch job runs the worker once and reads its exit code.
    @Test func untilIdleEndsByItselfWhenAPersonIsWaitedFor() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            let worker = try await world.startWorker("--until-idle")
            #expect(await worker.finish().status == 0)
            try await world.release(1, waitsAt: "prod")
        }
    }
}
