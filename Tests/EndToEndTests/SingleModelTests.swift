import Native
import Testing

/// An endpoint that serves one model goes the same way as one that serves many.
@Suite(.enabled(if: LocalAWS.url != nil))
struct SingleModelTests {
    @Test func aSingleModelEndpointIsPromotedAndUpdated() async throws {
        try await World.with { world in
            try world.serveOneModel()
            let first = try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(waiting.models == ["model.tar.gz": first.arn])
            try await world.promote(waiting)
            try await world.release(1, ends: "released")
            for account in [world.staging, world.prod] {
                #expect(try await world.served(in: account) == ["": first.sha256])
                let container = try await world.described(in: account)["asked"]?["model"]?["PrimaryContainer"]
                #expect(container?["Mode"] == "SingleModel")
                #expect(container?["ModelDataUrl"]?.string?.hasSuffix("/\(waiting.id)/model.tar.gz") == true)
            }

            let (second, next) = try await world.next(2, "demand-de", [2, 2, 2])
            #expect(try await world.served(in: world.prod) == ["": first.sha256])
            try await world.promote(next)
            try await world.release(2, ends: "released")
            for account in [world.staging, world.prod] {
                #expect(try await world.served(in: account) == ["": second.sha256])
                #expect(try await world.endpoint(in: account)?.updates == 1)
            }
        }
    }

    @Test func aModelThatAnswersNonsenseIsTakenBack() async throws {
        try await World.with { world in
            try world.serveOneModel()
            let first = try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.release(1, waitsAt: "prod")
            let wild = try await world.register("demand-de", World.wild)
            try await world.release(2, ends: "failed")
            #expect(try await world.served(in: world.staging) == ["": first.sha256])
            #expect(try await world.status().bars.map(\.package) == [wild.arn])
        }
    }

    /// Many containers are told by their package's environment what to run.
    @Test func thePackagesEnvironmentIsItsContainers() async throws {
        try await World.with { world in
            try world.serveOneModel()
            let made = try await world.register("demand-de", approve: false)
            let package = try await world.aws.post(
                "packages",
                [
                    "account": .string(world.registry), "group": "demand-de", "url": .string(made.url),
                    "status": "Approved", "environment": ["SAGEMAKER_PROGRAM": "inference.py"],
                ]
            )
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(waiting.models["model.tar.gz"] == package["arn"]?.string)
            let model = try await world.described(in: world.staging)["asked"]?["model"]
            #expect(model?["PrimaryContainer"]?["Environment"] == ["SAGEMAKER_PROGRAM": "inference.py"])
        }
    }
}

extension World {
    fileprivate func serveOneModel() throws {
        try edit("demand-forecast.yaml", "serves: multi-model", "serves: single-model")
        try edit(
            "demand-forecast.yaml",
            "models:\n  demand-de.tar.gz: demand-de\n  demand-fr.tar.gz: demand-fr\n",
            "model: demand-de\n"
        )
    }
}
