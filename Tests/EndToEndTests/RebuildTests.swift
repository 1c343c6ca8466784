import Native
import Testing

/// A ledger that is lost is made again from the accounts and the registry, and nothing that serves is rolled
/// once more.
@Suite(.enabled(if: LocalAWS.url != nil))
struct RebuildTests {
    @Test func aLostLedgerTakesOverWhatServes() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let before = try #require(try await world.releases().first)
            let switches = try await world.switches()
            try await world.killWorker()
            try world.loseLedger()

            _ = try await world.startWorker()
            let again = try await world.release(1, ends: "released")
            #expect(again.id == before.id)
            #expect(again.models == before.models)
            #expect(again.serving == ["prod", "staging"])
            #expect(again.why.contains("found serving in prod, staging by a ledger that did not know it"))
            // The next decision is a release like any other, and it alone switches anything.
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.promote(second)
            try await world.release(2, ends: "released")
            #expect(try await world.switches() == switches + 2)
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
            #expect(try await world.served(in: world.prod)[World.fr] == beginning.served[World.fr])
            // The way back is known as well.
            try await world.set(de, "Rejected")
            try await world.eventually("production serves the release from before the loss") {
                let served = try await world.served(in: world.prod)
                return (served == beginning.served ? true : nil, "\(served)")
            }
        }
    }

    @Test func whatWaitedAtAGateWaitsThereAgain() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            let switches = try await world.switches()
            try await world.killWorker()
            try world.loseLedger()

            _ = try await world.startWorker()
            let waiting = try await world.release(2, waitsAt: "prod")
            #expect(waiting.id == second.id)
            #expect(try await world.release(1, ends: "released").serving == ["prod"])
            #expect(try await world.switches() == switches)
            #expect(try await world.served(in: world.prod) == beginning.served)
            try await world.promote(waiting)
            try await world.release(2, ends: "released")
            #expect(try await world.switches() == switches + 1)
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
        }
    }

    /// Tags that somebody changed do not agree with the release's id, and are not believed.
    @Test func tagsThatDoNotAgreeAreNotBelieved() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let switches = try await world.switches()
            try await world.killWorker()
            try world.loseLedger()
            // The version that the tags name is gone, so nobody can say what serves.
            let shown = try await world.aws.get("endpoints/\(world.staging)/\(World.endpoint)")
            let config = try #require(shown["config"]?.string)
            try await world.aws.post(
                "tags",
                [
                    "account": .string(world.staging), "config": .string(config),
                    "tags": [
                        "sluice:model/\(World.de)": "arn:aws:sagemaker:eu-west-1:1:model-package/other/9"
                    ],
                ]
            )
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(waiting.serving == ["staging"], "it was tested there again")
            #expect(try await world.switches() == switches, "and found to be what serves")
            #expect(try await world.served(in: world.staging) == beginning.served)
        }
    }
}
