import Foundation
import Native
import Testing

/// What a gate waits for besides people and alarms: time, and the team's own checks.
@Suite(.enabled(if: LocalAWS.url != nil))
struct GateTests {
    // MARK: Time

    /// Nobody is asked, and nothing goes before its time.
    @Test func aReleaseEntersAfterItsLagAndNotBefore() async throws {
        try await World.with { world in
            try world.gate(approvals: 0)
            try world.edit("demand-forecast.yaml", "    # lag: 1h\n", "    lag: 2s\n")
            try await world.register("demand-de")
            // The registry is looked through at the start alone, so that nothing but the lag's end is waited for.
            _ = try await world.startWorker("--resync", "1h")
            let released = try await world.release(1, ends: "released")
            let verified = try #require(try await world.journal(of: released, "verified").first)
            let opened = try #require(try await world.journal(of: released, "gateOpened").last)
            #expect(try moment(verified.at) + 2 <= moment(opened.at))
        }
    }

    /// A newer approval does not take the time from an older release that it has soaked already.
    @Test func aNewerApprovalDuringTheSoakDoesNotLoseIt() async throws {
        try await World.with { world in
            try world.gate(approvals: 0)
            try world.edit("demand-forecast.yaml", "soak: 300ms", "soak: 6s")
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            let soaking = try await world.release(1, "soaks") { $0.waitingFor.contains("the soak, until") }
            let until = try #require(soaking.waitingFor.split(separator: " ").last.map(String.init))
            let newer = try await world.register("demand-de", [2, 2, 2])
            let first = try await world.release(1, ends: "released")
            #expect(first.models[World.de] == de.arn)
            let opened = try #require(try await world.journal(of: first, "gateOpened").last)
            #expect(try moment(until) <= moment(opened.at), "it opened at the soak's end")
            #expect(try await world.journal(of: first, "attemptBegan").count == 2, "it soaked once")
            let second = try await world.release(2, ends: "released")
            #expect(second.models[World.de] == newer.arn)
            #expect(try await world.endpoint(in: world.prod)?.updates == 1)
        }
    }

    /// Seconds since 1970, rounded to whole milliseconds as they are printed.
    private func moment(_ text: String) throws -> Double {
        let date = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
        return (date.timeIntervalSince1970 * 1000).rounded() / 1000
    }

    /// A day to come, so that a window of its first hour is shut for as long as any test may take.
    private var later: (weekday: String, opening: String) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let day = calendar.startOfDay(for: .now).addingTimeInterval(3 * 86_400)
        let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][
            calendar.component(.weekday, from: day) - 1
        ]
        return (weekday, "\(weekday) \(day.formatted(.iso8601.year().month().day())) 00:00 UTC")
    }

    private func shutTheWindow(in world: World) throws -> String {
        let later = later
        try world.gate(
            "windows: {zone: UTC, allow: [\"\(later.weekday) 00:00-01:00\"]}",
            "mayOverride: [\"\(world.stranger.id)\"]"
        )
        return later.opening
    }

    /// Whoever waits in front of a window is told when it opens, and an approval does not open it.
    @Test func aShutWindowKeepsAnApprovedReleaseOut() async throws {
        try await World.with { world in
            let opening = try shutTheWindow(in: world)
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(try await world.promote(waiting).status == 0)
            try await world.eventuallyIdle()
            let shut = try await world.show(waiting)
            #expect(shut.waits(at: "prod"))
            #expect(shut.waitingFor.contains("the window of prod, which opens \(opening)"))
            let status = try await world.sluice("status").output
            #expect(status.contains("waits for the window of prod, which opens \(opening)"))
            #expect(try await world.endpoint(in: world.prod) == nil)
        }
    }

    /// In an emergency somebody goes past the gate, who may, and it stands there as what it was.
    @Test func anOverridePassesAndIsRecordedAsOne() async throws {
        try await World.with { world in
            _ = try shutTheWindow(in: world)
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            let refused = try await world.override(waiting, as: world.releaseManager)
            #expect(refused.status == 1)
            #expect(refused.output.contains("is not among those who may override the gate of prod"))
            #expect(try await world.show(waiting).waits(at: "prod"), "an approver may not for that alone")

            #expect(try await world.override(waiting, as: world.stranger).status == 0)
            try await world.release(1, ends: "released")
            let shown = try await world.sluice("show", waiting.id).output
            #expect(
                shown.contains("EMERGENCY OVERRIDE by \(world.stranger.id): customers see wrong prices")
            )
            let decisions = try await world.show(waiting).decisions ?? []
            #expect(decisions.map(\.sender) == [world.releaseManager.id, world.stranger.id])
            #expect(decisions.map(\.verdict) == ["refused", "accepted"])
            #expect(decisions.last?.why.contains("as an emergency override") == true)
            let opened = try await world.journal(of: waiting, "gateOpened").last
            #expect(opened?.text.contains("passed over by the emergency override") == true)
            #expect(opened?.text.contains("the window of prod, which opens") == true)
        }
    }

    // MARK: Checks

    private func askForACheck(in world: World) throws {
        try world.gate(
            approvals: 0,
            "checks: [{check: integration-test, senders: [\"\(world.stranger.id)\"]}]"
        )
    }

    /// The event that a release is verified starts the team's own test, and its answer opens the gate.
    @Test func aCheckIsCalledForAndItsAnswerOpensTheGate() async throws {
        try await World.with { world in
            try askForACheck(in: world)
            let queue = try await world.subscribe()
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(waiting.waitingFor.contains("an answer to check integration-test"))
            let event = try await world.event("verified", about: waiting, on: queue)
            #expect(event["stage"] == "staging")
            #expect(event["account"] == "staging")
            #expect(event["text"]?.string?.contains("integration-test") == true)

            let answer = try await world.attest(waiting, "passed", as: world.stranger)
            #expect(answer.status == 0)
            try await world.release(1, ends: "released")
            let opened = try await world.journal(of: waiting, "gateOpened").last
            #expect(opened?.text.contains("check integration-test passed: \(world.stranger.id)") == true)
            #expect(opened?.text.contains("https://ci.example.com/runs/7") == true)
        }
    }

    @Test func aCheckThatFailedEndsTheRelease() async throws {
        try await World.with { world in
            try askForACheck(in: world)
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(try await world.attest(waiting, "inconclusive", as: world.stranger).status == 0)
            #expect(try await world.show(waiting).waits(at: "prod"), "no answer is no yes")
            #expect(try await world.attest(waiting, "failed", as: world.stranger).status == 0)
            let failed = try await world.release(1, ends: "failed")
            #expect(failed.why.contains("check integration-test failed"))
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            #expect(try await world.endpoint(in: world.prod) == nil)
        }
    }

    /// An answer counts only from whom it was asked, to what was asked, about what waits, and once.
    @Test func anAnswerThatNobodyAskedForIsRefusedAndRecorded() async throws {
        try await World.with { world in
            _ = try await world.begin()
            try askForACheck(in: world)
            _ = try await world.restartWorker()
            let (_, waiting) = try await world.next(2, "demand-de", [2, 2, 2])
            let stranger = try await world.attest(waiting, "passed", as: world.releaseManager)
            #expect(stranger.status == 1)
            #expect(stranger.output.contains("is not among the senders of check integration-test"))
            let unknown = try await world.attest(waiting, "passed", check: "load-test", as: world.stranger)
            #expect(unknown.status == 1)
            #expect(unknown.output.contains("asks for no check load-test; it asks for integration-test"))
            let first = try #require(try await world.releases().first { $0.number == 1 })
            let other = try await world.attest(first, "passed", as: world.stranger)
            #expect(other.status == 1)
            #expect(other.output.contains("\(first.id) has ended released"))
            #expect(try await world.show(first).decisions?.last?.verdict == "refused")
            #expect(try await world.show(waiting).decisions?.map(\.verdict) == ["refused", "refused"])
            #expect(try await world.show(waiting).waits(at: "prod"))

            let body = """
                {"sluice": 1, "action": "attest", "release": "\(waiting.id)", "stage": "prod",
                 "check": "integration-test", "verdict": "passed", "reason": "run 7", "requestId": "run-7"}
                """
            for _ in 1...3 { try await world.send(body, from: world.stranger) }
            try await world.release(2, ends: "released")
            try await world.eventuallyIdle()
            #expect(try await world.show(waiting).decisions?.count == 3, "the same answer counts once")
        }
    }

    // MARK: Contradictions

    @Test func aGateThatContradictsItselfIsToldOfBeforeItIsNeeded() async throws {
        try await World.with { world in
            try world.edit("demand-forecast.yaml", "expires: 7d", "expires: 5m")
            try world.edit("demand-forecast.yaml", "soak: 300ms", "soak: 1h")
            let text = try String(
                contentsOf: world.accounts.appending(path: "demand-forecast.yaml"),
                encoding: .utf8
            )
            let line =
                try #require(
                    text.split(separator: "\n", omittingEmptySubsequences: false)
                        .firstIndex { $0.contains("soak: 1h") }
                ) + 1
            let check = try await world.sluice("check")
            #expect(check.status == 3)
            #expect(
                check.errors.contains(
                    "demand-forecast.yaml:\(line): `soak` is 1h, but the gate of stage `prod` refuses"
                )
            )
        }
    }
}
