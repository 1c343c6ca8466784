import Testing

/// Who may let a release in, how many of them, and to what their approval is bound.
@Suite(.enabled(if: LocalAWS.url != nil))
struct ApprovalTests {
    /// Two people are enough only where one of them is of the group that has to be heard.
    @Test func oneApprovalComesFromTheRequiredGroup() async throws {
        try await World.with { world in
            try world.approvers(world.releaseManager.id, world.stranger.id, "AROALEADEXAMPLE:*")
            try world.gate(approvals: 2, "requiredGroup: [\"AROALEADEXAMPLE:*\"]")
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(try await world.promote(waiting).status == 0)
            #expect(try await world.promote(waiting, as: world.stranger).status == 0)
            let short = try await world.show(waiting)
            #expect(short.waits(at: "prod"))
            #expect(
                short.waitingFor.contains(
                    "2 of 2 approvals by a person for prod, one of them from AROALEADEXAMPLE:*"
                )
            )
            #expect(try await world.endpoint(in: world.prod) == nil)
            try await world.promote(waiting, by: "AROALEADEXAMPLE:olga")
            try await world.release(1, ends: "released")
        }
    }

    /// Four eyes: who approved the version in the registry asked for the release.
    @Test func whoeverAskedForTheReleaseMayNotApproveIt() async throws {
        try await World.with { world in
            try world.approvers(world.releaseManager.id, world.stranger.id)
            try world.gate("notRequester: true", "instructions: Look at the holdout week.")
            try await world.register("demand-de", by: world.releaseManager)
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            let own = try await world.promote(waiting)
            #expect(own.status == 1)
            #expect(own.output.contains("\(world.releaseManager.id) asked for \(waiting.id)"))
            let refused = try await world.show(waiting)
            #expect(refused.waits(at: "prod"))
            #expect(refused.decisions?.map(\.verdict) == ["refused"])
            for command in [["status"], ["show", waiting.id]] {
                let shown = try await world.run(command).output
                #expect(shown.contains("; instructions: Look at the holdout week."), "\(command)")
            }
            #expect(try await world.promote(waiting, as: world.stranger).status == 0)
            try await world.release(1, ends: "released")
        }
    }

    /// Where an identity provider names a role's sessions for people, they are people.
    @Test func sessionsOfANamedRoleAreDistinctPeople() async throws {
        try await World.with { world in
            try world.approvers("AROATEAMEXAMPLE:*")
            try world.gate(approvals: 2, "namedSessions: [AROATEAMEXAMPLE]")
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            try await world.promote(waiting, by: "AROATEAMEXAMPLE:anna")
            try await world.promote(waiting, by: "AROATEAMEXAMPLE:anna")
            try await world.eventuallyIdle()
            let once = try await world.show(waiting)
            #expect(once.waits(at: "prod"))
            #expect(once.waitingFor.contains("1 of 2 approvals"))
            try await world.promote(waiting, by: "AROATEAMEXAMPLE:bert")
            try await world.release(1, ends: "released")
        }
    }

    /// An approval is for what it was given for, and a change of the folder is something else.
    @Test func anApprovalUnderOtherSettingsIsVoid() async throws {
        try await World.with { world in
            try world.approvers(world.releaseManager.id, world.stranger.id)
            try world.gate(approvals: 2)
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(try await world.promote(waiting).status == 0)
            try world.edit("demand-forecast.yaml", "ml.m5.xlarge, count: 2", "ml.m5.xlarge, count: 3")
            _ = try await world.restartWorker()
            let void = try await world.release(1, "has no valid approval") {
                $0.waitingFor.contains("0 of 2 approvals")
            }
            #expect(void.waitingFor.contains("an approval given under other settings does not count"))
            #expect(try await world.sluice("status").output.contains("under other settings does not count"))

            #expect(try await world.promote(waiting, as: world.stranger).status == 0)
            let half = try await world.show(waiting)
            #expect(half.waits(at: "prod"))
            #expect(half.waitingFor.contains("1 of 2 approvals"), "not the one of before and this one")
            #expect(try await world.endpoint(in: world.prod) == nil)
            #expect(try await world.promote(waiting).status == 0)
            try await world.release(1, ends: "released")
        }
    }

    /// What comes too late says so on record, and moves nothing.
    @Test func aPromotionOfWhatNoLongerWaitsIsRefusedAndRecorded() async throws {
        try await World.with { world in
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let first = try await world.release(1, waitsAt: "prod")
            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.release(1, ends: "superseded")
            let superseded = try await world.promote(first)
            #expect(superseded.status == 1)
            #expect(
                superseded.output.contains("\(first.id) has ended superseded: \(second.id) reached the gate")
            )
            let decision = try #require(try await world.show(first).decisions?.first)
            #expect(decision.verdict == "refused")
            #expect(decision.why.contains("has ended superseded"))
            #expect(try await world.endpoint(in: world.prod) == nil, "nothing moved")

            let hold = try await world.hold("sagemaker.CreateEndpoint", in: world.prod, .delayed)
            #expect(try await world.promote(second).status == 0)
            try await world.arrives(hold)
            let rolling = try await world.promote(second)
            #expect(rolling.status == 1)
            #expect(rolling.output.contains("is not waiting at the gate of prod: it is rolling in prod"))
            try await world.letGo(hold)
            try await world.release(2, ends: "released")
            #expect(try await world.show(second).decisions?.map(\.verdict) == ["accepted", "refused"])
            #expect(try await world.endpoint(in: world.prod)?.history.map(\.kind) == ["create"])
        }
    }
}
