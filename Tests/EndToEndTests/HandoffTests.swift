import Foundation
import Native
import Testing

/// Two workers with separate ledgers: one drives staging and composes, one drives prod and is handed what was
/// verified.
@Suite(.enabled(if: LocalAWS.url != nil))
struct HandoffTests {
    // MARK: The same world

    /// What a release becomes does not depend on how many workers there are: the same configs, models, bytes,
    /// tags and calls, released, promoted and taken back.
    @Test(arguments: [false, true])
    func twoWorkersEndInTheSameWorldAsOne(_ isRejected: Bool) async throws {
        var pictures: [String] = []
        try await World.with { world in
            var versions = [try await world.register("demand-de")]
            _ = try await world.startWorker()
            try await world.promote(try await world.release(1, waitsAt: "prod"))
            try await world.release(1, ends: "released")
            versions.append(try await world.register("demand-de", [2, 2, 2]))
            try await world.promote(try await world.release(2, waitsAt: "prod"))
            try await world.release(2, ends: "released")
            if isRejected {
                try await world.set(versions[1], "Rejected")
                try await world.release(1, serves: ["prod", "staging"])
            }
            pictures.append(try await world.picture(of: world.releases().reversed()))
        }
        try await World.with(ownQueue: true) { world in
            try world.separateProd()
            var versions = [try await world.register("demand-de")]
            _ = try await world.startWorker()
            _ = try await world.startProdWorker()
            try await world.promoteInProd(try await world.releaseInProd(1, "waits") { $0.waits(at: "prod") })
            try await world.releaseInProd(1, "is released") { $0.state == "released" }
            versions.append(try await world.register("demand-de", [2, 2, 2]))
            try await world.promoteInProd(try await world.releaseInProd(2, "waits") { $0.waits(at: "prod") })
            let second = try await world.releaseInProd(2, "is released") { $0.state == "released" }
            #expect(second.serving == ["prod"])
            if isRejected {
                // Each worker sees it for itself, and nobody tells the other.
                try await world.set(versions[1], "Rejected")
                try await world.release(1, serves: ["staging"])
                try await world.releaseInProd(1, "serves again") { $0.serving == ["prod"] }
                try await world.releaseInProd(2, "is aborted") { $0.state == "aborted" }
            }
            #expect(try await world.quarantine().isEmpty)
            let refused: [Quarantined] = try await world.readInProd("quarantine", "--json")
            #expect(refused.isEmpty)
            pictures.append(try await world.picture(of: world.releases().reversed()))
        }
        #expect(pictures[0] == pictures[1])
    }

    /// Who verified it, where, when and how is there to be read on both sides.
    @Test func theEvidenceIsShown() async throws {
        try await World.with(ownQueue: true) { world in
            try world.separateProd()
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            let prod = try await world.startProdWorker()
            let waiting = try await world.releaseInProd(1, "waits") { $0.waits(at: "prod") }
            #expect(waiting.models == [World.de: de.arn])
            let upstream = try await world.release(1, ends: "released")
            #expect(upstream.id == waiting.id)
            #expect(upstream.why == "verified in staging, and handed over to prod (prod)")

            let shown = try JSONDocument(
                parsing: [UInt8](try await world.inProd("show", waiting.id, "--json").output.utf8)
            ).root
            let evidence = try #require(shown["evidence"]?[0])
            #expect(evidence["account"]?.string == world.staging)
            #expect(evidence["stage"]?.string == "staging")
            #expect(evidence["sender"]?.string == world.worker.id)
            let checks = evidence["checks"]?.array?.compactMap(\.string) ?? []
            #expect(checks.contains("tested \(World.de)") && checks.contains("soaked for 300ms"))
            let decision = try #require(try await decisions(on: waiting, in: world).first)
            #expect((decision.action, decision.verdict) == ("handoff", "accepted"))
            #expect(decision.sender == world.worker.id)

            let story = try await world.inProd("show", waiting.id).output
            #expect(story.contains("account \(world.staging) in staging, "))
            #expect(story.contains("handed over by \(world.worker.id)"))
            let sent = try await world.sluice("show", waiting.id).output
            #expect(sent.contains("to prod in prod, sent 20"))
            // It read what it serves for itself, with its own credentials.
            let counts = try await world.counts(world.prod)
            #expect(counts["sagemaker.DescribeModelPackage"] ?? 0 > 0)
            await prod.stop()
        }
    }

    // MARK: Trouble on the way

    /// Ends the upstream worker where it hands over: before the queue has the message, or after.
    @Test(arguments: [Hold.Way.unanswered, .delayed, .done])
    func aWorkerThatIsKilledHandsOverOnce(_ way: Hold.Way) async throws {
        try await World.with(ownQueue: true) { world in
            try world.separateProd()
            try await world.register("demand-de")
            let hold = try await world.hold("sqs.SendMessage", in: world.registry, way)
            _ = try await world.startWorker()
            try await world.killWorker(at: hold)
            let upstream = try await world.startWorker()
            _ = try await world.startProdWorker()
            let waiting = try await world.releaseInProd(1, "waits") { $0.waits(at: "prod") }
            try await world.eventually("the hand-off is sent") {
                let sent = try await world.journal(of: waiting, "handoffSent")
                return (sent.count == 1 ? true : nil, "\(sent)")
            }
            try await world.promoteInProd(waiting)
            try await world.releaseInProd(1, "is released") { $0.state == "released" }
            #expect(try await world.releasesInProd().count == 1)
            let accepted = try await decisions(on: waiting, in: world).filter { $0.action == "handoff" }
            #expect(accepted.map(\.verdict) == ["accepted"])
            #expect(try await world.endpoint(in: world.prod)?.history.count == 1)
            await upstream.stop()
        }
    }

    /// SQS delivers at least once, and whoever may hand over may do it again.
    @Test func aHandoffDeliveredTwentyTimesIsOneRelease() async throws {
        try await World.with(ownQueue: true) { world in
            let body = try await handedOver(in: world)
            try await world.sendToProd(body, times: 20)
            let prod = try await world.startProdWorker()
            let waiting = try await world.releaseInProd(1, "waits") { $0.waits(at: "prod") }
            try await world.sendToProd(body, times: 5)
            try await eventuallyTaken(in: world)
            try await world.promoteInProd(waiting)
            try await world.releaseInProd(1, "is released") { $0.state == "released" }
            // Also with another requestId, which makes it another message.
            try await world.sendToProd(body.replacing("\"requestId\":\"", with: "\"requestId\":\"again-"))
            try await eventuallyTaken(in: world)
            try await world.eventually("the repetition is refused") {
                let decisions = try await decisions(on: waiting, in: world)
                let verdicts = decisions.filter { $0.action == "handoff" }.map(\.verdict)
                return (verdicts == ["accepted", "refused"] ? true : nil, "\(verdicts)")
            }
            #expect(try await world.releasesInProd().map(\.state) == ["released"])
            #expect(try await world.endpoint(in: world.prod)?.history.count == 1)
            await prod.stop()
        }
    }

    /// A hand-off that is not what it should be, and what is said about it.
    enum Fault: String, CaseIterable, Sendable {
        case stranger, otherModels, otherDigest, otherPin, otherStage, noEvidence, otherAccount, surplus
    }

    /// What is refused is kept with the reason and changes nothing; what is right passes afterwards.
    @Test(arguments: Fault.allCases)
    func aHandoffThatIsNotRightIsRefused(_ fault: Fault) async throws {
        try await World.with(ownQueue: true) { world in
            let body = try await handedOver(in: world)
            let (forged, why) = try forge(body, fault, world)
            let prod = try await world.startProdWorker()
            // What upstream sent is taken first, so that what is refused stands alone.
            try await world.releaseInProd(1, "waits") { $0.waits(at: "prod") }
            try await world.sendToProd(forged, from: fault == .stranger ? world.stranger : nil)
            try await world.eventually("the refusal is recorded") {
                let said = try await refusals(in: world)
                return (said.contains { $0.contains(why) } ? true : nil, "\(said)")
            }
            #expect(try await world.releasesInProd().map(\.state) == ["waiting"])
            #expect(try await world.endpoint(in: world.prod) == nil)
            try await world.promoteInProd(try #require(try await world.releasesInProd().first))
            try await world.releaseInProd(1, "is released") { $0.state == "released" }
            await prod.stop()
        }
    }

    // MARK: Deciding

    /// A decision goes to the workers that it is for.
    @Test func decisionsArePostedToWhoeverDecides() async throws {
        try await World.with(ownQueue: true) { world in
            try world.separateProd()
            try await world.register("demand-de")
            _ = try await world.startWorker()
            _ = try await world.startProdWorker()
            let waiting = try await world.releaseInProd(1, "waits") { $0.waits(at: "prod") }
            let own = try #require(world.own?.queue)
            let all = try await world.inProd(
                "hold",
                "--all",
                "--reason",
                "wait",
                "--wait",
                as: world.releaseManager
            )
            #expect(all.status == 0 && all.output.contains(world.queue) && all.output.contains(own))
            try await world.eventually("both workers hold") {
                let held = try await world.status().holds.count
                let status: [World.Status] = try await world.readInProd("status", "--json")
                let both = (held, status.flatMap(\.holds).count)
                return (both == (1, 1) ? true : nil, "\(both)")
            }
            let resumed = try await world.inProd(
                "resume",
                "--all",
                "--reason",
                "go on",
                "--wait",
                as: world.releaseManager
            )
            #expect(resumed.status == 0)
            let deploy = try await world.sluice(
                "deploy",
                World.endpoint,
                "--reason",
                "again",
                as: world.releaseManager
            )
            #expect(deploy.output.contains(world.queue) && !deploy.output.contains(own))
            let promoted = try await world.inProd(
                "promote",
                waiting.id,
                "--stage",
                "prod",
                "--reason",
                "fine",
                "--wait",
                as: world.releaseManager
            )
            #expect(promoted.status == 0 && promoted.output.contains(own))
            #expect(!promoted.output.contains(world.queue))
            try await world.releaseInProd(1, "is released") { $0.state == "released" }
        }
    }

    @Test func anUnknownAccountToDriveIsRefused() async throws {
        try await World.with(ownQueue: true) { world in
            try world.separateProd()
            let outcome = try await world.sluice("worker", "--only", "prd", as: world.worker)
            #expect(outcome.status == 2)
            #expect(
                outcome.errors.contains(
                    "--only prd: the accounts folder has no such account; it has prod, staging"
                )
            )
        }
    }

    // MARK: Help

    /// The message by which a release is handed over, read where it waits for prod's worker.
    private func handedOver(in world: World) async throws -> String {
        try world.separateProd()
        try await world.register("demand-de")
        let upstream = try await world.startWorker()
        let body = try await world.eventually("a release is handed over") {
            let messages = try await world.messagesToProd()
            return (messages.first?["body"]?.string, "\(messages)")
        }
        await upstream.stop()
        return body
    }

    private func eventuallyTaken(in world: World) async throws {
        try await world.eventually("prod's queue is empty") {
            let messages = try await world.messagesToProd()
            return (messages.isEmpty ? true : nil, "\(messages)")
        }
    }

    private func decisions(on release: Release, in world: World) async throws -> [Release.Decision] {
        let shown: Release = try await world.readInProd("show", release.id, "--json")
        return shown.decisions ?? []
    }

    /// Everything that was refused, wherever it is kept.
    private func refusals(in world: World) async throws -> [String] {
        let kept: [Quarantined] = try await world.readInProd("quarantine", "--json")
        var said = kept.map(\.reason)
        for release in try await world.releasesInProd() {
            said += try await decisions(on: release, in: world).filter { $0.verdict == "refused" }.map(\.why)
        }
        return said
    }

    private func forge(_ body: String, _ fault: Fault, _ world: World) throws -> (body: String, why: String) {
        let message = try #require(try JSONDocument(parsing: [UInt8](body.utf8)).root.object)
        let evidence = try #require(message["evidence"]?[0]?.object)
        func changed(_ key: String, _ value: JSONValue) throws -> String {
            try JSONValue.object(message.merging([key: value]) { $1 }).text
        }
        switch fault {
        case .stranger: return (body, "is not among the `upstream` of account prod")
        case .otherModels:
            return (body.replacing("demand-de/1", with: "demand-de/2"), "is not what its models are")
        case .otherDigest:
            return (
                try changed("digest", .string(String(repeating: "0", count: 64))),
                "is not what its models are"
            )
        case .otherPin:
            // It says something new besides, or it would be a repetition.
            let other = body.replacing("\"size\":", with: "\"size\":1")
            return (try later(other, evidence), "is not what was handed over")
        case .otherStage:
            return (
                try changed("stage", "staging"),
                "no account of stage staging of demand-forecast is driven here"
            )
        case .noEvidence:
            return (try changed("evidence", []), "prod is not next for it: there is no evidence")
        case .otherAccount:
            let other = evidence.merging(["account": .string(world.prod)]) { $1 }
            return (try changed("evidence", [.object(other)]), "which does not come before prod here")
        case .surplus: return (try changed("priority", 1), "`handoff` has no field `priority`")
        }
    }

    /// The message with evidence that is a minute newer.
    private func later(_ body: String, _ evidence: [String: JSONValue]) throws -> String {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let old = try #require(evidence["verifiedAt"]?.string)
        let new = try format.parse(old).addingTimeInterval(60).formatted(format)
        return body.replacing(old, with: new)
    }
}
