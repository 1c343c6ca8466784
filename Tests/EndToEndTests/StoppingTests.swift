import Foundation
import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct StoppingTests {
    /// A deployment of the worker itself must not cost an endpoint a second update.
    @Test func aWorkerStoppedWhileAnUpdateRunsIsTakenOverFrom() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.order(in: world.staging, seconds: 4)
            let de = try await world.register("demand-de", [2, 2, 2])
            try await world.release(2, "is being switched to") {
                $0.waitingFor.contains("to be in service on")
            }
            await beginning.worker.stop()
            _ = try await world.startWorker()
            try await world.release(2, waitsAt: "prod")
            let staging = try #require(try await world.endpoint(in: world.staging))
            #expect(staging.updates == 1)
            #expect(staging.serves[World.de] == de.sha256)
        }
    }

    /// A call that hangs does not keep the worker from stopping, and what it did is not done twice.
    @Test func aWorkerStoppedInTheMiddleOfACallGivesItsClaimBack() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let hold = try await world.hold("sagemaker.UpdateEndpoint", in: world.staging, .done)
            try await world.register("demand-de", [2, 2, 2])
            try await world.arrives(hold)
            await beginning.worker.stop()
            _ = try await world.startWorker()
            try await world.letGo(hold)
            try await world.release(2, waitsAt: "prod")
            #expect(try await world.endpoint(in: world.staging)?.updates == 1)
            #expect(try await world.counts(world.staging)["sagemaker.UpdateEndpoint"] == 1)
        }
    }

    /// Two workers on one ledger share the work and do nothing twice.
    @Test func twoWorkersDoNothingTwice() async throws {
        try await World.with { world in
            _ = try await world.startWorker()
            _ = try await world.startWorker()
            let de = try await world.register("demand-de")
            let fr = try await world.register("demand-fr", [0, 1, 1])
            try await world.release(1, "is under way") { _ in true }
            // The two approvals may be one release or two, as they are seen together or one after the other.
            let whole = try await world.eventually("a release of both waits at the gate of prod") {
                let releases = try await world.releases()
                return (releases.first { $0.models.count == 2 && $0.waits(at: "prod") }, "\(releases)")
            }
            try await world.promote(whole)
            try await world.release(whole.number, ends: "released")
            #expect(try await world.served(in: world.prod) == [World.de: de.sha256, World.fr: fr.sha256])
            #expect(try await world.counts(world.prod)["sagemaker.CreateEndpoint"] == 1)
            let staging = try await world.counts(world.staging)
            #expect(staging["sagemaker.CreateEndpoint"] == 1)
            #expect(staging["sagemaker.UpdateEndpoint", default: 0] == whole.number - 1)
            #expect(staging["sagemaker.CreateModel"] == whole.number)
        }
    }

    /// Machines read the logs; people trace a release, an account and a step in them.
    @Test func logsAreJSONAndSayWhatTheyAreAbout() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            await beginning.worker.stop()
            let lines = try beginning.worker.log.split(separator: "\n").map { line in
                try JSONDocument(parsing: [UInt8](line.utf8)).root
            }
            #expect(lines.allSatisfy { $0["level"] != nil && $0["time"] != nil && $0["message"] != nil })
            for step in ["artifactsCopied", "modelCreated", "endpointConfigCreated", "modelsAnswered"] {
                for account in ["staging", "prod"] {
                    let line = lines.first { $0["step"]?.string == step && $0["account"]?.string == account }
                    #expect(line?["release"]?.string == beginning.first.id, "\(step) in \(account)")
                }
            }
        }
    }
}
