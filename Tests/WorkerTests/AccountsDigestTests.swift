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
        ("staging.yaml", "acme-staging", "acme-elsewhere"),
        ("prod.yaml", "stage: prod", "role: arn:aws:iam::333333333333:role/x\nstage: prod # the one"),
    ])
    func staysTheSameForTheSameSettings(_ file: String, _ old: String, _ new: String) throws {
        var changed = AccountsFixture()
        try changed.replace(old, with: new, in: file)
        #expect(try digestInput(of: "prod", in: changed) == digestInput(of: "prod", in: AccountsFixture()))
    }

    private func digestInput(of account: String, in fixture: AccountsFixture) throws -> String {
        let folder = try fixture.load()
        let endpoint = try #require(folder.endpoints.first)
        return try endpoint.settingsDigestInput(account: #require(folder.account(named: account)))
    }
}
