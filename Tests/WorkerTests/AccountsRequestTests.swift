import Testing
import Worker

/// Smoke tests beyond one inline body: files, objects, several invocations, columns and golden sets.
@Suite struct AccountsRequestTests {
    @Test func aBodyMayBeAFileBesideTheDocuments() throws {
        var fixture = try fixture("bodyFrom: smoke/row.csv\n    invocations: 4")
        fixture["smoke/row.csv"] = "4,5\n"
        let requests = try #require(fixture.load().endpoints.first?.smoke.first?.requests)
        #expect(requests.body == .bytes(Array("4,5\n".utf8)))
        #expect(requests.invocations == 4)
        #expect(requests.contentType == "text/csv")
    }

    @Test func aBodyMayBeAnObject() throws {
        let fixture = try fixture("bodyFrom: s3://acme-smoke/rows/1.csv")
        let requests = try #require(fixture.load().endpoints.first?.smoke.first?.requests)
        #expect(requests.body == .object(SmokeTest.S3Object(bucket: "acme-smoke", key: "rows/1.csv")))
        #expect(requests.invocations == nil)
    }

    @Test func aReplyMayBeCSV() throws {
        var fixture = AccountsFixture()
        try fixture.replace("pointer: /score", with: "column: 0", in: "endpoint.yaml")
        #expect(
            try fixture.load().endpoints.first?.smoke.first?.requests?.expect == [
                SmokeTest.Expectation(place: .column(0), check: .between(low: 0, high: 100))
            ]
        )
    }

    @Test(arguments: [
        ("label: price, mae: 2.5", SmokeTest.GoldenSet.Threshold.mae(atMost: 2.5), SmokeTest.Place.column(0)),
        ("label: price, mae: 0, column: 3", .mae(atMost: 0), .column(3)),
        (
            "label: price, rmse: 3, pointer: /predictions/0/score", .rmse(atMost: 3),
            .pointer("/predictions/0/score")
        ),
        ("label: price, accuracy: 0.9", .accuracy(atLeast: 0.9), .column(0)),
        ("label: price, accuracy: 1, pointer: \"\"", .accuracy(atLeast: 1), .pointer("")),
    ])
    func aGoldenSetIsRead(
        _ keys: String,
        _ threshold: SmokeTest.GoldenSet.Threshold,
        _ place: SmokeTest.Place
    ) throws {
        let text = "golden: {data: s3://acme-golden/set.csv, \(keys)}\n    target: de.tar.gz\n    within: 1s"
        let test = try #require(golden(text).load().endpoints.first?.smoke.last)
        let set = SmokeTest.GoldenSet(
            data: SmokeTest.S3Object(bucket: "acme-golden", key: "set.csv"),
            label: "price",
            threshold: threshold,
            prediction: place
        )
        #expect(
            test == SmokeTest(target: "de.tar.gz", question: .golden(set), within: .seconds(1))
        )
    }

    @Test(arguments: [
        ("expect: []", "9: a smoke test needs `body` or `bodyFrom`"),
        ("body: x\n    bodyFrom: s3://acme/k", "11: `body` and `bodyFrom` exclude each other: keep one"),
        (
            "bodyFrom: row.csv",
            "10: `bodyFrom` is `row.csv`, but there is no file `accounts/row.csv`: the path begins at the accounts "
                + "folder"
        ),
        (
            "bodyFrom: smoke",
            "10: `bodyFrom` is `smoke`, but `accounts/smoke` is no file: name the one that holds the body"
        ),
        (
            "bodyFrom: smoke/big",
            "10: `bodyFrom` is `smoke/big`, but `accounts/smoke/big` is larger than 6 MiB, which is all that "
                + "SageMaker takes: use a smaller one"
        ),
        (
            "bodyFrom: ../row.csv",
            "10: `bodyFrom` must be a file's path within the accounts folder, such as `smoke/row.csv`, or "
                + "`s3://bucket/key`, but is `../row.csv`"
        ),
        (
            "bodyFrom: /etc/passwd",
            "10: `bodyFrom` must be a file's path within the accounts folder, such as `smoke/row.csv`, or "
                + "`s3://bucket/key`, but is `/etc/passwd`"
        ),
        (
            "bodyFrom: s3://acme/",
            "10: `bodyFrom` must be a file's path within the accounts folder, such as `smoke/row.csv`, or "
                + "`s3://bucket/key`, but is `s3://acme/`"
        ),
        (
            "bodyFrom: .env",
            "10: `bodyFrom` is `.env`, which is hidden: give it a name without the dot in front"
        ),
        (
            "bodyFrom: Prod.YAML",
            "10: `bodyFrom` is `Prod.YAML`, which would be read as a document: give the body's file another name"
        ),
        (
            "body: x\n    invocations: 0",
            "11: `invocations` must be a whole number from 1 to 100, but is the number `0`"
        ),
        (
            "body: x\n    invocations: 101",
            "11: `invocations` must be a whole number from 1 to 100, but is the number `101`"
        ),
    ])
    func isReported(_ body: String, _ problem: String) throws {
        var fixture = try fixture(body)
        if body.contains("big") { fixture["smoke/big"] = String(repeating: "x", count: 6 << 20) + "x" }
        #expect(try fixture.problems() == ["accounts/endpoint.yaml:\(problem)"])
    }

    @Test func sixMebibytesFit() throws {
        var fixture = try fixture("bodyFrom: smoke/big")
        fixture["smoke/big"] = String(repeating: "x", count: 6 << 20)
        #expect(try fixture.problems() == [])
    }

    @Test(arguments: [
        ("golden: {data: s3://acme/k, label: y}", "`golden` needs `mae`, `rmse` or `accuracy`"),
        (
            "golden: {data: s3://acme/k, label: y, mae: 1, accuracy: 1}",
            "`mae` and `accuracy` exclude each other: keep one"
        ),
        (
            "golden: {data: s3://acme/k, label: y, mae: 1, column: 0, pointer: /a}",
            "`pointer` and `column` exclude each other: keep one"
        ),
        (
            "golden: {data: set.csv, label: y, mae: -1}",
            """
            `data` must be an object in S3, such as `s3://bucket/key.csv`, but is `set.csv`
            `mae` must be a number from 0 on, the largest error allowed, but is the number `-1`
            """
        ),
        (
            "golden: {data: s3://acme/k, label: \"\", accuracy: 90}",
            """
            `accuracy` must be a number above 0 and up to 1, the share of rows that are right, but is the number `90`
            `label` must be the name of a column, 1 to 256 characters, but is empty
            """
        ),
        (
            "golden: {data: s3://acme/k, label: y, accuracy: 0, column: -1}",
            """
            `accuracy` must be a number above 0 and up to 1, the share of rows that are right, but is the number `0`
            `column` must be a whole number from 0 to 9999, but is the number `-1`
            """
        ),
        (
            "golden: {data: s3://acme/k}",
            """
            `golden` needs `mae`, `rmse` or `accuracy`
            `label` is missing: `golden` needs it
            """
        ),
        (
            "{golden: {data: s3://acme/k, label: y, mae: 1}, contentType: text/csv, invocations: 2}",
            """
            `contentType` is for a request, but `golden` makes its own from the rows of its data: leave \
            `contentType` out, or make it an entry of its own
            `invocations` is for a request, but `golden` makes its own from the rows of its data: leave \
            `invocations` out, or make it an entry of its own
            """
        ),
        ("goldn: {data: s3://acme/k, label: y, mae: 1}", "unknown key `goldn`; did you mean `golden`?"),
        ("body: x", "`contentType` is missing: a request needs it"),
    ])
    func aGoldenSetIsReported(_ entry: String, _ problems: String) throws {
        let expected = problems.split(separator: "\n").map { "accounts/endpoint.yaml:14: \($0)" }
        #expect(try golden(entry).problems() == expected)
    }

    @Test(arguments: [
        ("{pointer: /a, column: 0, equals: 1}", "`pointer` and `column` exclude each other: keep one"),
        ("{equals: 1}", "an entry of `expect` needs `pointer` or `column`"),
        ("{column: 0}", "an entry of `expect` needs `equals` or `between`"),
        ("{column: first, equals: 1}", "`column` must be a whole number from 0 to 9999, but is `first`"),
    ])
    func anExpectationIsReported(_ entry: String, _ problem: String) throws {
        var fixture = AccountsFixture()
        try fixture.replace("{pointer: /score, between: [0, 100]}", with: entry, in: "endpoint.yaml")
        #expect(try fixture.problems() == ["accounts/endpoint.yaml:13: \(problem)"])
    }

    private func fixture(_ body: String) throws -> AccountsFixture {
        var fixture = AccountsFixture()
        try fixture.replace("body: \"1,2,3\"\n", with: "\(body)\n", in: "endpoint.yaml")
        if body.hasPrefix("expect") {
            try fixture.replace(
                "    expect:\n      - {pointer: /score, between: [0, 100]}\n",
                with: "",
                in: "endpoint.yaml"
            )
        }
        // So that `smoke` is there and is a folder.
        fixture["smoke/other.csv"] = "1"
        return fixture
    }

    private func golden(_ entry: String) throws -> AccountsFixture {
        var fixture = AccountsFixture()
        try fixture.replace("stages:\n", with: "  - \(entry)\nstages:\n", in: "endpoint.yaml")
        return fixture
    }
}
