import Testing

@testable import Promotion

/// What becomes of an endpoint that somebody switched past Sluice.
@Suite struct DriftTests {
    private static func drifts(_ it: Story) -> [String] {
        it.world.notes.filter { $0.name == "drifted" }.map(\.text)
    }

    @Test func aLateSwitchIsPutRight() throws {
        let it = Story.settled()
        let verified = try #require(it.world.serving["prod"]?.config)
        it.world.find("late", in: "prod", isUnverified: true)
        #expect(Self.drifts(it).first?.contains("puts \(verified) back") == true)
        #expect(it.world.serving["prod"]?.drift == "late")
        let back = try #require(it.world.underWay(in: "prod"))
        #expect(back.reuses == verified)
        #expect(it.finish("prod") == "1 released", "the release that is put back has not ended")
        #expect(it.world.serving["prod"]?.config == verified)
        #expect(it.world.serving["prod"]?.drift == nil)
        #expect(it.faults == [])
    }

    @Test func whatSomebodyChoseIsToldOnceAndLeft() throws {
        let it = Story.settled()
        it.world.find("theirs", in: "prod", isUnverified: false)
        it.world.find("theirs", in: "prod", isUnverified: false)
        #expect(Self.drifts(it).count == 1)
        #expect(it.world.underWay(in: "prod") == nil)
        #expect(it.world.serving["prod"]?.drift == "theirs")
        // The next release goes on from there, and goes back there if it fails.
        #expect(it.approve(de(2)) == "1 released, 2 rolling staging")
        #expect(it.finish("staging") == "1 released, 2 waiting prod")
        #expect(it.promote(2) == "1 released, 2 rolling prod")
        #expect(it.finish("prod") == "1 released, 2 released")
        #expect(it.world.serving["prod"]?.drift == nil)
        #expect(it.faults == [])
    }

    /// The same set is rolled once more where somebody asks for it, because it does not serve.
    @Test func aDeployPutsBackWhatDrifted() {
        let it = Story.settled()
        it.world.find("theirs", in: "prod", isUnverified: false)
        #expect(it.deploy(de(1), fr(1)) == "1 waiting prod", "staging serves it already")
        #expect(it.promote(1) == "1 rolling prod")
        #expect(it.finish("prod") == "1 released")
        #expect(it.world.serving["prod"]?.drift == nil)
    }

    @Test func nothingIsPutRightUnderAHold() {
        let it = Story.settled()
        _ = it.ask(.hold(stage: nil))
        it.world.find("late", in: "prod", isUnverified: true)
        #expect(it.world.underWay(in: "prod") == nil)
        #expect(Self.drifts(it).count == 1)
        _ = it.ask(.resume(stage: nil))
        it.world.find("late", in: "prod", isUnverified: true)
        #expect(it.world.underWay(in: "prod") != nil)
    }

    @Test func whatIsUnderWayIsNoDrift() {
        let it = Story.settled()
        _ = it.approve(de(2))
        it.world.find("late", in: "staging", isUnverified: true)
        #expect(Self.drifts(it).isEmpty)
        #expect(it.world.serving["staging"]?.drift == nil)
    }
}
