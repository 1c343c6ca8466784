import Testing
import Worker

/// What `sluice check` says of each gate.
@Suite struct AccountsSummaryTests {
    @Test func aGateIsSaidInWords() throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "      approvals: 1\n      approvers: [AIDAEXAMPLEID]\n",
            with: """
                      approvals: 2
                      approvers: [AIDAEXAMPLEID, "AROAEXAMPLEID:*"]
                      requiredGroup: [AIDAEXAMPLEID]
                      notRequester: true
                      remindEvery: 36h
                      alarms: [errors, latency]
                      insufficientData: ok
                      checks: [{check: integration-test, senders: ["AROAEXAMPLECI:*"]}]
                      mayOverride: [AIDABOSS]
                      windows:
                        zone: Europe/Berlin
                        allow: ["Mon,Tue,Thu 09:00-16:00", "Sat 22:00-02:00"]
                        deny: [2026-12-20/2027-01-03, 2026-05-01, "Tue 12:00-12:30"]

                """,
            in: "endpoint.yaml"
        )
        try fixture.replace(
            "- stage: prod",
            with: "- stage: prod\n    lag: 1h\n    traffic: {allAtOnce: true}",
            in: "endpoint.yaml"
        )
        let stages = try #require(fixture.load().endpoints.first?.stages)
        let gate = GateSummary(of: stages[1], after: stages[0])
        #expect(
            gate.asks == [
                "verified in staging",
                "soaked for 10m in staging",
                "at the earliest 1h after its verification in staging",
                "every version is Approved",
                "open Mon-Tue,Thu 09:00-16:00, Sat 22:00-02:00, but not Tue 12:00-12:30, 2026-12-20/2027-01-03, "
                    + "2026-05-01 (Europe/Berlin)",
                "alarms errors, latency quiet in staging, prod, now and since the soak began; one without data "
                    + "counts as quiet",
                "check integration-test passed, attested by AROAEXAMPLECI:*",
                "approved by 2 people of AIDAEXAMPLEID, AROAEXAMPLEID:*, among them one of AIDAEXAMPLEID, and not "
                    + "by whoever asked for it",
            ]
        )
        #expect(
            gate.remarks == [
                "within 7d, or the release is refused; a reminder every 36h",
                "in an emergency AIDABOSS may promote past the gate, with --override",
            ]
        )
        #expect(
            gate.notes == [
                "the `traffic` of prod names no `alarms`; SageMaker goes back by itself only for those"
            ]
        )
    }

    @Test func aGateThatAsksNothing() throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "      approvals: 1\n      approvers: [AIDAEXAMPLEID]\n      expires: 7d\n",
            with: "      approvals: 0\n",
            in: "endpoint.yaml"
        )
        try fixture.replace("    soak: 10m\n", with: "", in: "endpoint.yaml")
        let stages = try #require(fixture.load().endpoints.first?.stages)
        let gates = [GateSummary(of: stages[0], after: nil), GateSummary(of: stages[1], after: stages[0])]
        #expect(
            gates.map(\.asks) == [
                ["every version is Approved"], ["verified in staging", "every version is Approved"],
            ]
        )
        #expect(gates.map(\.remarks) == [[], []])
        #expect(
            gates.map(\.notes) == [[], ["prod asks for no approval; releases go on there by themselves"]]
        )
    }
}
