import Foundation
import Native
import Testing

/// Everything here needs the stand-in, which `Tests/run` starts.
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
            #expect(
                try await world.served(in: world.prod) == world.served(in: world.staging),
                "prod serves what staging tested"
            )
            #expect(try await world.switches() == 2)
            await worker.stop()
        }
    }
}
