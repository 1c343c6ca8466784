import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct EventTests {
    /// EventBridge delivers on best effort; an approval whose event is lost costs minutes and never a model.
    @Test func anApprovalWhoseEventWasLostIsFound() async throws {
        try await World.with { world in
            _ = try await world.begin()
            let de = try await world.register("demand-de", [2, 2, 2], approve: false)
            try await world.eventually("the worker saw that it is there") {
                let looks = try await world.looks(at: de)
                return (looks > 0 ? true : nil, "\(looks) looks")
            }
            try await world.set(de, "Approved", quietly: true)
            let second = try await world.release(2, waitsAt: "prod")
            #expect(second.models[World.de] == de.arn)
        }
    }

    /// A queue and a registry that cannot be read for a while stop nothing for good.
    @Test func aQueueAndARegistryThatCannotBeReadAreTriedAgain() async throws {
        try await World.with { world in
            for operation in [
                "sqs.ReceiveMessage", "sagemaker.ListModelPackages", "sagemaker.DescribeModelPackage",
            ] {
                _ = try await world.fault(operation, "AccessDeniedException", in: world.registry, times: 2)
            }
            try await world.register("demand-de")
            let worker = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(try await world.promote(waiting).status == 0)
            try await world.release(1, ends: "released")
            #expect(worker.log.contains("ReceiveMessage"), "what was denied is told")
            await worker.stop()
        }
    }

    /// Twenty deliveries of one approval are one rollout.
    @Test func twentyDeliveriesAreOneRollout() async throws {
        try await World.with { world in
            _ = try await world.startWorker()
            let de = try await world.register("demand-de")
            try await world.announce(de, times: 20)
            let waiting = try await world.release(1, waitsAt: "prod")
            try await world.announce(de, times: 20)
            try await world.promote(waiting)
            try await world.release(1, ends: "released")
            try await world.eventuallyIdle()
            #expect(try await world.releases().count == 1)
            #expect(try await world.switches() == 2)
        }
    }

    /// Going back to an older version on purpose is a decision; a late event about the newer one is none.
    @Test func theLatestDecisionWinsAndNotTheLatestMessage() async throws {
        try await World.with { world in
            _ = try await world.begin()
            var versions: [World.Version] = []
            for number in 2...5 {
                versions.append(
                    try await world.register("demand-de", [Double(number), 0, 0], approve: false)
                )
            }
            let (v3, v5) = (versions[1], versions[3])
            try await world.set(v5, "Approved")
            let second = try await world.release(2, waitsAt: "prod")
            #expect(second.models[World.de] == v5.arn)
            try await world.set(v3, "Approved")
            let third = try await world.release(3, waitsAt: "prod")
            #expect(third.models[World.de] == v3.arn)

            let looks = try await world.looks(at: v5)
            try await world.announce(v5, times: 3)
            try await world.eventually("the worker looked at v5 again") {
                let now = try await world.looks(at: v5)
                return (now > looks ? true : nil, "\(now) looks")
            }
            try await world.promote(third)
            try await world.release(3, ends: "released")
            #expect(try await world.releases().count == 3)
            #expect(try await world.served(in: world.prod)[World.de] == v3.sha256)
            #expect(try await world.served(in: world.staging)[World.de] == v3.sha256)
        }
    }

    /// Anyone who may send to the queue can write an event. A forged one costs a look and changes nothing.
    @Test func aForgedApprovalCostsALook() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let de = try await world.register("demand-de", [2, 2, 2], approve: false)
            try await world.eventuallyIdle()
            let looks = try await world.looks(at: de)
            try await world.send(
                """
                {"version": "0", "id": "forged", "detail-type": "SageMaker Model Package State Change",
                 "source": "aws.sagemaker", "account": "\(world.registry)", "region": "eu-west-1",
                 "detail": {"ModelPackageArn": "\(de.arn)", "ModelPackageGroupName": "demand-de",
                            "ModelApprovalStatus": "Approved"}}
                """
            )
            try await world.eventually("the worker looked at it") {
                let now = try await world.looks(at: de)
                return (now > looks ? true : nil, "\(now) looks")
            }
            try await world.eventuallyIdle()
            #expect(try await world.releases().count == 1)
            #expect(try await world.served(in: world.staging) == beginning.served)
        }
    }

    /// A registry has groups that other teams serve; their events are noted once and are no trouble.
    @Test func anEventForAGroupThatNoEndpointServesIsNotedOnce() async throws {
        try await World.with { world in
            let worker = try await world.startWorker()
            for version in 1...3 {
                try await world.send(
                    """
                    {"version": "0", "id": "\(version)", "detail-type": "SageMaker Model Package State Change",
                     "source": "aws.sagemaker", "account": "\(world.registry)", "region": "eu-west-1",
                     "detail": {"ModelPackageArn":
                        "arn:aws:sagemaker:eu-west-1:\(world.registry):model-package/weather/\(version)",
                        "ModelPackageGroupName": "weather", "ModelApprovalStatus": "Approved"}}
                    """
                )
            }
            try await world.eventuallyIdle()
            await worker.stop()
            #expect(try await world.quarantine().isEmpty)
            #expect(try await world.releases().isEmpty)
            #expect(try await world.counts(world.registry)["sagemaker.DescribeModelPackage"] == nil)
            let ledger = try world.ledgerText()
            #expect(ledger.contains("weather/1: no endpoint is fed by group weather"))
            #expect(!ledger.contains("weather/2"))
        }
    }
}
