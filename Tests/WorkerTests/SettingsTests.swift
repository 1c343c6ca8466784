import Promotion
import Testing

@testable import Worker

/// The accounts folder as the core sees it: plans, and the digests that tie approvals to settings.
@Suite struct SettingsTests {
    @Test func aPlanIsWhatTheFolderSays() throws {
        let plan = try Self.plan(AccountsFixture())
        #expect(plan.name == "demand-forecast")
        #expect(plan.targets == ["de.tar.gz": "demand-de", "fr.tar.gz": "demand-fr"])
        #expect(plan.image == nil)
        #expect(plan.stages.map(\.name) == ["staging", "prod"])
        #expect(plan.stages.map(\.soak) == [.seconds(600), .zero])
        #expect(plan.stages.map(\.gate.approvals) == [0, 1])
        #expect(plan.stages.map(\.accepts) == [[.approved], [.approved]])
        #expect(plan.stages.map { $0.gate.approvers.map(\.text) } == [[], ["AIDAEXAMPLEID"]])
        #expect(plan.stages.map(\.gate.expires) == [.seconds(7 * 86400), .seconds(7 * 86400)])
        #expect(plan.operators.map(\.text) == ["AIDAEXAMPLEID"])
        #expect(plan.stages.map { $0.accounts.keys.sorted() } == [["staging"], ["prod"]])
        let digests = plan.stages.flatMap(\.accounts.values)
        #expect(digests.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{64}/) != nil })
        #expect(Set(digests).count == 2)
    }

    @Test(arguments: [
        ("endpoint.yaml", "count: 1", "count: 2"), ("endpoint.yaml", "[AIDAEXAMPLEID]", "[AIDAANOTHERID]"),
        ("endpoint.yaml", "expires: 7d", "expires: 8d"), ("endpoint.yaml", "[0, 100]", "[1, 100]"),
        ("prod.yaml", "role/sagemaker", "role/other"), ("prod.yaml", "eu-west-1", "eu-west-2"),
    ])
    func aDigestChangesWithASetting(_ file: String, _ old: String, _ new: String) throws {
        var changed = AccountsFixture()
        try changed.replace(old, with: new, in: file)
        #expect(try Self.prod(changed) != Self.prod(AccountsFixture()))
        // And so an approval that was given before is void.
        let before = try #require(try Self.plan(AccountsFixture()).stages.last)
        let after = try #require(try Self.plan(changed).stages.last)
        #expect(before.settings != after.settings)
    }

    @Test func aDigestStaysWithTheOrder() throws {
        var changed = AccountsFixture()
        try changed.replace(
            "  de.tar.gz: demand-de\n  fr.tar.gz: demand-fr",
            with: "  fr.tar.gz: demand-fr\n  de.tar.gz: demand-de",
            in: "endpoint.yaml"
        )
        try changed.replace(
            "instance: ml.m5.large, count: 1",
            with: "count: 1, instance: ml.m5.large",
            in: "endpoint.yaml"
        )
        try changed.replace(
            "approvals: 1\n      approvers: [AIDAEXAMPLEID]",
            with: "approvers: [AIDAEXAMPLEID]\n      approvals: 1",
            in: "endpoint.yaml"
        )
        #expect(try Self.prod(changed) == Self.prod(AccountsFixture()))
    }

    @Test func accountsAreFoundByNameAndByDigits() throws {
        let settings = try Settings(AccountsFixture().load())
        #expect(settings.account("prod")?.account == "333333333333")
        #expect(settings.account("333333333333") == nil)
        #expect(settings.endpoint("demand-forecast")?.targets == ["de.tar.gz", "fr.tar.gz"])
        #expect(settings.endpoint("another") == nil)
    }

    /// A group of another account can be listed by its ARN alone.
    @Test func aGroupIsAskedForAsItIsWritten() throws {
        var fixture = AccountsFixture()
        let arn = "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/demand-de"
        try fixture.replace("demand-de\n", with: "\(arn)\n", in: "endpoint.yaml")
        let settings = try Settings(fixture.load())
        #expect(settings.plans.first?.targets["de.tar.gz"] == "demand-de")
        #expect(settings.reference(toGroup: "demand-de") == arn)
        #expect(settings.reference(toGroup: "demand-fr") == "demand-fr")
        #expect(settings.reference(toGroup: "unknown") == "unknown")
    }

    private static func plan(_ fixture: AccountsFixture) throws -> EndpointPlan {
        try #require(try Settings(fixture.load()).plans.first)
    }

    private static func prod(_ fixture: AccountsFixture) throws -> String {
        try #require(try plan(fixture).stages.last?.accounts["prod"])
    }
}
