import Promotion
import Testing

@testable import Worker

/// Documents for all accounts of an organizational unit.
@Suite struct AccountsUnitTests {
    private static let unit = "ou-ab12-live0001"
    private static let first = "444444444444"
    private static let second = "555555555555"

    static func fixture() throws -> AccountsFixture {
        var fixture = AccountsFixture()
        try fixture.replace("name: prod", with: "name: prod-{account}", in: "prod.yaml")
        try fixture.replace("account: \"333333333333\"", with: "organizationalUnit: \(unit)", in: "prod.yaml")
        try fixture.replace(
            "executionRole: arn:aws:iam::333333333333:role/sagemaker",
            with: "role: arn:aws:iam::{account}:role/sluice-deploy\n"
                + "executionRole: arn:aws:iam::{account}:role/sagemaker",
            in: "prod.yaml"
        )
        try fixture.replace("s3://acme-prod/models/", with: "s3://acme-{account}/models/", in: "prod.yaml")
        return fixture
    }

    private static func expanded(_ fixture: AccountsFixture, _ units: Units) throws -> AccountsFolder {
        try fixture.load().expanded(by: units)
    }

    @Test func everyActiveAccountTakesTheDocumentsPlace() throws {
        let folder = try Self.fixture().load()
        #expect(folder.units == [Self.unit])
        #expect(folder.endpoints(in: Self.unit) == ["demand-forecast"])
        let states = [Self.second: "ACTIVE", Self.first: "ACTIVE", "666666666666": "SUSPENDED"]
        let expanded = try folder.expanded(by: [Self.unit: states])
        #expect(expanded.units.isEmpty)
        #expect(expanded.accounts.map(\.name) == ["prod-\(Self.first)", "prod-\(Self.second)", "staging"])
        let account = try #require(expanded.account(named: "prod-\(Self.second)"))
        #expect(account.account == Self.second)
        #expect(account.organizationalUnit == Self.unit)
        #expect(account.role == "arn:aws:iam::555555555555:role/sluice-deploy")
        #expect(account.executionRole == "arn:aws:iam::555555555555:role/sagemaker")
        #expect("\(account.models)" == "s3://acme-555555555555/models/")
        #expect(expanded.endpoints[0].stages[1].accounts == expanded.accounts.dropLast())
        #expect(expanded.endpoints[0].stage(ofAccount: "prod-\(Self.first)")?.name == "prod")
        let plan = try #require(try Settings(expanded).plans.first)
        #expect(plan.stage("prod")?.accounts.keys.sorted() == ["prod-\(Self.first)", "prod-\(Self.second)"])
    }

    @Test func nobodyWorksWithADocumentForAllOfThem() throws {
        let folder = try Self.fixture().load()
        let error = #expect(throws: SettingsError.self) { try Settings(folder) }
        #expect(error?.description == "it is not known yet which accounts are in \(Self.unit)")
    }

    /// The commands that name one account need nobody to say which others there are.
    @Test func anAccountIsKnownByItsName() throws {
        let folder = try Self.fixture().load()
        #expect(folder.account(named: "prod-444444444444")?.account == Self.first)
        #expect(folder.endpoints[0].stage(ofAccount: "prod-444444444444")?.name == "prod")
        for stranger in [
            "prod-{account}", "prod-44444444444", "prod-4444444444444", "prod-44444444444x", "prod-",
        ] {
            #expect(folder.account(named: stranger) == nil, "\(stranger)")
        }
        #expect(folder.queues("demand-forecast", account: "prod-444444444444") == [folder.registry.queue])
    }

    @Test func anAccountWithADocumentOfItsOwnKeepsThat() throws {
        var fixture = try Self.fixture()
        fixture["own.yaml"] = """
            kind: account
            name: prod-\(Self.first)
            account: "\(Self.first)"
            stage: prod
            region: eu-west-1
            role: arn:aws:iam::\(Self.first):role/another
            executionRole: arn:aws:iam::\(Self.first):role/sagemaker
            models: s3://acme-own/models/
            """
        let folder = try Self.expanded(fixture, [Self.unit: [Self.first: "ACTIVE", Self.second: "ACTIVE"]])
        #expect(folder.accounts.map(\.name) == ["prod-\(Self.first)", "prod-\(Self.second)", "staging"])
        #expect(folder.accounts[0].role == "arn:aws:iam::\(Self.first):role/another")
        #expect(folder.endpoints[0].stages[1].accounts == folder.accounts.dropLast())
    }

    @Test(arguments: [
        (Units(), "it is not known yet which accounts are in ou-ab12-live0001"),
        ([unit: [:]], "no account in ou-ab12-live0001 is active: there is none in it"),
        (
            [unit: [first: "SUSPENDED", second: "CLOSED"]],
            "no account in ou-ab12-live0001 is active: 444444444444 is SUSPENDED, 555555555555 is CLOSED"
        ),
    ])
    func aUnitWithoutAccountsIsToldAsOne(_ units: Units, _ sentence: String) throws {
        let error = #expect(throws: UnitsError.self) { try Self.expanded(Self.fixture(), units) }
        #expect(error?.description == sentence)
        #expect(error?.unit == Self.unit)
    }

    /// A stage that is left without accounts would be passed over with its gate, and nobody said so.
    @Test func aStageOfAccountsThatAllHaveTheirOwnIsRefused() throws {
        var fixture = try Self.fixture()
        fixture["own.yaml"] = """
            kind: account
            name: elsewhere
            account: "\(Self.first)"
            stage: elsewhere
            region: eu-west-1
            role: arn:aws:iam::\(Self.first):role/another
            executionRole: arn:aws:iam::\(Self.first):role/sagemaker
            models: s3://acme-own/models/
            """
        let error = #expect(throws: UnitsError.self) {
            try Self.expanded(fixture, [Self.unit: [Self.first: "ACTIVE"]])
        }
        #expect(
            error?.description
                == "every active account in \(Self.unit) has a document of its own, which leaves none for prod of "
                + "demand-forecast: name them there, or take the stage out"
        )
        #expect(error?.unit == Self.unit)
    }

    /// Whoever drives an account by its name is told what became of it.
    @Test func anAccountThatIsNotActiveIsNotDriven() throws {
        let folder = try Self.expanded(
            Self.fixture(),
            [Self.unit: [Self.first: "ACTIVE", Self.second: "CLOSED"]]
        )
        let error = #expect(throws: SettingsError.self) {
            try Settings(folder, only: ["prod-\(Self.second)"])
        }
        #expect(
            error?.description
                == "--only prod-\(Self.second): there is no such active account in \(Self.unit); it has "
                + "prod-\(Self.first), staging"
        )
        // Whoever else is driven goes on.
        let names = ["prod-\(Self.second)", "prod-\(Self.first)"]
        #expect(try Settings(folder, only: names).driven == ["prod-\(Self.first)"])
    }

    /// What a unit's account serves may go once the account has left it, and not before.
    @Test func whatLeftItsUnitMayBeTakenDown() throws {
        let folder = try Self.fixture().load()
        let account = try #require(folder.account(named: "prod-\(Self.first)"))
        func obstacle(_ units: Units) throws -> String? {
            TeardownPermit.obstacle(
                to: "demand-forecast",
                in: account,
                by: try folder.expanded(by: units),
                ledger: .seen(nil)
            )
        }
        let sentence = try #require(try obstacle([Self.unit: [Self.first: "ACTIVE"]]))
        #expect(sentence.contains("To take it down for good, move the account out of \(Self.unit), or"))
        let without = [Self.unit: [Self.second: "ACTIVE"]]
        #expect(try obstacle(without) == nil)
        #expect(
            TeardownPermit.caution(
                on: "demand-forecast",
                in: account,
                by: try folder.expanded(by: without)
            )?.hasPrefix("prod-\(Self.first) is no active account of \(Self.unit) any more") == true
        )
    }

    @Test func anAccountOfTwoUnitsIsRefused() throws {
        var fixture = try Self.fixture()
        fixture["more.yaml"] = try #require(fixture["prod.yaml"])
            .replacing(Self.unit, with: "ou-ab12-all00001").replacing("prod-{", with: "all-{")
            .replacing("acme-{", with: "more-{")
        let units = [Self.unit: [Self.first: "ACTIVE"], "ou-ab12-all00001": [Self.first: "ACTIVE"]]
        let error = #expect(throws: UnitsError.self) { try Self.expanded(fixture, units) }
        #expect(
            error?.description
                == "account 444444444444 in eu-west-1 is there twice, as all-444444444444 and as prod-444444444444 "
                + "(ou-ab12-all00001 and ou-ab12-live0001)"
        )
    }

    @Test func accountsThatWouldShareAPrefixAreRefused() throws {
        var fixture = try Self.fixture()
        try fixture.replace("acme-staging", with: "acme-444444444444", in: "staging.yaml")
        let error = #expect(throws: UnitsError.self) {
            try Self.expanded(fixture, [Self.unit: [Self.first: "ACTIVE"]])
        }
        #expect(
            error?.description
                == "the `models` of staging, s3://acme-444444444444/models/, are shared with prod-444444444444"
        )
        #expect(error?.unit == Self.unit)
    }

    // MARK: What endpoints are called

    @Test func endpointsAreCalledWhatTheAccountSays() throws {
        var fixture = try Self.fixture()
        try fixture.replace(
            "region:",
            with: "endpointName: \"{endpoint}-{account}\"\nregion:",
            in: "prod.yaml"
        )
        let folder = try Self.expanded(fixture, [Self.unit: [Self.first: "ACTIVE", Self.second: "ACTIVE"]])
        let settings = try Settings(folder)
        #expect(
            folder.accounts.map { $0.liveName(of: "demand-forecast") } == [
                "demand-forecast-444444444444", "demand-forecast-555555555555", "demand-forecast",
            ]
        )
        #expect(
            settings.place(of: "demand-forecast-555555555555", in: Self.second)
                == (["prod-\(Self.second)"], "demand-forecast")
        )
        #expect(
            settings.place(of: "demand-forecast", in: Self.second)
                == ([], "demand-forecast")
        )
        let permissions = Permissions(folder)
        let role = permissions.roles.first { $0.arn == "arn:aws:iam::444444444444:role/sluice-deploy" }
        let resources = role?.statements.first { $0.sid == "Endpoints" }?.resources
        #expect(
            resources == ["arn:aws:sagemaker:eu-west-1:444444444444:endpoint/demand-forecast-444444444444"]
        )
    }

    // MARK: What cannot be

    @Test(arguments: [
        (
            "organizationalUnit: ou-ab12-live0001", "organizationalUnit: live",
            [
                "3: `organizationalUnit` must be the id of an organizational unit, such as `ou-ab12-34cd56ef`, but is `live`"
            ]
        ),
        (
            "stage: prod", "stage: prod\naccount: \"333333333333\"",
            ["3: `account` and `organizationalUnit` exclude each other: keep one"]
        ),
        (
            "organizationalUnit: ou-ab12-live0001\n", "",
            [
                "1: an account document needs `account` or `organizationalUnit`",
                "2: `name` must be 1 to 63 lower-case letters, digits and hyphens, the first no hyphen, but is "
                    + "`prod-{account}`",
                "5: `role` must be a role's ARN, such as `arn:aws:iam::111111111111:role/sluice-deploy`, but is "
                    + "`arn:aws:iam::{account}:role/sluice-deploy`",
                "6: `executionRole` must be a role's ARN, such as `arn:aws:iam::111111111111:role/sluice-deploy`, but is "
                    + "`arn:aws:iam::{account}:role/sagemaker`",
                "7: `models` names the bucket `acme-{account}`, but a bucket's name is 3 to 63 lower-case letters, "
                    + "digits, dots and hyphens, and no IP address",
            ]
        ),
        (
            "prod-{account}", "prod",
            [
                "2: `name` is `prod` for every account of the unit: write `{account}` where each one's twelve digits go"
            ]
        ),
        (
            "acme-{account}", "acme",
            [
                "8: `models` is `s3://acme/models/` for every account of the unit: write `{account}` where each one's "
                    + "twelve digits go"
            ]
        ),
        (
            "{account}:role/sluice-deploy", "333333333333:role/{account}",
            [
                "6: `role` is in account 333333333333, but has to be in each account of the unit: write `{account}` in "
                    + "place of 333333333333"
            ]
        ),
        (
            "role: arn:aws:iam::{account}:role/sluice-deploy\n", "",
            ["1: `role` is missing: the worker has to assume one in each account of the unit"]
        ),
        (
            "stage: prod", "stage: prod\nqueue: https://sqs.eu-west-1.amazonaws.com/333333333333/sluice",
            [
                "5: `queue` does not go with `organizationalUnit`: an account with a worker of its own needs a document "
                    + "of its own, which then counts in place of the unit's"
            ]
        ),
        (
            "stage: prod", "stage: prod\nendpointName: all",
            [
                "5: `endpointName` must be what endpoints are called there: letters, digits and hyphens, with "
                    + "`{endpoint}` for the name of each, such as `{endpoint}-eu`, but is `all`"
            ]
        ),
    ])
    func isRefused(_ old: String, _ new: String, _ problems: [String]) throws {
        var fixture = try Self.fixture()
        try fixture.replace(old, with: new, in: "prod.yaml")
        #expect(try fixture.problems() == problems.map { "accounts/prod.yaml:\($0)" })
    }

    @Test func aUnitIsForOneDocumentInARegion() throws {
        var fixture = try Self.fixture()
        fixture["second.yaml"] = fixture["prod.yaml"]?.replacing("prod-{", with: "more-{")
            .replacing("acme-{", with: "more-{")
        #expect(
            try fixture.problems() == [
                "accounts/second.yaml:3: the accounts of ou-ab12-live0001 in eu-west-1 are there twice: "
                    + "accounts/prod.yaml:3 is for the same"
            ]
        )
        fixture["second.yaml"] = fixture["second.yaml"]?.replacing(
            "region: eu-west-1",
            with: "region: eu-west-2"
        )
        #expect(try fixture.problems() == [])
    }

    @Test func anotherAccountIsNotCalledLikeOneOfTheUnit() throws {
        var fixture = try Self.fixture()
        try fixture.replace("name: staging", with: "name: prod-555555555555", in: "staging.yaml")
        #expect(
            try fixture.problems() == [
                "accounts/staging.yaml:2: `prod-555555555555` is what accounts/prod.yaml:2 calls account 555555555555 in "
                    + "eu-west-1: give this one another name"
            ]
        )
    }

    @Test func aStageHasAllAccountsOfAUnit() throws {
        var fixture = try Self.fixture()
        try fixture.replace(
            "- stage: prod",
            with: "- stage: prod\n    accounts: [prod-444444444444]",
            in: "endpoint.yaml"
        )
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:18: account `prod-444444444444` is one of those of `prod-{account}`, which a stage "
                    + "has all of: name \"prod-{account}\", or give the account a document of its own"
            ]
        )
        try fixture.replace("[prod-444444444444]", with: "[\"prod-{account}\"]", in: "endpoint.yaml")
        #expect(try fixture.problems() == [])
    }

    @Test func anEndpointsNameHasToFitThere() throws {
        var fixture = try Self.fixture()
        try fixture.replace(
            "region:",
            with: "endpointName: \"{endpoint}-for-the-whole-of-the-european-union-{account}\"\nregion:",
            in: "prod.yaml"
        )
        #expect(
            try fixture.problems() == [
                "accounts/endpoint.yaml:2: the endpoint would be called "
                    + "`demand-forecast-for-the-whole-of-the-european-union-{account}` in account `prod-{account}` (by its "
                    + "`endpointName`), and SageMaker takes names of at most 63 characters: shorten one of the two"
            ]
        )
    }
}
