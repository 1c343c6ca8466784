import Foundation
import Promotion
import Testing
import Worker

/// A good folder: what it means, and what is filled in where it is silent.
@Suite struct AccountsFolderTests {
    /// The folder the demo copies, which is also the documentation.
    @Test func theShippedFolderLoads() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = try AccountsFolder.load(
            root.deletingLastPathComponent().appending(path: "accounts").path
        )

        #expect(folder.registry.account == "111111111111")
        #expect(folder.registry.artifactOwners == ["111111111111"])
        #expect(folder.accounts.map(\.name) == ["prod", "staging"])
        let endpoint = try #require(folder.endpoint(named: "demand-forecast"))
        #expect(endpoint.targets == ["demand-de.tar.gz", "demand-fr.tar.gz"])
        #expect(endpoint.targets(fedBy: "demand-fr") == ["demand-fr.tar.gz"])
        #expect(endpoint.stages.map(\.name) == ["staging", "prod"])
        #expect(endpoint.stages.map(\.soak) == [.seconds(600), .zero])
        #expect(endpoint.stages.map(\.gate.approvals) == [0, 1])
        #expect(endpoint.stages.map(\.variant.instance) == ["ml.m5.large", "ml.m5.xlarge"])
        #expect(endpoint.stages.map { $0.accounts.map(\.account) } == [["222222222222"], ["333333333333"]])
        #expect(endpoint.smokeTests(for: "demand-de.tar.gz") == endpoint.smoke)
        #expect(
            endpoint.smoke == [
                SmokeTest(
                    question: .requests(
                        SmokeTest.Requests(
                            contentType: "text/csv",
                            body: .bytes(Array("1,2,3".utf8)),
                            expect: [
                                SmokeTest.Expectation(
                                    place: .pointer("/predictions/0/score"),
                                    check: .between(low: 0, high: 100)
                                )
                            ]
                        )
                    ),
                    within: .seconds(2)
                )
            ]
        )
    }

    /// Its comments show keys that would be wrong to have in the demo, but that must be right.
    @Test func theShippedFolderIsRightInItsCommentsToo() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.deletingLastPathComponent().appending(path: "accounts")
        var fixture = AccountsFixture(empty: true)
        var count = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                guard let match = line.wholeMatch(of: /( *)# ((?: *|- )[a-z][A-Za-z]*:( .*)?)/) else {
                    return line
                }
                count += 1
                return match.1 + match.2
            }
            fixture[name] = lines.joined(separator: "\n")
        }
        // The gate's further keys speak of a role among the approvers.
        try fixture.replace(
            "approvers: [\"AIDARELEASEMANAGER\"]",
            with: "approvers: [\"AIDARELEASEMANAGER\", \"AROAEXAMPLEID:*\"]",
            in: "demand-forecast.yaml"
        )
        #expect(count == 32)
        #expect(try fixture.load().account(named: "prod")?.upstream.map(\.text) == ["AROAEXAMPLEID:*"])
        let gate = try #require(fixture.load().endpoints.first?.stages.last?.gate)
        #expect(gate.windows?.allow.count == 2)
        #expect(gate.checks.map(\.name) == ["integration-test"])
    }

    @Test func whatIsLeftOutIsFilledIn() throws {
        var fixture = AccountsFixture()
        try fixture.replace("      approvals: 1\n", with: "", in: "endpoint.yaml")
        try fixture.replace("      expires: 7d\n", with: "", in: "endpoint.yaml")
        let folder = try fixture.load()
        let endpoint = try #require(folder.endpoint(named: "demand-forecast"))

        #expect(folder.registry.artifactOwners == ["111111111111"])
        #expect(folder.registry.events == nil)
        #expect(folder.account(named: "prod")?.role == nil)
        #expect(folder.account(named: "prod")?.tags == [:])
        #expect(endpoint.container == nil)
        #expect(try endpoint.operators == [SenderPattern("AIDAEXAMPLEID")])
        let (staging, prod) = try (#require(endpoint.stages.first), #require(endpoint.stages.last))
        #expect(staging.gate == GatePlan())
        #expect(prod.gate.approvals == 1)
        #expect(prod.gate.expires == .seconds(604_800))
        #expect(prod.accepts == [.approved])
        #expect(prod.variant == VariantDocument(name: "AllTraffic", instance: "ml.m5.large", count: 1))
    }

    @Test func theStagesVariantGoesOverTheEndpointsKeyByKey() throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "    soak: 10m",
            with: "    variant: {count: 3, name: Canary}",
            in: "endpoint.yaml"
        )
        let stages = try #require(fixture.load().endpoints.first?.stages)
        #expect(
            stages.map(\.variant) == [
                VariantDocument(name: "Canary", instance: "ml.m5.large", count: 3),
                VariantDocument(name: "AllTraffic", instance: "ml.m5.large", count: 1),
            ]
        )
    }

    @Test func aStageTakesAllItsAccountsOrThoseItNames() throws {
        var fixture = AccountsFixture()
        fixture["more/prod-us.yaml"] = """
            kind: account
            name: prod-us
            account: "333333333333"
            stage: prod
            region: us-east-1
            executionRole: arn:aws:iam::333333333333:role/service-role/sagemaker
            models: s3://acme-prod-us/
            """
        let all = try fixture.load().endpoint(named: "demand-forecast")
        #expect(all?.stage(named: "prod")?.accounts.map(\.name) == ["prod", "prod-us"])
        #expect(all?.stage(ofAccount: "prod-us")?.name == "prod")

        try fixture.replace(
            "- stage: prod",
            with: "- stage: prod\n    accounts: [prod-us]",
            in: "endpoint.yaml"
        )
        let named = try fixture.load().endpoint(named: "demand-forecast")
        #expect(named?.stage(named: "prod")?.accounts.map(\.name) == ["prod-us"])
        #expect(named?.stage(ofAccount: "prod") == nil)
    }

    @Test func aTargetsOwnSmokeTestsComeBeforeThoseForAll() throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "stages:\n",
            with: """
                  - {target: de.tar.gz, contentType: text/csv, body: "4"}
                  - {target: de.tar.gz, contentType: text/csv, body: "5"}
                stages:

                """,
            in: "endpoint.yaml"
        )
        let endpoint = try #require(fixture.load().endpoints.first)
        #expect(endpoint.smokeTests(for: "de.tar.gz").map(\.requests?.body) == [.bytes([52]), .bytes([53])])
        #expect(endpoint.smokeTests(for: "fr.tar.gz").map(\.requests?.body) == [.bytes(Array("1,2,3".utf8))])
    }

    @Test func smokeMayBeNone() throws {
        var fixture = AccountsFixture()
        let text = try #require(fixture["endpoint.yaml"])
        let (start, end) = try (
            #require(text.firstRange(of: "smoke:")), #require(text.firstRange(of: "stages:"))
        )
        fixture["endpoint.yaml"] =
            text[..<start.lowerBound] + "smoke: none\n" + text[end.lowerBound...]
        let endpoint = try #require(fixture.load().endpoints.first)
        #expect(endpoint.smokeTests(for: "de.tar.gz") == [])
    }

    @Test func whatEqualsMayAskFor() throws {
        let values: [(String, SmokeTest.Expectation.Value)] = [
            ("ready", .text("ready")), ("\"1\"", .text("1")), ("1", .number(1)), ("-1.5e2", .number(-150)),
            ("true", .flag(true)), ("\"true\"", .text("true")),
        ]
        for (text, value) in values {
            var fixture = AccountsFixture()
            try fixture.replace("between: [0, 100]", with: "equals: \(text)", in: "endpoint.yaml")
            let expect = try fixture.load().endpoints.first?.smoke.first?.requests?.expect
            #expect(
                expect == [SmokeTest.Expectation(place: .pointer("/score"), check: .equals(value))],
                "\(text)"
            )
        }
    }

    @Test func hiddenFilesAndOtherFilesAreNotDocuments() throws {
        var fixture = AccountsFixture()
        fixture[".prod.yaml"] = "kind: nonsense"
        fixture["..2026_01_01/prod.yaml"] = "kind: nonsense"
        fixture["README.md"] = "kind: nonsense"
        #expect(try fixture.problems() == [])
    }

    @Test(arguments: ["\u{FEFF}", "---\n", "%YAML 1.1\n---\n", "# a comment\n\n"])
    func whatMayStandBeforeADocument(_ start: String) throws {
        var fixture = AccountsFixture()
        fixture["prod.yaml"] = try start + #require(fixture["prod.yaml"])
        #expect(try fixture.problems() == [])
    }

    @Test func lineEndingsOfWindowsCountAsOne() throws {
        var fixture = AccountsFixture()
        try fixture.replace("stage: prod", with: "stage: prod\nstage: Prod\nregion: x", in: "prod.yaml")
        fixture["prod.yaml"] = try #require(fixture["prod.yaml"]).replacing("\n", with: "\r\n")
        #expect(
            try fixture.problems() == [
                "accounts/prod.yaml:5: `stage` is given twice; it was first given on line 4",
                "accounts/prod.yaml:6: `region` must be an AWS region, such as `eu-west-1`, but is `x`",
                "accounts/prod.yaml:7: `region` is given twice; it was first given on line 6",
            ]
        )
    }
}
