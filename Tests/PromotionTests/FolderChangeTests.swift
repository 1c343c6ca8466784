import Testing

@testable import Promotion

/// Accounts and stages that leave the accounts folder, or change places in it, while releases are on their
/// way.
@Suite struct FolderChangeTests {
    /// Nobody waits for ever for an account that nobody drives any more.
    @Test func anAccountThatIsTakenOutIsNotWaitedFor() {
        let it = Story(plan([staging(accounts: ["east": "e", "west": "w"]), prod()]))
        it.world.holdAll()
        #expect(it.approve(de(1)) == "1 waiting staging")
        it.world.plan = plan([staging(accounts: ["east": "e"]), prod()])
        it.world.resumeAll()
        #expect(it.world.situation == "1 rolling staging")
        #expect(it.finish("east") == "1 waiting prod")
        #expect(it.waits(1) == "approval by a person for prod")
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.finish("prod") == "1 released")
        #expect(it.faults == [])
    }

    /// It would be `released` without having entered anything.
    @Test func aReleaseWhoseAccountsWereAllTakenOutSaysSo() {
        let it = Story(plan([staging(), prod()]))
        _ = it.approve(de(1))
        #expect(it.finish("staging") == "1 waiting prod")
        it.world.plan = plan([staging(), prod(accounts: ["prod-eu": "p"])])
        #expect(it.promote(1) == "1 aborted")
        #expect(it.world.release(1)?.reason?.contains("every account of prod") == true)
        #expect(it.endings == ["de1 aborted"])
        #expect(it.deploy() == "1 waiting prod")
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.finish("prod-eu") == "1 released")
        #expect(it.faults == [])
    }

    /// One change at a time in an account, whatever its stage is called meanwhile.
    @Test func aWayBackIsWaitedForWhateverItsStageIsCalledNow() {
        let it = Story.settled()
        _ = it.approve(de(2))
        it.world.settleDown()
        #expect(it.rollback("staging") == "1 released, 2 aborted")
        let trial = StagePlan(
            name: "trial",
            accounts: ["staging": "s1"],
            accepts: [.approved],
            soak: .zero
        )
        it.world.plan = plan([trial, prod()])
        #expect(it.approve(de(3)) == "1 released, 2 aborted, 3 waiting trial")
        #expect(it.waits(3) == "the way back to release \(it.world.id(1)), which is under way in trial")
        #expect(it.finish("staging") == "1 released, 2 aborted, 3 rolling trial")
        #expect(it.faults == [])
    }
}
