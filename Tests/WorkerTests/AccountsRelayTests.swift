import Promotion
import Testing

@testable import Worker

/// Accounts with a queue of their own: who drives what, who hands over to whom, and what cannot be.
@Suite struct AccountsRelayTests {
    private static let queue = "https://sqs.eu-west-1.amazonaws.com/333333333333/sluice"
    private static let upstream = "upstream: [\"AROAUPSTREAM:*\"]"

    private static func fixture() throws -> AccountsFixture {
        var fixture = AccountsFixture()
        try fixture.replace("region:", with: "queue: \(queue)\n\(upstream)\nregion:", in: "prod.yaml")
        return fixture
    }

    // MARK: What each worker does

    @Test func theRegistrysWorkerDrivesWhatHasNoQueue() throws {
        let settings = try Settings(Self.fixture().load())
        #expect(settings.driven == ["staging"])
        #expect(settings.queues == [settings.registry.queue])
        #expect(settings.handsOver && !settings.takesOver)
        #expect(settings.share.endpoints.flatMap(\.stages).map(\.name) == ["staging"])
        let plan = try #require(settings.plans.first)
        #expect(plan.composes && plan.isShared)
        #expect(plan.stages.map(\.name) == ["staging"])
        let relay = try #require(plan.stages.first?.relay)
        #expect(relay.before.isEmpty && relay.here.map(\.account) == ["222222222222"])
        #expect(relay.after.map(\.name) == ["prod"] && relay.after.map(\.queue) == [Self.queue])
        #expect(relay.nextGate?.approvals == 1)
        #expect(settings.reference(toGroup: "demand-de") == "demand-de")
    }

    @Test func anAccountsOwnWorkerDrivesItAlone() throws {
        let settings = try Settings(Self.fixture().load(), only: ["prod"])
        #expect(settings.driven == ["prod"] && settings.queues == [Self.queue])
        #expect(settings.takesOver && !settings.handsOver)
        let plan = try #require(settings.plans.first)
        #expect(!plan.composes && plan.stages.map(\.name) == ["prod"])
        let relay = try #require(plan.stages.first?.relay)
        #expect(relay.before.map(\.stage) == ["staging"] && relay.before.map(\.isHere) == [false])
        #expect(relay.senders.mapValues { $0.map(\.text) } == ["prod": ["AROAUPSTREAM:*"]])
        // From another account a group is found by its ARN alone.
        let arn = "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/demand-de"
        #expect(settings.reference(toGroup: "demand-de") == arn)
    }

    /// One worker may drive everything, queue or no queue, and then nothing is handed over.
    @Test func aWorkerThatDrivesAllHandsNothingOver() throws {
        let settings = try Settings(Self.fixture().load(), only: ["staging", "prod"])
        #expect(Set(settings.queues) == [settings.registry.queue, Self.queue])
        #expect(!settings.handsOver && !settings.takesOver)
        #expect(settings.plans.first?.isShared == false)
        let central = try Settings(AccountsFixture().load())
        #expect(settings.plans == central.plans, "how the worker is reached is no setting of the endpoint")
    }

    @Test func whoIsToBeDrivenHasToBeThere() throws {
        let folder = try Self.fixture().load()
        let unknown = #expect(throws: SettingsError.self) { try Settings(folder, only: ["prd"]) }
        #expect(
            unknown?.description
                == "--only prd: the accounts folder has no such account; it has prod, staging"
        )
        var fixture = try Self.fixture()
        let own = "queue: https://sqs.eu-west-1.amazonaws.com/222222222222/sluice"
        try fixture.replace("region:", with: "\(own)\nregion:", in: "staging.yaml")
        let none = #expect(throws: SettingsError.self) { try Settings(fixture.load()) }
        #expect(none?.description.contains("name those it drives with --only: prod, staging") == true)
    }

    @Test func aDecisionGoesToTheQueuesOfThoseItIsFor() throws {
        let folder = try Self.fixture().load()
        let registry = folder.registry.queue
        #expect(folder.queues("demand-forecast", stage: "prod") == [Self.queue])
        #expect(folder.queues("demand-forecast", stage: "staging") == [registry])
        #expect(Set(folder.queues("demand-forecast")) == [registry, Self.queue])
        #expect(folder.queues("demand-forecast", account: "prod") == [Self.queue])
        #expect(Set(folder.queues(nil)) == [registry, Self.queue])
        #expect(try AccountsFixture().load().queues("demand-forecast", stage: "prod") == [registry])
    }

    // MARK: What cannot be

    @Test func whoMayHandOverHasToBeSaid() throws {
        var fixture = try Self.fixture()
        try fixture.replace("\(Self.upstream)\n", with: "", in: "prod.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/prod.yaml:5: account `prod` has a `queue` of its own and comes after another stage of "
                    + "`demand-forecast`: say in `upstream` who may hand over to it"
            ]
        )
    }

    @Test func upstreamIsForAnAccountWithAQueue() throws {
        var fixture = try Self.fixture()
        try fixture.replace("queue: \(Self.queue)\n", with: "", in: "prod.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/prod.yaml:5: `upstream` says who may hand over to this account's own worker, but there is "
                    + "no `queue` that it polls: give one, or leave `upstream` out"
            ]
        )
    }

    @Test func aWildcardInUpstreamIsRefused() throws {
        var fixture = try Self.fixture()
        try fixture.replace("AROAUPSTREAM:*", with: "*", in: "prod.yaml")
        let problems = try fixture.problems()
        #expect(problems.count == 1 && problems[0].contains("has a wildcard in its id"), "\(problems)")
    }

    @Test func theRegistrysQueueIsNobodysOwn() throws {
        var fixture = try Self.fixture()
        try fixture.replace("333333333333/sluice", with: "111111111111/sluice", in: "prod.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/prod.yaml:5: `queue` is the registry's own: leave it out, and the registry's worker drives "
                    + "the account"
            ]
        )
    }

    /// Its worker could not hand over to what is driven from the registry's queue.
    @Test func whatComesAfterAQueueHasOneToo() throws {
        var fixture = AccountsFixture()
        let own = "queue: https://sqs.eu-west-1.amazonaws.com/222222222222/sluice"
        try fixture.replace("region:", with: "\(own)\nregion:", in: "staging.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/prod.yaml:2: account `prod` has no `queue`, but comes after stage `staging` of "
                    + "`demand-forecast`, whose account `staging` has a worker of its own, which could not hand over "
                    + "to it: give it a `queue` and `upstream`"
            ]
        )
    }
}
