import Native
import Testing

/// What becomes of models beside one that fails, of a release that a newer one overtakes, and of a target that
/// is taken out of the accounts folder.
@Suite(.enabled(if: LocalAWS.url != nil))
struct FoldingTests {
    @Test func oneModelsFailureIsTheWholeReleasesUnlessItIsExcluded() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let (de, fr) = try await Self.approveTogether(world, beginning)
            let failed = try await world.release(2, ends: "failed")
            try await world.eventuallyIdle()
            #expect(try await world.states() == ["1 released", "2 failed"], "nothing goes on by itself")
            #expect(try await world.served(in: world.staging) == beginning.served)
            #expect(try await world.status().bars.map(\.package) == [de.arn], "its neighbour is not to blame")
            let endings = try await world.told(of: failed, "approvalEnded")
            #expect(endings.count == 2 && endings.allSatisfy { $0.contains(": failed") })

            // The next decision takes along what nothing was said against.
            let next = try await world.register("demand-de", [3, 3, 3])
            let third = try await world.release(3, waitsAt: "prod")
            #expect(third.models == [World.de: next.arn, World.fr: fr.arn])
        }
    }

    @Test func anExcludedModelAloneIsPutBackAndTheRestGoesOn() async throws {
        try await World.with { world in
            try world.edit(
                "demand-forecast.yaml",
                "serves: multi-model",
                "serves: multi-model\nonModelFailure: exclude"
            )
            let beginning = try await world.begin()
            let (de, fr) = try await Self.approveTogether(world, beginning)
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("smoke test of \(World.de) in account staging"))
            let third = try await world.release(3, waitsAt: "prod")
            #expect(third.models == [World.de: beginning.de.arn, World.fr: fr.arn])
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            try await world.promote(third)
            try await world.release(3, ends: "released")
            let wanted = [World.de: beginning.de.sha256, World.fr: fr.sha256]
            #expect(try await world.served(in: world.staging) == wanted)
            #expect(try await world.served(in: world.prod) == wanted)
            let endings = try await world.told(of: failed, "approvalEnded")
            #expect(endings.count == 1 && endings[0].contains("\(de.arn) for \(World.de): failed"))
            let gone = try await world.told(of: third, "approvalEnded")
            #expect(gone.count == 1 && gone[0].contains("\(fr.arn) for \(World.fr): released"))
        }
    }

    /// A model whose answer the smoke test does not accept, and one that is fine, in one release.
    private static func approveTogether(
        _ world: World,
        _ beginning: Beginning
    ) async throws -> (de: World.Version, fr: World.Version) {
        await beginning.worker.stop()
        let de = try await world.register("demand-de", World.wild)
        let fr = try await world.register("demand-fr", [0, 2, 2])
        _ = try await world.startWorker()
        return (de, fr)
    }

    /// Whoever was asked to approve what is overtaken is told, and reads by what.
    @Test func aSupersededReleaseIsRecordedAndAnnounced() async throws {
        try await World.with { world in
            try world.edit("registry.yaml", "# events: default", "events: default")
            _ = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.eventuallyIdle()
            let before = try await world.counts(world.registry)["events.PutEvents"] ?? 0
            let (_, third) = try await world.next(3, "demand-de", [3, 2, 2])
            let ended = try await world.release(2, ends: "superseded")
            #expect(ended.why == "\(third.id) reached the gate of prod")
            #expect(try await world.told(of: second, "ended") == ["superseded: \(ended.why)"])
            let approvals = try await world.told(of: second, "approvalEnded")
            #expect(approvals.count == 1)
            #expect(approvals[0].contains("\(de.arn) for \(World.de): superseded, a later decision"))
            try await world.eventually("it is put on the bus") {
                let now = try await world.counts(world.registry)["events.PutEvents"] ?? 0
                return (now > before ? true : nil, "\(now - before) calls")
            }
            let story = try await world.sluice("show", second.id).output
            #expect(story.contains("because    \(third.id) reached the gate of prod"))
        }
    }

    /// What is taken out of the folder is taken out of the endpoint, on purpose and through every gate.
    @Test func aRemovedTargetIsDroppedByTheNextReleaseWhichSaysSo() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try world.edit("demand-forecast.yaml", "  demand-fr.tar.gz: demand-fr\n", "")
            _ = try await world.restartWorker()
            try await world.eventuallyIdle()
            #expect(try await world.states() == ["1 released"], "a change of the folder rolls nothing")
            #expect(try await world.decide("deploy", World.endpoint, "--reason", "France closed").status == 0)
            let second = try await world.release(2, waitsAt: "prod")
            #expect(second.models == [World.de: beginning.de.arn])
            let composed = try await world.told(of: second, "composed")
            #expect(
                composed.first?.contains(
                    "it drops \(World.fr), which is no longer in the accounts folder"
                ) == true
            )
            #expect(try await world.served(in: world.prod) == beginning.served)
            try await world.promote(second)
            try await world.release(2, ends: "released")
            for account in [world.staging, world.prod] {
                #expect(try await world.served(in: account) == [World.de: beginning.de.sha256])
            }
        }
    }
}
