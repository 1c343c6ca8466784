import Foundation
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct DecisionTests {
    /// A release manager's no is final until somebody lifts it, and staging does not keep what was refused.
    @Test func aRejectionBarsTheVersionsUntilARetry() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            let rejected = try await world.sluice(
                "reject",
                second.id,
                "--stage",
                "prod",
                "--reason",
                "the holdout week is worse",
                "--wait",
                as: world.releaseManager
            )
            #expect(rejected.status == 0)
            let refused = try await world.release(2, ends: "refused")
            #expect(refused.why.contains("the holdout week is worse"))
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            try await world.eventually("staging serves what is acceptable again") {
                let served = try await world.served(in: world.staging)
                return (served == beginning.served ? true : nil, "\(served)")
            }
            #expect(try await world.served(in: world.prod) == beginning.served)
            let first = try await world.release(1, ends: "released")
            #expect(
                first.serving == ["prod", "staging"],
                "prod serves it already and needs nobody's approval"
            )

            #expect(try await world.retry(second).status == 0)
            let again = try await world.release(2, waitsAt: "prod")
            #expect(try await world.status().bars.isEmpty)
            try await world.promote(again)
            try await world.release(2, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
        }
    }

    /// Who may send to the queue is not who may decide; who tried is on record.
    @Test func aStrangersPromotionIsRefusedAndRecorded() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            let outcome = try await world.promote(waiting, as: world.stranger)
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("is not among the approvers"))

            let decision = try #require(try await world.show(waiting).decisions?.first)
            #expect(decision.sender == world.stranger.id)
            #expect((decision.action, decision.stage, decision.verdict) == ("promote", "prod", "refused"))
            #expect(decision.why.contains("is not among the approvers"))
            #expect(decision.reason == "the holdout week looks right")
            #expect(try await world.releases().first?.waits(at: "prod") == true)
            #expect(try await world.counts(world.prod).isEmpty, "nothing moved")
        }
    }

    /// A decision about something else than what waits decides nothing.
    @Test func aPromotionCountsOnlyWhereTheReleaseWaits() async throws {
        try await World.with { world in
            _ = try await world.begin()
            let first = try #require(try await world.releases().first)
            let ended = try await world.promote(first)
            #expect(ended.status == 1)
            #expect(ended.output.contains("has ended released"))

            try await world.order(in: world.staging, seconds: 5)
            let de = try await world.register("demand-de", [2, 2, 2])
            let rolling = try await world.release(2, "rolls") { $0.state == "rolling" }
            let early = try await world.promote(rolling)
            #expect(early.status == 1)
            #expect(early.output.contains("is not waiting at the gate of prod: it is rolling in staging"))

            let waiting = try await world.release(2, waitsAt: "prod")
            let wrong = try await world.sluice(
                "promote",
                waiting.id,
                "--stage",
                "staging",
                "--reason",
                "a slip",
                "--wait",
                as: world.releaseManager
            )
            #expect(wrong.status == 1)
            let unknown = try await world.sluice(
                "promote",
                waiting.id,
                "--stage",
                "production",
                "--reason",
                "a slip",
                as: world.releaseManager
            )
            #expect(unknown.status == 2)
            #expect(unknown.errors.contains("it has staging, prod"))
            #expect(try await world.served(in: world.prod)[World.de] != de.sha256)
            #expect(try await world.show(waiting).decisions?.allSatisfy { $0.verdict == "refused" } == true)
        }
    }

    /// A message that SQS delivers twice, and a person who clicks twice, are one approval; two people are two.
    @Test func onePersonCountsOnceHoweverOftenTheyApprove() async throws {
        try await World.with { world in
            try world.edit("demand-forecast.yaml", "approvals: 1", "approvals: 2")
            try world.edit(
                "demand-forecast.yaml",
                "approvers: [\"\(world.releaseManager.id)\"]",
                "approvers: [\"\(world.releaseManager.id)\", \"\(world.stranger.id)\"]"
            )
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            let message = """
                {"sluice": 1, "action": "promote", "release": "\(waiting.id)", "stage": "prod", "reason": "fine"}
                """
            for _ in 1...3 { try await world.send(message, from: world.releaseManager) }
            let again = try await world.promote(waiting)
            #expect(again.status == 0)
            #expect(again.output.contains("one person counts once"))
            let shown = try await world.show(waiting)
            #expect(shown.decisions?.count == 2, "the doubled message and the command, once each")
            #expect(shown.waits(at: "prod"))
            #expect(shown.waitingFor.contains("1 of 2 approvals"))
            #expect(try await world.endpoint(in: world.prod) == nil)

            try await world.promote(waiting, as: world.stranger)
            try await world.release(1, ends: "released")
            #expect(try await world.endpoint(in: world.prod)?.history.count == 1)
        }
    }

    /// A held stage keeps its gate shut whatever was approved; the approval counts once it is resumed.
    @Test func aHoldOnAStageKeepsItsGateShut() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            try await world.sluice(
                "hold",
                World.endpoint,
                "--stage",
                "prod",
                "--reason",
                "stocktaking",
                "--wait",
                as: world.releaseManager
            )
            #expect(try await world.promote(waiting).status == 0)
            let held = try await world.release(1, "is held") { $0.waitingFor.contains("stocktaking") }
            #expect(held.waits(at: "prod"))
            #expect(!held.waitingFor.contains("approval by a person"), "it has been given")
            #expect(try await world.endpoint(in: world.prod) == nil)
            try await world.sluice(
                "resume",
                World.endpoint,
                "--stage",
                "prod",
                "--reason",
                "done",
                "--wait",
                as: world.releaseManager
            )
            try await world.release(1, ends: "released")
        }
    }

    /// Waiting for a verdict ends in a failure, not in a hang, where no worker runs.
    @Test func waitingForAVerdictWithoutAWorkerFails() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            let worker = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            await worker.stop()
            let outcome = try await world.sluice(
                "promote",
                waiting.id,
                "--stage",
                "prod",
                "--reason",
                "now",
                "--wait",
                "--timeout",
                "1",
                as: world.releaseManager
            )
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("is a worker running on this ledger?"))
            // The message is on the queue, and a worker that starts later acts on it.
            _ = try await world.startWorker()
            try await world.release(1, ends: "released")
        }
    }

    /// A hold stops a release at the gate, and one whose endpoint was not yet touched in its tracks.
    @Test func aHoldStopsNewEffectsAndAResumeGoesOn() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let fault = try await world.fault(
                "sagemaker.CreateModel",
                "AccessDeniedException",
                in: world.staging
            )
            let de = try await world.register("demand-de", [2, 2, 2])
            try await world.release(2, "is denied") { $0.waitingFor.contains("CreateModel") }
            let hold = try await world.sluice(
                "hold",
                World.endpoint,
                "--reason",
                "the auditors are here",
                "--wait",
                as: world.releaseManager
            )
            #expect(hold.status == 0)
            try await world.release(2, "is held") { $0.waitingFor.contains("the auditors are here") }
            try await world.mend(fault)
            let fr = try await world.register("demand-fr", [0, 2, 2])
            try await world.eventually("the worker looked at \(fr.arn)") {
                let calls = try await world.counts(world.registry)
                return (calls["sagemaker.DescribeModelPackage", default: 0] > 3 ? true : nil, "\(calls)")
            }
            #expect(try await world.releases().first?.state == "rolling")
            #expect(try await world.served(in: world.staging) == beginning.served)

            let resume = try await world.sluice(
                "resume",
                World.endpoint,
                "--reason",
                "they left",
                "--wait",
                as: world.releaseManager
            )
            #expect(resume.status == 0)
            try await world.eventually("staging serves both") {
                let served = try await world.served(in: world.staging)
                let wanted = [World.de: de.sha256, World.fr: fr.sha256]
                return (served == wanted ? true : nil, "\(served), \(try await world.releases())")
            }
        }
    }

    /// An update that was asked for is seen through: a hold must not leave an untested model serving.
    @Test func aHoldDoesNotLeaveAnUpdateUntested() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.order(in: world.staging, seconds: 4)
            try await world.register("demand-de", World.wild)
            try await world.release(2, "rolls") { $0.waitingFor.contains("to be in service on") }
            try await world.sluice(
                "hold",
                World.endpoint,
                "--reason",
                "stop",
                "--wait",
                as: world.releaseManager
            )
            try await world.release(2, ends: "failed")
            #expect(try await world.served(in: world.staging) == beginning.served)
        }
    }

    /// What is asked of every endpoint is asked by somebody who may ask it of every one.
    @Test func holdingEverythingNeedsAnOperatorOfEverything() async throws {
        try await World.with { world in
            let path = world.accounts.appending(path: "demand-forecast.yaml")
            let supply = try String(contentsOf: path, encoding: .utf8)
                .replacing("name: demand-forecast", with: "name: supply-forecast")
                .replacing(
                    "operators: [\"\(world.releaseManager.id)\"]",
                    with: "operators: [\"\(world.stranger.id)\"]"
                )
            try supply.write(
                to: world.accounts.appending(path: "supply.yaml"),
                atomically: true,
                encoding: .utf8
            )
            _ = try await world.startWorker()
            let partial = try await world.sluice(
                "hold",
                "--all",
                "--reason",
                "freeze",
                "--wait",
                as: world.releaseManager
            )
            #expect(partial.status == 1)
            #expect(partial.output.contains("is not among the operators of supply-forecast"))
            #expect(try await world.status().holds.isEmpty)

            try world.edit(
                "supply.yaml",
                "operators: [\"\(world.stranger.id)\"]",
                "operators: [\"\(world.stranger.id)\", \"\(world.releaseManager.id)\"]"
            )
            _ = try await world.restartWorker()
            let whole = try await world.sluice(
                "hold",
                "--all",
                "--reason",
                "freeze",
                "--wait",
                as: world.releaseManager
            )
            #expect(whole.status == 0)
            #expect(try await world.status().holds.map(\.reason) == ["freeze"])
        }
    }
}
