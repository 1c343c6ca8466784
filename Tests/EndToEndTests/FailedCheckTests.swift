import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct FailedCheckTests {
    /// A model that answers nonsense is taken out again, with all that its release brought.
    @Test func aFailedSmokeTestRestoresWhatServed() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            await beginning.worker.stop()
            let de = try await world.register("demand-de", World.wild)
            try await world.register("demand-fr", [0, 2, 2])
            _ = try await world.startWorker()

            let failed = try await world.release(2, ends: "failed")
            #expect(failed.stage("staging")?.accounts == [.init(name: "staging", state: "rolled-back")])
            #expect(failed.why.contains("smoke test of demand-de.tar.gz in account staging"))
            #expect(try await world.status().bars.map(\.package) == [de.arn], "its neighbour is not to blame")
            #expect(try await world.served(in: world.staging) == beginning.served)
            #expect(try await world.served(in: world.prod) == beginning.served)
        }
    }

    /// The way back is as much work as the way there: a denial on it is told of and waited out.
    @Test func aDeniedWayBackIsWaitedFor() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.order(in: world.staging, seconds: 3)
            try await world.register("demand-de", World.wild)
            try await world.release(2, "is being switched to") {
                $0.waitingFor.contains("to be in service on")
            }
            let fault = try await world.fault(
                "sagemaker.UpdateEndpoint",
                "AccessDeniedException",
                in: world.staging
            )
            let denied = try await world.release(2, "cannot go back") {
                $0.waitingFor.contains("UpdateEndpoint")
            }
            #expect(denied.state == "rolling")
            #expect(denied.waitingFor.contains("endpoint demand-forecast to serve again what it served"))
            #expect(denied.waitingFor.contains("smoke test of demand-de.tar.gz"))
            #expect(denied.waitingFor.contains("tried again at 20"))
            try await world.mend(fault)
            try await world.release(2, ends: "failed")
            #expect(try await world.served(in: world.staging) == beginning.served)
        }
    }

    /// Where the test was wrong and not the model, a person lifts the bar and the same version goes on.
    @Test func aRetryLiftsTheBarOfAFailedSmokeTest() async throws {
        try await World.with { world in
            _ = try await world.begin()
            let fault = try await world.fault(
                "sagemaker-runtime.InvokeEndpoint",
                "ModelError",
                in: world.staging,
                status: 424
            )
            let de = try await world.register("demand-de", [2, 2, 2])
            let failed = try await world.release(2, ends: "failed")
            try await world.mend(fault)
            #expect(try await world.status().bars.map(\.package) == [de.arn])

            #expect(try await world.retry(failed).status == 0)
            try await world.promote(try await world.release(2, waitsAt: "prod"))
            try await world.release(2, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
        }
    }

    /// A first deployment has nothing to go back to, and says so instead of deleting anything.
    @Test func aFailedFirstDeploymentStaysAndSaysSo() async throws {
        try await World.with { world in
            let de = try await world.register("demand-de", World.wild)
            _ = try await world.startWorker()
            let failed = try await world.release(1, ends: "failed")
            #expect(failed.why.contains("There is nothing to go back to"))
            #expect(failed.stage("staging")?.accounts == [.init(name: "staging", state: "failed")])
            #expect(try await world.endpoint(in: world.staging)?.serves == [World.de: de.sha256])
            #expect(try await world.counts(world.prod).isEmpty)
        }
    }

    /// An endpoint whose creation failed can only be deleted, which Sluice does with its own and nobody else's.
    @Test func aFailedCreationIsClearedAwayByTheRetry() async throws {
        try await World.with { world in
            try await world.order(in: world.staging, outcome: "fail", reason: "The container did not start.")
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            let failed = try await world.release(1, ends: "failed")
            #expect(failed.why.contains("The container did not start."))
            #expect(try await world.endpoint(in: world.staging)?.status == "Failed")

            #expect(try await world.retry(failed).status == 0)
            try await world.release(1, waitsAt: "prod")
            #expect(try await world.served(in: world.staging) == [World.de: de.sha256])
            #expect(try await world.counts(world.staging)["sagemaker.DeleteEndpoint"] == 1)
        }
    }

    /// SageMaker ends a rolled-back update `InService` and gives no reason; only the config tells.
    @Test func aSilentRollbackIsAFailure() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.order(in: world.staging, outcome: "rollback")
            let de = try await world.register("demand-de", [2, 2, 2])
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("was rolled back"))
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            #expect(try await world.served(in: world.staging) == beginning.served)
            #expect(try await world.counts(world.prod)["sagemaker.UpdateEndpoint"] == nil)
        }
    }

    /// No capacity is AWS's trouble and not the model's: it is tried again and bars nothing.
    @Test func aFailureForLackOfCapacityIsTriedAgain() async throws {
        try await World.with { world in
            _ = try await world.begin()
            try await world.order(
                in: world.staging,
                outcome: "fail",
                reason:
                    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
            )
            let (de, _) = try await world.next(2, "demand-de", [2, 2, 2])
            let staging = try #require(try await world.endpoint(in: world.staging))
            #expect(staging.history.map(\.outcome) == ["done", "fail", "done"])
            #expect(staging.serves[World.de] == de.sha256)
            #expect(try await world.status().bars.isEmpty)
        }
    }
}
