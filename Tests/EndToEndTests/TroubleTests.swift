import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct TroubleTests {
    /// Roles are made by other people, later: the release waits for them and goes on by itself.
    @Test func aMissingRoleIsWaitedFor() async throws {
        try await World.with(accounts: ["prod"]) { world in
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let denied = try await world.release(1, "is denied") { $0.waitingFor.contains("AssumeRole") }
            #expect(denied.state == "rolling")
            #expect(denied.waitingFor.contains("arn:aws:iam::\(world.staging):role/sluice-deploy"))
            #expect(denied.waitingFor.contains("tried again at 20"))
            try await world.complete()
            try await world.release(1, waitsAt: "prod")
        }
    }

    /// The ExternalId guards against a confused deputy; a wrong one is a denial like any other.
    @Test func aWrongExternalIDIsADenial() async throws {
        try await World.with { world in
            try world.edit("staging.yaml", "externalId: acme", "externalId: another")
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let denied = try await world.release(1, "is denied") { $0.waitingFor.contains("AssumeRole") }
            #expect(denied.state == "rolling")
            #expect(denied.waitingFor.contains("ExternalId"))
            try world.edit("staging.yaml", "externalId: another", "externalId: acme")
            _ = try await world.restartWorker()
            try await world.release(1, waitsAt: "prod")
        }
    }

    /// A missing permission names the action and the account, and is no failure while people mend it.
    @Test func aDeniedCallIsWaitedFor() async throws {
        try await World.with { world in
            let fault = try await world.fault(
                "sagemaker.CreateModel",
                "AccessDeniedException",
                in: world.staging
            )
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            let denied = try await world.release(1, "is denied") { $0.waitingFor.contains("CreateModel") }
            #expect(denied.state == "rolling")
            #expect(denied.stage("staging")?.state == "rolling")
            #expect(denied.waitingFor.contains("staging: "))
            #expect(denied.waitingFor.contains("AccessDenied"))
            #expect(denied.waitingFor.contains("tried again at 20"))
            try await world.mend(fault)
            try await world.release(1, waitsAt: "prod")
            #expect(try await world.served(in: world.staging) == [World.de: de.sha256])
        }
    }

    /// A denial that ends between two looks at an artifact makes no stranger of its bucket's owner.
    @Test func aDenialThatEndsBetweenTwoLooksIsNoForeignBucket() async throws {
        try await World.with { world in
            _ = try await world.fault(
                "s3.HeadObject",
                "AccessDenied",
                in: world.staging,
                status: 403,
                times: 1
            )
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.release(1, "is past its inspection") {
                $0.state == "failed" || $0.waits(at: "prod")
            }
            #expect(try await world.releases().first?.why == "")
            #expect(try await world.served(in: world.staging) == [World.de: de.sha256])
        }
    }

    /// A reply that is lost says nothing about what was done: the worker looks before it does anything again.
    @Test(arguments: [
        "s3.CopyObject", "sagemaker.CreateModel", "sagemaker.CreateEndpointConfig",
        "sagemaker.UpdateEndpoint",
    ])
    func aLostReplyIsNeverASecondRoll(_ operation: String) async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.aws.post(
                "faults",
                [
                    "match": "^\(operation)$", "account": .string(world.staging), "when": "drop-after",
                    "times": 1,
                ]
            )
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            let staging = try #require(try await world.endpoint(in: world.staging))
            #expect(staging.updates == 1)
            #expect(staging.config.hasSuffix("-1"), "one attempt")
            #expect(staging.serves == [World.de: de.sha256, World.fr: beginning.fr.sha256])
            let prefix = "models/\(second.id)/"
            let objects = try await world.objects(in: "staging").filter { $0.key.hasPrefix(prefix) }
            #expect(objects == [prefix + World.de: de.sha256, prefix + World.fr: beginning.fr.sha256])
        }
    }

    /// A busy account is asked again more slowly, and a session that has ended is assumed anew.
    @Test func throttlingAndEndedSessionsCostOnlyTime() async throws {
        try await World.with { world in
            _ = try await world.begin()
            for operation in [
                "sagemaker.UpdateEndpoint", "sagemaker.DescribeEndpoint", "sagemaker.ListEndpoints",
            ] {
                _ = try await world.fault(operation, "ThrottlingException", in: world.staging, times: 5)
            }
            try await world.aws.post("sessions/expire", ["account": .string(world.staging)])
            try await world.aws.post("sessions/expire", ["account": .string(world.prod)])
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.promote(second)
            try await world.release(2, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
            #expect(try await world.endpoint(in: world.staging)?.updates == 1)
        }
    }

    /// SageMaker takes one change at a time, and somebody else's is waited for.
    @Test func anotherHandsUpdateIsWaitedFor() async throws {
        try await World.with { world in
            _ = try await world.begin()
            try await world.aws.post(
                "endpoints/update",
                ["account": .string(world.staging), "endpoint": "demand-forecast", "seconds": 6]
            )
            try await world.register("demand-de", [2, 2, 2])
            let waiting = try await world.release(2, "waits for the other hand") {
                $0.waitingFor.contains("somebody else")
            }
            #expect(waiting.state == "rolling")
            #expect(waiting.waitingFor.contains("endpoint demand-forecast in account staging is Updating"))
            try await world.release(2, waitsAt: "prod")
            #expect(try await world.endpoint(in: world.staging)?.updates == 1)
        }
    }

    /// An endpoint of the same name that somebody made by hand is theirs.
    @Test func anEndpointThatIsNotSluicesIsLeftAlone() async throws {
        try await World.with { world in
            let bucket = "acme-staging-models-\(world.staging)"
            let theirs = try await world.aws.post(
                "artifacts",
                ["bucket": .string(bucket), "key": "by-hand.tar.gz", "model": ["coefficients": [1, 1, 1]]]
            )
            try await world.aws.post(
                "endpoints/create",
                [
                    "account": .string(world.staging), "endpoint": "demand-forecast", "seconds": 0,
                    "url": .string("s3://\(bucket)/by-hand.tar.gz"),
                ]
            )
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let failed = try await world.release(1, ends: "failed")
            #expect(failed.why.contains("was not made by Sluice"))
            #expect(failed.why.contains("delete it, or give the endpoint another name"))
            let endpoint = try #require(try await world.endpoint(in: world.staging))
            #expect(endpoint.serves.values.map(\.self) == [theirs["sha256"]?.string])
            #expect(endpoint.updates == 0)
            #expect(try await world.status().bars.isEmpty, "no model is to blame")
        }
    }

    /// Without a role the worker's own credentials have to be in the account, and it makes sure that they are.
    @Test func theWrongAccountIsNeverChanged() async throws {
        try await World.with { world in
            try world.edit("staging.yaml", "role: arn:aws:iam::\(world.staging):role/sluice-deploy", "")
            try world.edit("staging.yaml", "externalId: acme", "")
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let denied = try await world.release(1, "is in the wrong account") {
                $0.waitingFor.contains("its credentials are of")
            }
            #expect(denied.waitingFor.contains("should be \(world.staging)"))
            #expect(denied.waitingFor.contains(world.registry))
            let counts = try await world.counts(world.registry)
            #expect(
                counts.keys.filter { $0.contains("Create") || $0.contains("Copy") || $0.contains("Update") }
                    == []
            )
            #expect(try await world.endpoint(in: world.registry) == nil)
        }
    }
}
