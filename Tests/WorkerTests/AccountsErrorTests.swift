import Testing
import Worker

/// That everything is reported at once, whatever else is wrong.
@Suite struct AccountsErrorTests {
    @Test func everyFileIsReportedAtOnce() throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "region: eu-west-1",
            with: "regoin: eu-west-1\nregion: &a Mars",
            in: "registry.yaml"
        )
        try fixture.replace("name: staging", with: "name: stag: ing", in: "staging.yaml")
        try fixture.replace("stage: prod", with: "stage: prod\nstage: prod", in: "prod.yaml")
        try fixture.replace("soak: 10m", with: "soak: soon", in: "endpoint.yaml")
        try fixture.replace("count: 1", with: "count: 0", in: "endpoint.yaml")
        fixture["team/other.yml"] = "kind: account"
        fixture["team/second.yaml"] = "kind: registry\nqueue: here\n---\nkind: account"
        let problems = try fixture.problems().joined(separator: "\n")
        #expect(
            problems == """
                accounts/endpoint.yaml:7: `count` must be a whole number from 1 on, but is the number `0`
                accounts/endpoint.yaml:16: `soak` must be a duration, such as `500ms`, `10m` or `7d`, \
                but is `soon`
                accounts/prod.yaml:5: `stage` is given twice; it was first given on line 4
                accounts/registry.yaml:3: unknown key `regoin`; did you mean `region`?
                accounts/registry.yaml:4: `region` must be an AWS region, such as `eu-west-1`, but is `Mars`
                accounts/registry.yaml:4: anchors are not allowed: write `&a`'s value where it is meant
                accounts/staging.yaml:2: cannot be read as YAML: mapping values are not allowed in this context
                accounts/team/other.yml:1: is not read, because its name does not end in `.yaml`: \
                call it `other.yaml`
                accounts/team/second.yaml:1: `account` is missing: a registry document needs it
                accounts/team/second.yaml:1: `region` is missing: a registry document needs it
                accounts/team/second.yaml:1: a second registry: there is exactly one, and \
                accounts/registry.yaml:1 is one already
                accounts/team/second.yaml:2: `queue` must be a queue's URL, such as \
                `https://sqs.eu-west-1.amazonaws.com/111111111111/sluice`, but is `here`
                accounts/team/second.yaml:4: a second document begins here: every file holds exactly one
                """
        )
    }

    @Test(arguments: [
        ("", "is empty: a file holds one document, with a `kind`"),
        ("# nothing\n", "is empty: a file holds one document, with a `kind`"),
        ("- kind: account", "a document must be a mapping with a `kind`, but is a list"),
        ("account", "a document must be a mapping with a `kind`, but is `account`"),
    ])
    func aFileThatHoldsNoDocument(_ text: String, _ message: String) throws {
        var fixture = AccountsFixture()
        fixture["x.yaml"] = text
        #expect(try fixture.problems() == ["accounts/x.yaml:1: \(message)"])
    }

    @Test func endpointsThatDifferInCaseAloneAreOne() throws {
        var fixture = AccountsFixture()
        fixture["other.yaml"] = try #require(fixture["endpoint.yaml"])
            .replacing("name: demand-forecast", with: "name: Demand-Forecast")
        #expect(
            try fixture.problems() == [
                "accounts/other.yaml:2: endpoint `Demand-Forecast` is there twice: accounts/endpoint.yaml:2 "
                    + "has the name already"
            ]
        )
    }

    /// What a broken file may hold is not called missing, whether it is named or looked for by its stage.
    @Test(arguments: ["name: prod", "kind: account", "stage: prod"])
    func aBrokenAccountMakesNoEndpointWrong(_ line: String) throws {
        var fixture = AccountsFixture()
        try fixture.replace(line, with: "\(line): broken", in: "prod.yaml")
        let implicit = try fixture.problems()
        #expect(implicit.count == 1 && implicit.allSatisfy { $0.hasPrefix("accounts/prod.yaml:") })

        try fixture.replace(
            "- stage: prod",
            with: "- stage: prod\n    accounts: [prod]",
            in: "endpoint.yaml"
        )
        let named = try fixture.problems()
        #expect(named == implicit)
    }

    @Test func aSecondDocumentsAccountIsNotCalledMissing() throws {
        var fixture = AccountsFixture()
        let (staging, prod) = try (#require(fixture["staging.yaml"]), #require(fixture["prod.yaml"]))
        fixture["staging.yaml"] = "\(staging)---\n\(prod)"
        fixture["prod.yaml"] = nil
        let problems = try fixture.problems()
        #expect(
            problems == [
                "accounts/staging.yaml:10: a second document begins here: every file holds exactly one"
            ]
        )
    }

    @Test func aFolderThatIsNotThere() {
        #expect(throws: AccountsError(problems: [.init(file: "nowhere", message: "there is no such folder")]))
        {
            try AccountsFolder.load("nowhere/")
        }
    }

    /// Three times the same key, twice over, in a list: no mark Yams needs may show.
    @Test func manyDuplicatesAreReportedEachOnItsLine() throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "      - {pointer: /score, between: [0, 100]}",
            with: """
                      - pointer: /a
                        "pointer": /b
                        pointer: /c
                        equals: 1
                        equals: 2
                """,
            in: "endpoint.yaml"
        )
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:14: `pointer` is given twice; it was first given on line 13",
                "accounts/endpoint.yaml:15: `pointer` is given twice; it was first given on line 13",
                "accounts/endpoint.yaml:17: `equals` is given twice; it was first given on line 16",
            ]
        )
    }

    @Test func aFileThatRepeatsItselfWithoutEndIsGivenUpOn() throws {
        var fixture = AccountsFixture()
        fixture["x.yaml"] = String(repeating: "kind: account\n", count: 500)
        #expect(
            try fixture.problems() == [
                "accounts/x.yaml:101: `kind` is given twice, as are 100 keys before it"
            ]
        )
    }

    /// A few lines of aliases can stand for more values than there is memory.
    @Test func aliasesOfAliasesAreNotFollowed() throws {
        var fixture = AccountsFixture()
        let levels = (1...40).map {
            "l\($0): &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ", "))]"
        }
        fixture["x.yaml"] = "kind: account\nl0: &l0 x\n" + levels.joined(separator: "\n")
        #expect(
            try fixture.problems().contains { $0.hasPrefix("accounts/x.yaml:42: aliases are not allowed") }
        )
    }
}
