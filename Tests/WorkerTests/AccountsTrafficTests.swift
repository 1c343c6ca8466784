import Testing
import Worker

/// A stage's traffic, within what SageMaker takes, and a variant's volume key.
@Suite struct AccountsTrafficTests {
    @Test(arguments: [
        (
            "{canary: 10%, wait: 10m, alarms: [a], maximumExecution: 1h, terminationWait: 5m}",
            TrafficDocument(
                shift: .canary(percent: 10),
                wait: .seconds(600),
                alarms: ["a"],
                maximumExecution: .seconds(3_600),
                terminationWait: .seconds(300)
            )
        ),
        ("{canary: 50%}", TrafficDocument(shift: .canary(percent: 50))),
        ("{canary: 1%, wait: 1h}", TrafficDocument(shift: .canary(percent: 1), wait: .seconds(3_600))),
        ("{linear: 10%}", TrafficDocument(shift: .linear(percent: 10))),
        // Three steps of 34 % or more, and one second more than all the waits.
        (
            "{linear: 34%, wait: 5m, terminationWait: 5m, maximumExecution: 1201s}",
            TrafficDocument(
                shift: .linear(percent: 34),
                wait: .seconds(300),
                maximumExecution: .seconds(1_201),
                terminationWait: .seconds(300)
            )
        ),
        (
            "{allAtOnce: true, maximumExecution: 8h}",
            TrafficDocument(shift: .allAtOnce, maximumExecution: .seconds(28_800))
        ),
    ])
    func isRead(_ text: String, _ traffic: TrafficDocument) throws {
        let stage = try fixture(text).load().endpoints.first?.stages.first
        #expect(stage?.traffic == traffic)
        #expect(stage?.lag == .zero)
    }

    @Test(arguments: [
        (
            "{canary: 51%, linear: 9%}",
            """
            `canary` and `linear` exclude each other: keep one
            `canary` must be a percentage from `1%` to `50%`, but is `51%`
            `linear` must be a percentage from `10%` to `50%`, but is `9%`
            """
        ),
        ("{canary: 10}", "`canary` must be a percentage from `1%` to `50%`, but is the number `10`"),
        ("{wait: 10m}", "`traffic` needs `canary`, `linear` or `allAtOnce`"),
        ("{canry: 10%}", "unknown key `canry`; did you mean `canary`?"),
        (
            "{allAtOnce: false}",
            "`allAtOnce` is `false`: write `true`, or `canary` or `linear` in its place"
        ),
        (
            "{canary: 10%, wait: 61m, terminationWait: 1500ms, maximumExecution: 9m}",
            """
            `maximumExecution` must be a duration from `10m` to `8h`, in whole seconds, but is `9m`
            `terminationWait` must be a duration from `1s` to `1h`, in whole seconds, but is `1500ms`
            `wait` must be a duration from `1s` to `1h`, in whole seconds, but is `61m`
            """
        ),
        (
            "{canary: 10%, wait: 10m, terminationWait: 5m, maximumExecution: 15m}",
            "`maximumExecution` is 15m, but the update waits for 15m altogether (`wait` and `terminationWait`): let "
                + "it be longer, or the waits shorter"
        ),
        (
            "{linear: 30%, wait: 10m, maximumExecution: 30m}",
            "`maximumExecution` is 30m, but the update waits for 40m altogether (4 times `wait`): let it be longer, "
                + "or the waits shorter"
        ),
        (
            "{allAtOnce: true, alarms: [a, b, c, d, e, f, g, h, i, j, k]}",
            "`alarms` has 11 entries, but at most 10 fit: leave some out"
        ),
        ("{allAtOnce: true, alarms: [a, a]}", "`alarms` names `a` twice"),
        ("canary", "`traffic` must be a mapping of keys to values, but is `canary`"),
    ])
    func isReported(_ text: String, _ problems: String) throws {
        let expected = problems.split(separator: "\n").map { "accounts/endpoint.yaml:17: \($0)" }
        #expect(try fixture(text).problems() == expected)
    }

    @Test(arguments: ["canary: 50%", "linear: 10%"])
    func oneInstanceCannotBeDivided(_ shift: String) throws {
        var fixture = try fixture("{\(shift)}")
        try fixture.replace("count: 3", with: "count: 1", in: "endpoint.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:17: `\(shift)` moves at most half of the fleet first, but the stage's variant "
                    + "has a `count` of 1: give it 2 instances or more, or write `allAtOnce: true`"
            ]
        )
        try fixture.replace("{\(shift)}", with: "{allAtOnce: true}", in: "endpoint.yaml")
        #expect(try fixture.problems() == [])
    }

    @Test func lagIsRead() throws {
        var fixture = AccountsFixture()
        try fixture.replace("- stage: prod", with: "- stage: prod\n    lag: 7d", in: "endpoint.yaml")
        #expect(try fixture.load().endpoints.first?.stages.map(\.lag) == [.zero, .seconds(7 * 86_400)])
    }

    @Test func volumesHaveTheKeyOfTheirStage() throws {
        var fixture = try fixture("{allAtOnce: true}")
        let key = "arn:aws:kms:eu-west-1:222222222222:key/1-2"
        try fixture.replace("count: 3", with: "count: 3, volumeKmsKey: \(key)", in: "endpoint.yaml")
        let stages = try fixture.load().endpoints.first?.stages
        #expect(stages?.map(\.variant.volumeKmsKey) == [key, nil])

        try fixture.replace("key/1-2", with: "key", in: "endpoint.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:16: `volumeKmsKey` must be a KMS key's ARN, such as "
                    + "`arn:aws:kms:eu-west-1:111111111111:key/…`, but is `arn:aws:kms:eu-west-1:222222222222:key`"
            ]
        )
        try fixture.replace(
            "eu-west-1:222222222222:key",
            with: "eu-west-2:222222222222:key/1",
            in: "endpoint.yaml"
        )
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:16: `volumeKmsKey` is in eu-west-2, but account `staging` is in eu-west-1, and "
                    + "volumes are encrypted with keys of their own region: give the stage a key from there"
            ]
        )
    }

    private func fixture(_ traffic: String) throws -> AccountsFixture {
        var fixture = AccountsFixture()
        try fixture.replace(
            "soak: 10m",
            with: "variant: {count: 3}\n    traffic: \(traffic)",
            in: "endpoint.yaml"
        )
        return fixture
    }
}
