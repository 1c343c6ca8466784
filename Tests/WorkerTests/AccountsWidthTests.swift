import Promotion
import Testing

@testable import Worker

/// How many accounts of a stage are entered at a time, and how many may fail.
@Suite struct AccountsWidthTests {
    private static func fixture(_ keys: String) throws -> AccountsFixture {
        var fixture = AccountsFixture()
        fixture["prod-us.yaml"] = """
            kind: account
            name: prod-us
            account: "444444444444"
            stage: prod
            region: us-east-1
            executionRole: arn:aws:iam::444444444444:role/sagemaker
            models: s3://acme-prod-us/models/

            """
        try fixture.replace("- stage: prod\n", with: "- stage: prod\n    \(keys)\n", in: "endpoint.yaml")
        return fixture
    }

    @Test func theyAreWhatTheFolderSays() throws {
        let plan = try #require(
            try Settings(Self.fixture("concurrency: 1\n    failureTolerance: 1").load()).plans.first
        )
        #expect(plan.stages.map(\.concurrency) == [nil, 1])
        #expect(plan.stages.map(\.failureTolerance) == [0, 1])
    }

    /// How many may fail is something that was approved; how fast it goes is not.
    @Test func onlyTheToleranceIsASetting() throws {
        func settings(_ keys: String) throws -> String? {
            try Settings(Self.fixture(keys).load()).plans.first?.stages.last?.settings
        }
        let plain = try settings("lag: 1h")
        #expect(try settings("lag: 1h\n    concurrency: 1") == plain)
        #expect(try settings("lag: 1h\n    failureTolerance: 0") == plain)
        #expect(try settings("lag: 1h\n    failureTolerance: 1") != plain)
    }

    @Test(arguments: [
        ("concurrency: 0", "`concurrency` must be a whole number from 1 on, but is the number `0`"),
        (
            "failureTolerance: -1",
            "`failureTolerance` must be a whole number from 0 on, but is the number `-1`"
        ),
        (
            "failureTolerance: 2",
            "`failureTolerance` is 2, but stage `prod` has 2 accounts: it has to be less, or nothing would be "
                + "verified there"
        ),
    ])
    func whatCannotBeIsReported(_ keys: String, _ problem: String) throws {
        #expect(try Self.fixture(keys).problems() == ["accounts/endpoint.yaml:18: \(problem)"])
    }
}
