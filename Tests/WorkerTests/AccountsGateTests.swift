import Promotion
import Testing
import Worker

/// A gate's keys: what they mean, their bounds, and what they contradict.
@Suite struct AccountsGateTests {
    @Test func everyKeyIsRead() throws {
        let gate = try gate(
            """
            approvals: 2
                  approvers: ["AIDAEXAMPLEID", "AROAEXAMPLEID:*"]
                  namedSessions: ["AROAEXAMPLEID:*"]
                  requiredGroup: ["AROAEXAMPLEID:lead-*"]
                  notRequester: true
                  instructions: Look at the holdout week.
                  remindEvery: 1d
                  alarms: [forecast 5xx, latency]
                  insufficientData: alarm
                  mayOverride: [AIDABOSS]
                  checks: [{check: integration-test, senders: ["AROAEXAMPLECI:*"]}]
            """
        )
        #expect(gate.approvals == 2)
        #expect(gate.approvers.map(\.text) == ["AIDAEXAMPLEID", "AROAEXAMPLEID:*"])
        #expect(gate.namedSessions == ["AROAEXAMPLEID"])
        #expect(gate.requiredGroup.map(\.text) == ["AROAEXAMPLEID:lead-*"])
        #expect(gate.notRequester)
        #expect(gate.instructions == "Look at the holdout week.")
        #expect(gate.remindEvery == .seconds(86_400))
        #expect(gate.expires == .seconds(7 * 86_400))
        #expect(gate.alarms == ["forecast 5xx", "latency"])
        #expect(gate.insufficientData == .alarm)
        #expect(gate.mayOverride.map(\.text) == ["AIDABOSS"])
        #expect(
            try gate.checks == [
                CheckPlan(name: "integration-test", senders: [SenderPattern("AROAEXAMPLECI:*")])
            ]
        )
    }

    @Test(arguments: [
        // Sessions of a listed role are people, without number where a glob stands for them.
        "approvals: 9\n      approvers: [\"AROAEXAMPLEID:*\"]\n      namedSessions: [AROAEXAMPLEID]",
        "approvals: 9\n      approvers: [\"AROAEXAMPLEID:dev-?\"]\n      namedSessions: [AROAEXAMPLEID]",
        "approvals: 2\n      approvers: [\"AROAEXAMPLEID:ann\", \"AROAEXAMPLEID:bob\"]\n"
            + "      namedSessions: [AROAEXAMPLEID]",
        "approvers: [\"AROAEXAMPLEID:dev-*\"]\n      requiredGroup: [\"AROAEXAMPLEID:*-lead\"]",
        "approvers: [AIDAEXAMPLEID]\n      requiredGroup: [AIDAEXAMPLEID]",
        "approvers: [AIDAEXAMPLEID]\n      notRequester: false", "notRequester: false",
        "approvals: 0\n      approvers: [AIDAEXAMPLEID]",
        "checks: [{check: a, senders: [AIDAEXAMPLEID]}]\n      instructions: x\n      remindEvery: 7d",
        "approvers: [AIDAEXAMPLEID]\n      remindEvery: 1m",
    ])
    func isNoContradiction(_ gate: String) throws {
        _ = try self.gate(gate)
    }

    @Test(arguments: faults)
    func isReported(_ fault: AccountsFault) throws {
        let problems = try fault.problems()
        #expect(problems == fault.expected)
    }

    private static let first = "approvals: 1\n      approvers: [AIDAEXAMPLEID]"

    /// Something planted in place of the gate's first two keys, which are on lines 19 and 20.
    private static func fault(_ new: String, _ expected: String) -> AccountsFault {
        AccountsFault("endpoint.yaml", first, new, expected)
    }

    private static let faults = [
        fault(
            "approvals: 3\n      approvers: [\"AROAEXAMPLEID:ann\", \"AROAEXAMPLEID:bob\"]\n"
                + "      namedSessions: [AROAEXAMPLEID]",
            """
            accounts/endpoint.yaml:19: `approvals` is 3, but `approvers` name 2 people, all sessions of a \
            role counting as one: name more people, or ask for fewer; a role whose sessions are named for \
            people by its identity provider can be listed in `namedSessions`
            """
        ),
        fault(
            first + "\n      requiredGroup: [AIDAEXAMPLEID, AIDAANOTHER, \"AROAEXAMPLEID:*\"]",
            """
            accounts/endpoint.yaml:21: `requiredGroup` names `AIDAANOTHER`, but nobody it matches is among \
            the `approvers`, so it can never count: add it to them, or leave it out
            accounts/endpoint.yaml:21: `requiredGroup` names `AROAEXAMPLEID:*`, but nobody it matches is \
            among the `approvers`, so it can never count: add it to them, or leave it out
            """
        ),
        fault(
            "approvers: [\"AROAEXAMPLEID:dev-*\"]\n      requiredGroup: [\"AROAEXAMPLEID:ops-*\"]",
            """
            accounts/endpoint.yaml:20: `requiredGroup` names `AROAEXAMPLEID:ops-*`, but nobody it matches \
            is among the `approvers`, so it can never count: add it to them, or leave it out
            """
        ),
        fault(
            "notRequester: true\n      requiredGroup: [AIDAEXAMPLEID]",
            """
            accounts/endpoint.yaml:19: `notRequester` says who has to approve, but this gate asks for no \
            approval: give `approvers`, and `approvals` from 1 on, or leave it out
            accounts/endpoint.yaml:20: `requiredGroup` says who has to approve, but this gate asks for no \
            approval: give `approvers`, and `approvals` from 1 on, or leave it out
            """
        ),
        fault(
            "approvals: 0\n      instructions: Look.\n      remindEvery: 1d",
            """
            accounts/endpoint.yaml:20: `instructions` is for those who approve or attest, but this gate \
            asks for neither: give `approvals` or `checks`, or leave it out
            accounts/endpoint.yaml:21: `remindEvery` is for those who approve or attest, but this gate asks \
            for neither: give `approvals` or `checks`, or leave it out
            """
        ),
        fault(
            first + "\n      namedSessions: [AROAEXAMPLEID]",
            """
            accounts/endpoint.yaml:21: `namedSessions` names `AROAEXAMPLEID`, but no entry of `approvers` \
            does: add `AROAEXAMPLEID:*` to them, or leave the role out
            """
        ),
        fault(
            first + "\n      namedSessions: [AIDAEXAMPLEID, \"AROAEXAMPLEID:x\"]",
            """
            accounts/endpoint.yaml:21: an entry of `namedSessions` must be a role's id, such as \
            `AROAEXAMPLEID`, but is `AIDAEXAMPLEID`
            accounts/endpoint.yaml:21: an entry of `namedSessions` must be a role's id, such as \
            `AROAEXAMPLEID`, but is `AROAEXAMPLEID:x`
            """
        ),
        fault(
            first + "\n      insufficientData: ok",
            """
            accounts/endpoint.yaml:21: `insufficientData` is `ok`, but this gate has no `alarms`: name \
            them, or leave it out
            """
        ),
        fault(
            first + "\n      alarms: [a, \" \", a]\n      insufficientData: maybe",
            """
            accounts/endpoint.yaml:21: `alarms` names `a` twice
            accounts/endpoint.yaml:21: an entry of `alarms` must be an alarm's name: 1 to 255 characters, \
            not only spaces, but is ` `
            accounts/endpoint.yaml:22: `insufficientData` must be `inconclusive`, `ok` or `alarm`, but is \
            `maybe`
            """
        ),
        fault(
            first + "\n      alarms: [\((1...101).map { "a\($0)" }.joined(separator: ", "))]",
            """
            accounts/endpoint.yaml:21: `alarms` has 101 entries, but at most 100 fit: leave some out
            """
        ),
        fault(
            first + "\n      remindEvery: 8d",
            """
            accounts/endpoint.yaml:21: `remindEvery` is 8d, but after 7d (`expires`) the release is \
            refused: remind more often, or let `expires` be longer
            """
        ),
        fault(
            first + "\n      remindEvery: 59s\n      notRequester: yes\n      instructions: \" \"",
            """
            accounts/endpoint.yaml:21: `remindEvery` must be a duration from `1m` to `60d`, but is `59s`
            accounts/endpoint.yaml:22: `notRequester` must be `true` or `false`, but is the truth value `yes`
            accounts/endpoint.yaml:23: `instructions` must be text of 1 to 1000 characters, but is ` `
            """
        ),
        fault(
            first + "\n      mayOverride: [\"AROA*:*\"]",
            """
            accounts/endpoint.yaml:21: an entry of `mayOverride` is no SenderId pattern: `AROA*:*` has a \
            wildcard in its id: only a role's session may have one, as in `AROA…:*`, so that a pattern \
            names one person
            """
        ),
        fault(
            first
                + "\n      checks:\n        - {check: a b, senders: [AIDA1]}\n        - {check: x, sendres: [AIDAX]}"
                + "\n        - {check: t, senders: [AIDAEXAMPLEID]}\n        - {check: t, senders: [AIDAOTHER]}",
            """
            accounts/endpoint.yaml:22: `check` must be 1 to 63 letters, digits and `-_.`, but is `a b`
            accounts/endpoint.yaml:22: an entry of `senders` is no SenderId pattern: `AIDA1` is no sender: \
            a user is `AIDA…`, a role's sessions are `AROA…:*`, with 4 to 124 capital letters and digits \
            after the prefix
            accounts/endpoint.yaml:23: unknown key `sendres`; did you mean `senders`?
            accounts/endpoint.yaml:25: check `t` is given twice; it was first given on line 24
            """
        ),
        fault(
            first + "\n      approvrs: [x]\n      window: {}",
            """
            accounts/endpoint.yaml:21: unknown key `approvrs`; did you mean `approvers`?
            accounts/endpoint.yaml:22: unknown key `window`; did you mean `windows`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "soak: 10m",
            "soak: 8d",
            """
            accounts/endpoint.yaml:16: `soak` is 8d, but the gate of stage `prod` refuses a release that \
            has waited for 7d (`expires`): shorten the soak, or let `expires` be longer
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "- stage: prod",
            "- stage: prod\n    lag: 169h",
            """
            accounts/endpoint.yaml:18: `lag` is 169h, but the gate of stage `prod` refuses a release that \
            has waited for 7d (`expires`): shorten the lag, or let `expires` be longer
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "soak: 10m",
            "lag: 1h",
            """
            accounts/endpoint.yaml:16: `lag` counts from the verification in the stage before, but this \
            stage is the first: leave it out
            """
        ),
    ]

    /// Nobody waits at a gate that asks nothing, so nothing there expires either.
    @Test(arguments: ["approvals: 0", "approvals: 0\n      mayOverride: [AIDAEXAMPLEID]"])
    func aLongSoakBeforeAnOpenGateIsFine(_ gate: String) throws {
        var fixture = AccountsFixture()
        try fixture.replace(Self.first, with: gate, in: "endpoint.yaml")
        try fixture.replace("soak: 10m", with: "soak: 30d", in: "endpoint.yaml")
        #expect(try fixture.problems() == [])
        try fixture.replace(gate, with: "\(gate)\n      alarms: [a]", in: "endpoint.yaml")
        #expect(try fixture.problems().count == 1)
    }

    private func gate(_ text: String) throws -> GatePlan {
        var fixture = AccountsFixture()
        try fixture.replace(Self.first, with: text, in: "endpoint.yaml")
        return try #require(fixture.load().endpoints.first?.stages.last?.gate)
    }
}
