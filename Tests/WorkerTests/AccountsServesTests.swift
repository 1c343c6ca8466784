import Promotion
import Testing
import Worker

/// What an endpoint serves, and its other new keys.
@Suite struct AccountsServesTests {
    private static let models = """
        serves: multi-model
        models:
          de.tar.gz: demand-de
          fr.tar.gz: demand-fr

        """

    @Test func aSingleModelEndpointHasOneTarget() throws {
        let endpoint = try #require(single("model: demand-de").load().endpoints.first)
        #expect(endpoint.serves == .singleModel)
        #expect(endpoint.models == ["model.tar.gz": ModelPackageGroup(name: "demand-de")])
        #expect(endpoint.targets(fedBy: "demand-de") == [EndpointDocument.singleTarget])
        #expect(endpoint.smokeTests(for: EndpointDocument.singleTarget) == endpoint.smoke)
    }

    @Test(arguments: [
        (
            "models: {a.tar.gz: a}",
            "4: `models` does not go with `serves: single-model`: name the one group with `model: GROUP`"
        ),
        ("keep: 1", "1: `model` is missing: a single-model endpoint needs it"),
        ("model: a/b", "4: `model` must be a model package group's name or ARN, but is `a/b`"),
        (
            "model: arn:aws:sagemaker:eu-west-1:444444444444:model-package-group/a",
            "4: the group is in account 444444444444, eu-west-1, but the registry is in 111111111111, eu-west-1"
        ),
        (
            "model: a\nonModelFailure: exclude",
            "5: `onModelFailure` is `exclude`, but without the one model of a single-model endpoint nothing would go "
                + "on: write `fail`, or leave it out"
        ),
    ])
    func aSingleModelEndpointIsReported(_ model: String, _ problem: String) throws {
        #expect(try single(model).problems() == ["accounts/endpoint.yaml:\(problem)"])
    }

    @Test func aSingleModelsSmokeTestsNameNoTarget() throws {
        var fixture = try single("model: demand-de")
        try fixture.replace(
            "- contentType",
            with: "- target: model.tar.gz\n    contentType",
            in: "endpoint.yaml"
        )
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:7: `target` is `model.tar.gz`, but a single-model endpoint has no targets: leave "
                    + "it out"
            ]
        )
    }

    @Test func aMultiModelEndpointHasModels() throws {
        var fixture = AccountsFixture()
        try fixture.replace(Self.models, with: "serves: multi-model\nmodel: demand-de\n", in: "endpoint.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:4: `model` does not go with `serves: multi-model`: name each target's group with "
                    + "`models`, or write `serves: single-model`"
            ]
        )
        try fixture.replace("model: demand-de\n", with: "", in: "endpoint.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:1: `models` is missing: a multi-model endpoint needs it"
            ]
        )
    }

    @Test func theOtherKeysAreRead() throws {
        var fixture = AccountsFixture()
        let plain = try #require(fixture.load().endpoints.first)
        #expect(plain.serves == .multiModel && plain.keep == 3 && !plain.adopt)
        #expect(plain.onRejection == .rollback && plain.onModelFailure == .fail)

        try fixture.replace(
            "smoke:\n",
            with: "keep: 100\nadopt: true\nonRejection: hold\nonModelFailure: exclude\nsmoke:\n",
            in: "endpoint.yaml"
        )
        let endpoint = try #require(fixture.load().endpoints.first)
        #expect(endpoint.keep == 100 && endpoint.adopt)
        #expect(endpoint.onRejection == .hold && endpoint.onModelFailure == .exclude)
    }

    @Test(arguments: [
        ("keep: 0", "`keep` must be a whole number from 1 to 100, but is the number `0`"),
        ("keep: 101", "`keep` must be a whole number from 1 to 100, but is the number `101`"),
        ("adopt: on", "`adopt` must be `true` or `false`, but is the truth value `on`"),
        ("onRejection: stay", "`onRejection` must be `rollback` or `hold`, but is `stay`"),
        ("onModelFailure: ignore", "`onModelFailure` must be `fail` or `exclude`, but is `ignore`"),
    ])
    func isReported(_ key: String, _ problem: String) throws {
        var fixture = AccountsFixture()
        try fixture.replace("smoke:\n", with: "\(key)\nsmoke:\n", in: "endpoint.yaml")
        #expect(try fixture.problems() == ["accounts/endpoint.yaml:8: \(problem)"])
    }

    private func single(_ model: String) throws -> AccountsFixture {
        var fixture = AccountsFixture()
        try fixture.replace(Self.models, with: "serves: single-model\n\(model)\n", in: "endpoint.yaml")
        return fixture
    }
}
