import Testing

@testable import Promotion

/// One worker hands over to another: what the one decides, and what the other makes of it.
@Suite struct HandoffTests {
    // MARK: From the first stage to the last

    /// A ledger that was lost knows of no attempt, and what serves was verified all the same.
    @Test func whatWasFoundServingIsVouchedFor() throws {
        func place(_ stage: String, isHere: Bool) -> Place {
            let queue = isHere ? nil : "queue-\(stage)"
            return Place(stage: stage, name: stage, account: Pair.number(stage), queue: queue, isHere: isHere)
        }
        let (staging, prod) = (place("staging", isHere: true), place("prod", isHere: true))
        let edge = place("edge", isHere: false)
        func stage(_ name: String, _ relay: Relay) -> StagePlan {
            StagePlan(name: name, accounts: [name: "s"], accepts: [.approved], soak: .zero, relay: relay)
        }
        let plan = EndpointPlan(
            name: "demand",
            targets: ["de": "de"],
            image: nil,
            stages: [
                stage("staging", Relay(here: [staging])),
                stage("prod", Relay(before: [staging], here: [prod], after: [edge], nextGate: GatePlan())),
            ],
            operators: []
        )
        var state = EndpointState(plan: plan)
        let model = ModelVersion(package: "de/2", image: "image", artifact: "s3://models/de-2.tar.gz")
        let standing = Standing(
            account: "staging",
            release: "demand.0123456789",
            digest: "0123456789",
            models: ["de": model],
            config: "demand-0123456789-1",
            since: second(1000)
        )
        state.takeOver([standing], decidedAt: [:], now: second(2000))
        let evidence = try #require(state.evidence[standing.release])
        #expect(evidence.map(\.account) == [staging.account])
        #expect(evidence.map(\.verifiedAt) == [second(1000)])
        #expect(evidence.map(\.checks) == [["served it already by config demand-0123456789-1"]])
    }

    @Test func aReleaseGoesFromOneWorkerToTheNext() {
        let it = Pair()
        #expect(it.upstream.approve(de(1)) == "1 rolling staging")
        #expect(it.upstream.finish("staging") == "1 released")
        #expect(
            it.upstream.world.releases.values.first?.reason?.hasSuffix("handed over to prod (prod)") == true
        )
        #expect(it.upstream.endings == ["de1 released"])
        #expect(it.upstream.world.handoffs.map(\.to.name) == ["prod"])

        it.downstream.world.look(at: de(1), .approved)
        #expect(it.handOver() == "1 waiting prod")
        #expect(it.downstream.waits(1) == "approval by a person for prod")
        #expect(it.downstream.promote(1) == "1 rolling prod")
        #expect(it.downstream.finish("prod") == "1 released")
        #expect(it.downstream.endings == ["de1 released"])
        #expect(it.downstream.serves("prod") == it.upstream.serves("staging"))
        #expect(it.faults == [])
    }

    /// The evidence says what was verified, where and when.
    @Test func evidenceIsHandedOver() throws {
        let it = Pair(soak: .minutes(10))
        _ = it.upstream.approve(de(1))
        _ = it.upstream.finish("staging")
        let delivery = try #require(it.upstream.world.handoffs.first)
        let evidence = try #require(delivery.handoff.evidence.first)
        #expect((evidence.account, evidence.stage) == (Pair.number("staging"), "staging"))
        #expect(evidence.sender == nil)
        #expect(evidence.checks.contains("tested de"))
        #expect(evidence.checks.contains("soaked for 10m"))
        _ = it.handOver()
        #expect(it.downstream.world.evidence.values.joined().map(\.sender) == [Pair.worker.id])
    }

    /// What is decided in the registry is decided by whoever composes.
    @Test func nothingIsComposedFromADecisionAlone() {
        let it = Pair()
        #expect(it.downstream.approve(de(1)) == "")
        #expect(it.downstream.open == [])
        #expect(it.downstream.deploy(de(1)).contains("composed by the worker that drives staging, not here"))
    }

    @Test func aHandoffThatComesAgainDoesNothing() {
        let it = Pair()
        it.verify(de(1))
        #expect(it.handOver() == "1 waiting prod")
        #expect(it.handOver() == "refused: \(it.id) was handed over already, with the same evidence")
        #expect(it.downstream.promote(1) == "1 rolling prod")
        #expect(it.handOver() == "refused: \(it.id) was handed over already, with the same evidence")
        #expect(it.downstream.finish("prod") == "1 released")
        #expect(it.handOver().hasPrefix("refused: "))
        #expect(it.downstream.world.situation == "1 released")
        #expect(it.faults == [])
    }

    @Test func aNewerHandoffTakesThePlaceOfOneThatWaits() {
        let it = Pair()
        it.verify(de(1))
        _ = it.handOver()
        it.verify(de(2))
        #expect(it.handOver() == "1 superseded, 2 waiting prod")
        #expect(it.downstream.endings == ["de1 superseded"])
        #expect(it.faults == [])
    }

    /// The latest verification wins, not the latest message.
    @Test func anOlderHandoffThatComesLateIsRefused() {
        let it = Pair()
        it.verify(de(1))
        it.verify(de(2))
        #expect(it.handOver() == "1 waiting prod")
        let late = it.handOver(0)
        #expect(late.contains("was verified in staging after it, was handed over already"), "\(late)")
        #expect(it.downstream.world.situation == "1 waiting prod")
    }

    /// A set that comes round again is the same release, opened once more.
    @Test func aReleaseThatIsWantedAgainIsHandedOverAgain() {
        let it = Pair()
        for version in [de(1), de(2)] {
            it.verify(version)
            _ = it.handOver()
            it.downstream.world.settleDown()
        }
        #expect(it.upstream.deploy(de(1)) == "1 rolling staging, 2 released")
        _ = it.upstream.finish("staging")
        #expect(it.handOver() == "1 waiting prod, 2 released")
        #expect(it.downstream.promote(1) == "1 rolling prod, 2 released")
        _ = it.downstream.finish("prod")
        #expect(it.downstream.serves("prod") == it.upstream.serves("staging"))
        #expect(it.downstream.endings == ["de1 released", "de2 released", "de1 released"])
        #expect(it.faults == [])
    }

    /// What one stage serves already may be missing in the next, which this worker cannot know.
    @Test func whatIsApprovedAgainIsHandedOverAgainThoughItServesHere() {
        let it = Pair()
        it.verify(de(1))
        #expect(it.handOver() == "1 waiting prod")
        _ = it.upstream.see(de(1), .rejected)
        #expect(it.downstream.see(de(1), .rejected) == "1 aborted")
        it.verify(de(1))
        #expect(it.upstream.world.handoffs.count == 2)
        #expect(it.upstream.endings == ["de1 released", "de1 released"])
        #expect(it.handOver() == "1 waiting prod")
        #expect(it.faults == [])
    }

    /// The account of the first stage goes back to what was never promoted to the next.
    @Test func whatAnAccountGoesBackToIsHandedOverAgain() {
        let it = Pair()
        it.verify(de(1))
        _ = it.handOver()
        it.verify(de(2))
        #expect(it.handOver() == "1 superseded, 2 waiting prod")
        #expect(it.downstream.see(de(2), .rejected) == "1 superseded, 2 aborted")
        _ = it.upstream.see(de(2), .rejected)
        _ = it.upstream.finish("staging")
        #expect(it.upstream.serves("staging") == "de1")
        #expect(it.handOver() == "1 waiting prod, 2 aborted")
        #expect(it.downstream.promote(1) == "1 rolling prod, 2 aborted")
        #expect(it.faults == [])
    }

    /// Where it serves, nobody is asked about it a second time.
    @Test func whatServesInTheNextStageTooIsHandedOverAgainForNothing() {
        let it = Pair()
        it.verify(de(1))
        _ = it.handOver()
        _ = it.downstream.promote(1)
        #expect(it.downstream.finish("prod") == "1 released")
        _ = it.upstream.see(de(1), .pending)
        it.verify(de(1))
        #expect(it.handOver() == "1 released")
        #expect(it.downstream.world.attempts.count == 1)
        #expect(it.faults == [])
    }

    // MARK: What is refused

    @Test func aStrangerMayNotHandOver() {
        let it = Pair()
        it.verify(de(1))
        let answer = it.handOver(from: stranger)
        #expect(
            answer
                == "refused: AIDAMALLORY is not among the `upstream` of account prod, who may hand over to it"
        )
        #expect(it.downstream.world.releases.isEmpty)
    }

    @Test func whatIsNotWhatItsDigestSaysIsRefused() {
        let it = Pair()
        it.verify(de(1))
        let answer = it.handOver(changing: { handoff in
            Handoff(
                release: handoff.release,
                digest: handoff.digest,
                stage: handoff.stage,
                models: ["de": de(2).model],
                evidence: handoff.evidence
            )
        })
        #expect(answer.contains("is not what its models are"), "\(answer)")
        #expect(it.downstream.world.releases.isEmpty)
    }

    @Test func aHandoffWithoutEvidenceIsRefused() {
        let it = Pair()
        it.verify(de(1))
        let answer = it.handOver(changing: { $0.with(evidence: []) })
        #expect(
            answer
                == "refused: prod is not next for it: there is no evidence that it was verified in staging "
                + "(\(Pair.number("staging"))) in staging"
        )
    }

    @Test func aHandoffToAnotherStageIsRefused() {
        let it = Pair()
        it.verify(de(1))
        let answer = it.handOver(changing: { $0.with(stage: "staging") })
        #expect(answer == "refused: no account of stage staging of demand is driven here, only of prod")
    }

    @Test func evidenceOfAPlaceThatIsNotBeforeIsRefused() {
        let it = Pair()
        it.verify(de(1))
        let odd = Evidence(account: "999999999999", stage: "staging", verifiedAt: second(1), checks: [])
        let answer = it.handOver(changing: { $0.with(evidence: $0.evidence + [odd]) })
        #expect(answer.contains("account 999999999999 in staging, which does not come before prod here"))
        let twice = it.handOver(changing: { $0.with(evidence: $0.evidence + $0.evidence) })
        #expect(twice.hasSuffix("in staging twice"))
    }

    @Test func evidenceFromATimeToComeIsRefused() {
        let it = Pair()
        it.verify(de(1))
        let answer = it.handOver(changing: { handoff in
            let late = handoff.evidence.map { entry in
                Evidence(
                    account: entry.account,
                    stage: entry.stage,
                    verifiedAt: it.downstream.world.now + .hours(1),
                    checks: []
                )
            }
            return handoff.with(evidence: late)
        })
        #expect(answer.hasSuffix("is from a time to come; are the clocks right?"))
    }

    /// A stage that comes between has to be passed.
    @Test func aStageCannotBeLeftOut() {
        let it = Pair(stages: ["staging", "canary", "prod"])
        it.verify(de(1))
        let answer = it.handOver(changing: { $0.with(stage: "prod") })
        #expect(
            answer == "refused: prod is not next for it: there is no evidence that it was verified in canary "
                + "(\(Pair.number("canary"))) in canary"
        )
    }

    /// Each worker hands on what it was handed, and what it verified itself.
    @Test func aReleaseGoesThroughThreeWorkers() {
        let stages = ["staging", "canary", "prod"]
        let open = GatePlan()
        let first = Pair(stages: stages, downstream: "canary", gate: open)
        let second = Pair(stages: stages, gate: open)
        first.verify(de(1))
        #expect(first.handOver() == "1 rolling canary")
        #expect(first.downstream.finish("canary") == "1 released")
        let reason = first.downstream.world.release(1)?.reason
        #expect(reason == "verified in canary, and handed over to prod (prod)")

        second.downstream.world.look(at: de(1), .approved)
        second.downstream.world.now = first.downstream.world.now
        guard let delivery = first.downstream.world.handoffs.last else {
            Issue.record("canary hands nothing over")
            return
        }
        #expect(delivery.handoff.evidence.map(\.stage) == ["staging", "canary"])
        let answer = second.downstream.world.receive(
            delivery.handoff,
            from: Pair.worker,
            decidedBy: nil
        )
        #expect(answer.isAccepted, "\(answer.why)")
        #expect(second.downstream.world.situation == "1 rolling prod")
        #expect(second.downstream.finish("prod") == "1 released")
        #expect(first.faults + second.faults == [])
    }

    // MARK: What happens to it there

    @Test func aRejectionTakesProdBack() {
        let it = Pair()
        for version in [de(1), de(2)] {
            it.verify(version)
            _ = it.handOver()
            it.downstream.world.settleDown()
        }
        #expect(it.downstream.see(de(2), .rejected) == "1 released, 2 aborted")
        #expect(it.downstream.finish("prod") == "1 released, 2 aborted")
        #expect(it.downstream.serves("prod").contains("de1"))
        #expect(it.downstream.world.triggeredBy == nil)
        #expect(it.faults == [])
    }

    @Test func aRejectionEndsWhatWaits() {
        let it = Pair()
        it.verify(de(1))
        _ = it.handOver()
        #expect(it.downstream.see(de(1), .rejected) == "1 aborted")
        #expect(it.downstream.endings == ["de1 aborted"])
    }

    /// What failed is tried again where it failed.
    @Test func aPersonRetriesWhereItFailed() {
        let it = Pair()
        it.verify(de(1))
        _ = it.handOver()
        _ = it.downstream.promote(1)
        #expect(it.downstream.finish("prod", .smokeFailed, blaming: "de") == "1 failed")
        #expect(it.downstream.bars == ["de1"])
        #expect(it.downstream.retry(1) == "1 waiting prod")
        #expect(it.downstream.bars == [])
        #expect(it.downstream.promote(1) == "1 rolling prod")
        #expect(it.downstream.finish("prod") == "1 released")
        #expect(it.faults == [])
    }

    /// Whoever approved a version may be kept from letting it into prod, whichever worker asks.
    @Test func whoeverApprovedTheVersionMayNotApproveTheRelease() {
        var gate = GatePlan(approvals: 1, approvers: patterns("AIDAANNA", "AROATEAM:*"))
        gate.notRequester = true
        let it = Pair(gate: gate)
        it.verify(de(1))
        _ = it.handOver(decidedBy: anna.id)
        #expect(it.downstream.promote(1).hasPrefix("refused: AIDAANNA asked for"))
        #expect(it.downstream.promote(1, by: bert) == "1 rolling prod")
    }

    /// The time that has to pass counts from when it was verified there, not from when it came here.
    @Test func theLagCountsFromTheVerificationUpstream() {
        let it = Pair(lag: .hours(1))
        it.verify(de(1))
        it.downstream.world.now = it.upstream.world.now + .minutes(59)
        #expect(it.handOver() == "1 waiting prod")
        _ = it.downstream.promote(1)
        #expect(it.downstream.waits(1) == "the lag of prod after its verification upstream")
        #expect(it.downstream.pass(.minutes(2)) == "1 rolling prod")
    }

    // MARK: Several workers before one

    /// Where the stage before is driven by two workers, both are waited for.
    @Test func everyWorkerOfTheStageBeforeIsWaitedFor() {
        let it = Pair(upstream: [("east", "queue-east"), ("west", "queue-west")])
        it.verify(de(1), in: "east")
        #expect(it.handOver() == "1 waiting prod")
        _ = it.downstream.promote(1)
        #expect(it.downstream.waits(1) == "verification in west")
        let west = Evidence(
            account: Pair.number("west"),
            stage: "staging",
            verifiedAt: it.downstream.world.now,
            checks: []
        )
        #expect(it.handOver(changing: { $0.with(evidence: [west]) }) == "1 rolling prod")
        #expect(it.faults == [])
    }

    /// One worker hands over all of its accounts together.
    @Test func halfOfWhatAWorkerDrivesIsNotEnough() {
        let it = Pair(upstream: [("east", nil), ("west", nil)])
        it.verify(de(1), in: "east", "west")
        let answer = it.handOver(changing: { $0.with(evidence: Array($0.evidence.prefix(1))) })
        #expect(answer.contains("there is no evidence that it was verified in"), "\(answer)")
        #expect(it.handOver() == "1 waiting prod")
    }

    /// One worker drives east and prod, another one west, and both compose: what west said of a release counts
    /// when it is opened anew, until west has gone on to another.
    @Test func whatAPeerSaidCountsWhileItIsTheLastItSaid() {
        let it = Story(Self.shared)
        _ = it.approve(de(1))
        #expect(it.finish("east") == "1 waiting prod")
        #expect(it.waits(1) == "verification in west")
        #expect(Self.hear(it, 1) == "1 rolling prod")
        #expect(it.finish("prod", .smokeFailed, blaming: "de") == "1 failed")
        #expect(it.retry(1) == "1 rolling prod", "west serves it still")
        #expect(it.finish("prod") == "1 released")

        _ = it.approve(de(2))
        _ = it.finish("east")
        #expect(Self.hear(it, 2) == "1 released, 2 rolling prod")
        _ = it.finish("prod")
        _ = it.deploy(de(1))
        #expect(it.finish("east") == "1 waiting prod, 2 released")
        #expect(it.waits(1) == "verification in west", "west has gone on to 2")
        #expect(Self.hear(it, 1) == "1 rolling prod, 2 released")
        #expect(it.faults == [])
    }

    private static var shared: EndpointPlan {
        func place(_ name: String, _ stage: String, here: Bool) -> Place {
            let queue = name == "west" ? "queue-west" : "queue"
            return Place(stage: stage, name: name, account: Pair.number(name), queue: queue, isHere: here)
        }
        let (east, west) = (place("east", "staging", here: true), place("west", "staging", here: false))
        let here = [place("prod", "prod", here: true)]
        let first = StagePlan(
            name: "staging",
            accounts: ["east": "e"],
            accepts: [.approved],
            soak: .zero,
            relay: Relay(here: [east])
        )
        let last = StagePlan(
            name: "prod",
            accounts: ["prod": "p"],
            accepts: [.approved],
            soak: .zero,
            relay: Relay(before: [east, west], here: here, senders: ["prod": patterns("AROAUPSTREAM:*")])
        )
        return plan([first, last])
    }

    /// West's worker says that it has verified a release.
    private static func hear(_ it: Story, _ number: Int) -> String {
        guard let release = it.world.release(number) else { return "there is no release \(number)" }
        let handoff = Handoff(
            release: release.id,
            digest: release.digest,
            stage: "prod",
            models: release.models,
            evidence: [
                Evidence(
                    account: Pair.number("west"),
                    stage: "staging",
                    verifiedAt: it.world.now,
                    checks: []
                )
            ]
        )
        let answer = it.world.receive(handoff, from: Pair.worker, decidedBy: nil)
        return answer.isAccepted ? it.world.situation : "refused: \(answer.why)"
    }
}
