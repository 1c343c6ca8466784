import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct NextReleaseTests {
    /// Two forecasts share an endpoint; a new one of Germany's moves no byte of France's across accounts.
    @Test func onlyTheChangedModelIsCopiedFromTheRegistry() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let before = (try await world.objects(in: "staging"), try await world.objects(in: "prod"))
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.promote(second)
            try await world.release(2, ends: "released")

            let registry = "acme-artifacts-\(world.registry)"
            for (name, account) in [("staging", world.staging), ("prod", world.prod)] {
                let own = "acme-\(name)-models-\(account)"
                #expect(try await world.copies(by: account) == [registry: 3, own: 1])
                let endpoint = try #require(try await world.endpoint(in: account))
                #expect(endpoint.serves == [World.de: de.sha256, World.fr: beginning.fr.sha256])
                #expect(endpoint.updates == 1)
                let after = try await world.objects(in: name)
                let old = name == "prod" ? before.1 : before.0
                #expect(after.filter { old[$0.key] != nil } == old, "the old release's prefix is as it was")
                #expect(after.count == 4)
            }
        }
    }

    /// A thousand approvals are two updates: what is approved during an attempt becomes one next release.
    @Test func approvalsDuringAnAttemptFoldIntoOneRelease() async throws {
        try await World.with { world in
            _ = try await world.begin()
            try await world.order(in: world.staging, seconds: 8)
            try await world.register("demand-de", [2, 2, 2])
            try await world.release(2, "rolls") { $0.state == "rolling" }
            try await world.register("demand-de", [2, 2, 3])
            let de = try await world.register("demand-de", [2, 2, 4])
            let fr = try await world.register("demand-fr", [0, 2, 2])

            let third = try await world.release(3, waitsAt: "prod")
            #expect(third.models == [World.de: de.arn, World.fr: fr.arn])
            try await world.release(2, ends: "superseded")
            try await world.promote(third)
            try await world.release(3, ends: "released")
            #expect(try await world.releases().count == 3)
            #expect(try await world.served(in: world.prod) == [World.de: de.sha256, World.fr: fr.sha256])
            #expect(try await world.endpoint(in: world.staging)?.updates == 2)
            #expect(try await world.endpoint(in: world.prod)?.updates == 1)
        }
    }

    /// Nobody may promote yesterday's release by mistake once today's stands at the same gate.
    @Test func aNewerReleaseAtTheGateSupersedesTheOneThatWaits() async throws {
        try await World.with { world in
            _ = try await world.begin()
            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            let (newest, third) = try await world.next(3, "demand-de", [3, 2, 2])
            try await world.release(2, ends: "superseded")
            let late = try await world.promote(second)
            #expect(late.status == 1)
            #expect(late.output.contains("has ended superseded"))
            try await world.promote(third)
            try await world.release(3, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == newest.sha256)
        }
    }

    /// What is decided about a version in the registry while its release waits is looked at again there.
    @Test func aRejectedVersionDoesNotPassTheGate() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.set(de, "Rejected")
            let aborted = try await world.release(2, ends: "aborted")
            #expect(aborted.why.contains("demand-de version 2 was rejected in the registry"))
            #expect(try await world.promote(second).status == 1)
            #expect(try await world.served(in: world.prod) == beginning.served)
            try await world.eventually("staging serves what is still acceptable") {
                let served = try await world.served(in: world.staging)
                return (served == beginning.served ? true : nil, "\(served)")
            }
        }
    }

    /// Nobody announces a deletion, so Resync finds it; what is gone from the registry goes nowhere new.
    @Test func aDeletedVersionDoesNotPassTheGate() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.aws.post("packages/delete", ["arn": .string(de.arn)])
            let ended = try await world.release(2, ends: "aborted")
            #expect(ended.why.contains("demand-de version 2 is Deleted in the registry"))
            #expect(try await world.promote(second).status == 1)
            #expect(try await world.served(in: world.prod) == beginning.served)
        }
    }

    /// Going back to an older version on purpose is an action of its own and passes every gate.
    @Test func anOlderVersionIsDeployedOnPurpose() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.promote(second)
            try await world.release(2, ends: "released")
            let deploy = try await world.deploy(beginning.de)
            #expect(deploy.status == 0)
            let again = try await world.release(1, waitsAt: "prod")
            #expect(try await world.served(in: world.prod) != beginning.served)
            try await world.promote(again)
            try await world.release(1, ends: "released")
            #expect(try await world.served(in: world.prod) == beginning.served)
            #expect(try await world.served(in: world.staging) == beginning.served)
        }
    }

    /// An approval taken back stops the release, whatever people say at the gate; giving it again lets it go on.
    @Test func aVersionSetBackToPendingDoesNotPassTheGate() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.set(de, "PendingManualApproval")
            try await world.release(2, "is stopped") { release in
                release.waitingFor.contains("demand-de version 2 is PendingManualApproval in the registry")
                    || release.state == "superseded"
            }
            try await world.promote(second)
            #expect(try await world.served(in: world.prod) == beginning.served)
            try await world.set(de, "Approved")
            let again = try await world.release(2, "goes on") { release in
                release.state == "released"
                    || release.waits(at: "prod") && !release.waitingFor.contains("in the registry")
            }
            if again.state == "waiting" { try await world.promote(again) }
            try await world.release(2, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
        }
    }
}
