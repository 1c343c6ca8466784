import Testing
import Worker

/// The settings in force for an endpoint in an account, as the text that is hashed.
@Suite struct AccountsDigestTests {
    @Test func isOneTextWithSortedKeys() throws {
        #expect(
            try digestInput(of: "prod", in: AccountsFixture()) == """
                {"account":{"account":"333333333333","executionRole":"arn:aws:iam::333333333333:role/sagemaker",\
                "models":"s3://acme-prod/models/","name":"prod","region":"eu-west-1","tags":{}},\
                "after":["staging"],"models":{"de.tar.gz":"demand-de","fr.tar.gz":"demand-fr"},\
                "name":"demand-forecast","smoke":[{"body":"1,2,3","contentType":"text/csv",\
                "expect":[{"between":[0.0,100.0],"pointer":"/score"}],"within":2000}],\
                "stage":{"accepts":["Approved"],"gate":{"approvals":1,"approvers":["AIDAEXAMPLEID"],\
                "expires":604800000},"name":"prod","soak":0,\
                "variant":{"count":1,"instance":"ml.m5.large","name":"AllTraffic"}}}
                """
        )
    }

    @Test(arguments: [
        ("endpoint.yaml", "count: 1", "count: 2"), ("endpoint.yaml", "expires: 7d", "expires: 6d"),
        ("endpoint.yaml", "[AIDAEXAMPLEID]", "[AIDAEXAMPLEID, AIDAANOTHER]"),
        ("endpoint.yaml", "demand-fr\n", "demand-it\n"), ("endpoint.yaml", "[0, 100]", "[0, 101]"),
        ("endpoint.yaml", "smoke:\n", "container: {image: a}\nsmoke:\n"),
        ("endpoint.yaml", "- stage: prod", "- stage: prod\n    accepts: [PendingManualApproval]"),
        ("prod.yaml", "acme-prod/models", "acme-prod/other"), ("prod.yaml", "role/sagemaker", "role/other"),
        ("prod.yaml", "stage: prod", "stage: prod\ntags: {a: b}"),
        ("prod.yaml", "stage: prod", "stage: prod\nendpointName: \"{endpoint}-eu\""),
        ("endpoint.yaml", "smoke:\n", "adopt: true\nsmoke:\n"),
        ("endpoint.yaml", "smoke:\n", "onModelFailure: exclude\nsmoke:\n"),
        ("endpoint.yaml", "count: 1", "count: 1, volumeKmsKey: \"arn:aws:kms:eu-west-1:333333333333:key/1\""),
        ("endpoint.yaml", "- stage: prod", "- stage: prod\n    lag: 1h"),
        ("endpoint.yaml", "- stage: prod", "- stage: prod\n    traffic: {allAtOnce: true}"),
        ("endpoint.yaml", "expires", "notRequester: true\n      expires"),
        ("endpoint.yaml", "expires", "requiredGroup: [AIDAEXAMPLEID]\n      expires"),
        ("endpoint.yaml", "expires", "instructions: Look.\n      expires"),
        ("endpoint.yaml", "expires", "alarms: [a]\n      expires"),
        ("endpoint.yaml", "expires", "windows: {zone: UTC, deny: [2026-12-24]}\n      expires"),
        ("endpoint.yaml", "expires", "mayOverride: [AIDAEXAMPLEID]\n      expires"),
        ("endpoint.yaml", "expires", "checks: [{check: a, senders: [AIDAEXAMPLEID]}]\n      expires"),
        ("endpoint.yaml", "body: \"1,2,3\"", "body: \"1,2,3\"\n    invocations: 2"),
        ("endpoint.yaml", "body: \"1,2,3\"", "bodyFrom: s3://acme/k"),
        ("endpoint.yaml", "pointer: /score", "column: 0"),
        (
            "endpoint.yaml", "stages:",
            "  - {target: de.tar.gz, golden: {data: s3://acme/k, label: y, mae: 1}}\nstages:"
        ),
    ])
    func changesWithWhatItCovers(_ file: String, _ old: String, _ new: String) throws {
        var changed = AccountsFixture()
        try changed.replace(old, with: new, in: file)
        #expect(try digestInput(of: "prod", in: changed) != digestInput(of: "prod", in: AccountsFixture()))
    }

    @Test(arguments: [
        (
            "endpoint.yaml", "{instance: ml.m5.large, count: 1}",
            "{count: 1, name: AllTraffic, instance: \"ml.m5.large\"}"
        ),
        ("endpoint.yaml", "expires: 7d", "expires: 168h"), ("endpoint.yaml", "soak: 10m", "soak: 11m"),
        ("endpoint.yaml", "stages:", "operators: []\nstages:"),
        ("endpoint.yaml", "smoke:\n", "keep: 9\nonRejection: hold\nadopt: false\nsmoke:\n"),
        ("endpoint.yaml", "expires", "remindEvery: 1d\n      notRequester: false\n      expires"),
        ("staging.yaml", "acme-staging", "acme-elsewhere"),
        ("prod.yaml", "stage: prod", "role: arn:aws:iam::333333333333:role/x\nstage: prod # the one"),
    ])
    func staysTheSameForTheSameSettings(_ file: String, _ old: String, _ new: String) throws {
        var changed = AccountsFixture()
        try changed.replace(old, with: new, in: file)
        #expect(try digestInput(of: "prod", in: changed) == digestInput(of: "prod", in: AccountsFixture()))
    }

    /// Each of these is a setting under the others, and so is told apart from the ones beside it.
    @Test(arguments: [
        (
            "alarms: [a, b]\n      windows: {zone: UTC, allow: [\"Mon 09:00-10:00\"], deny: [2026-12-24, \"Mon 09:30-09:40\"]}",
            [
                ("[a, b]", "[a, c]"), ("[a, b]", "[a, b]\n      insufficientData: ok"),
                ("UTC", "Europe/Berlin"),
                ("09:00", "09:01"), ("Mon", "Tue"), ("09:40", "09:41"), ("12-24", "12-25"),
            ],
            [("[a, b]", "[b, a]"), ("2026-12-24,", "2026-12-24/2026-12-24,")]
        ),
        (
            "namedSessions: [AROAEXAMPLEID]\n      checks: [{check: a, senders: [AIDAONE1, AIDATWO2]}]",
            [
                ("      namedSessions: [AROAEXAMPLEID]\n", ""), ("check: a", "check: b"),
                ("AIDATWO2", "AIDATHREE"),
            ],
            [("AIDAONE1, AIDATWO2", "AIDATWO2, AIDAONE1"), ("[AROAEXAMPLEID]", "[\"AROAEXAMPLEID:*\"]")]
        ),
    ])
    func aGateIsCoveredInEveryPart(
        _ keys: String,
        _ changes: [(String, String)],
        _ sameness: [(String, String)]
    ) throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "[AIDAEXAMPLEID]",
            with: "[AIDAEXAMPLEID, \"AROAEXAMPLEID:*\"]",
            in: "endpoint.yaml"
        )
        try fixture.replace("expires", with: "\(keys)\n      expires", in: "endpoint.yaml")
        let before = try digestInput(of: "prod", in: fixture)
        for (old, new) in changes {
            var changed = fixture
            try changed.replace(old, with: new, in: "endpoint.yaml")
            #expect(try digestInput(of: "prod", in: changed) != before, "\(new)")
        }
        for (old, new) in sameness {
            var changed = fixture
            try changed.replace(old, with: new, in: "endpoint.yaml")
            #expect(try digestInput(of: "prod", in: changed) == before, "\(new)")
        }
    }

    /// By what is in it, not by its name; bytes that are no text are told apart as well.
    @Test func aBodysFileIsCoveredByItsContent() throws {
        var fixture = AccountsFixture()
        let inline = try digestInput(of: "prod", in: fixture)
        try fixture.replace("body: \"1,2,3\"", with: "bodyFrom: row.csv", in: "endpoint.yaml")
        fixture["row.csv"] = "1,2,3"
        #expect(try digestInput(of: "prod", in: fixture) == inline)
        var digests: Set = [inline]
        for content in ["1,2,4", "\u{FF}", "\u{FF}\u{FE}", "\u{FE}\u{FF}"] {
            fixture["row.csv"] = content
            try digests.insert(digestInput(of: "prod", in: fixture))
        }
        #expect(digests.count == 5)
    }

    private func digestInput(of account: String, in fixture: AccountsFixture) throws -> String {
        let folder = try fixture.load()
        let endpoint = try #require(folder.endpoints.first)
        return try endpoint.settingsDigestInput(account: #require(folder.account(named: account)))
    }
}
