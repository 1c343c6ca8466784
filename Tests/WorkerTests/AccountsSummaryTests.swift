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
                "versions that are Approved",
                "10m of soak in staging",
                "1h since the verification in staging",
                "2 approvals from AIDAEXAMPLEID or AROAEXAMPLEID:*, at least one from AIDAEXAMPLEID, not from whoever "
                    + "asked for the release",
                "the check integration-test, attested by AROAEXAMPLECI:*",
                "quiet alarms (errors, latency), one without data counting as quiet",
                "a time in Mon-Tue,Thu 09:00-16:00 or Sat 22:00-02:00 except Tue 12:00-12:30, 2026-12-20/2027-01-03, "
                    + "2026-05-01 (Europe/Berlin)",
            ]
        )
        #expect(
            gate.remarks == [
                "or is refused after 7d, with a reminder every 36h", "AIDABOSS may let it in without",
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
        #expect(gates.map(\.asks) == [["versions that are Approved"], ["versions that are Approved"]])
        #expect(gates.map(\.remarks) == [[], []])
        #expect(
            gates.map(\.notes) == [[], ["prod asks for no approval; releases go on there by themselves"]]
        )
    }
}
