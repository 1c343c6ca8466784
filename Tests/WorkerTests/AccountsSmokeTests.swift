import Testing

/// Smoke tests that could not run, could not pass or are missing.
@Suite struct AccountsSmokeTests {
    @Test(arguments: faults)
    func isReported(_ fault: AccountsFault) throws {
        let problems = try fault.problems()
        #expect(problems == fault.expected)
    }

    private static let faults = [
        AccountsFault(
            "endpoint.yaml",
            "- contentType",
            "- target: de.tar.gz\n    contentType",
            """
            accounts/endpoint.yaml:8: `smoke` has no test for `fr.tar.gz`: add one, or one without \
            `target` for all, or write `smoke: none`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "- contentType",
            "- target: dee.tar.gz\n    contentType",
            """
            accounts/endpoint.yaml:8: `smoke` has no test for `fr.tar.gz`: add one, or one without \
            `target` for all, or write `smoke: none`
            accounts/endpoint.yaml:9: `target` is `dee.tar.gz`, which this endpoint does not serve; did \
            you mean `de.tar.gz`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "text/csv",
            "csv",
            """
            accounts/endpoint.yaml:9: `contentType` must be a content type, such as `text/csv`, but is \
            `csv`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "\"1,2,3\"",
            "123",
            """
            accounts/endpoint.yaml:10: `body` must be text, but is the number `123`: write it in quotes
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "within: 2s",
            "within: 61s",
            """
            accounts/endpoint.yaml:11: `within` must be a duration up to `60s`, which is as long as \
            SageMaker waits, but is `61s`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "/score, ",
            "score, ",
            """
            accounts/endpoint.yaml:13: `pointer` must be a JSON Pointer: empty, or `/` before every \
            step, with `~0` for `~` and `~1` for `/`, but is `score`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "between: [0, 100]",
            "between: [100, 0]",
            """
            accounts/endpoint.yaml:13: `between` must begin with the low end, but is the number `100` \
            and then the number `0`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "between: [0, 100]",
            "between: [0]",
            """
            accounts/endpoint.yaml:13: `between` must be two numbers, the low end and the high end, but \
            has 1
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "between: [0, 100]",
            "between: [0, .inf]",
            """
            accounts/endpoint.yaml:13: an entry of `between` must be a number, but is the decimal \
            number `.inf`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "between: [0, 100]",
            "between: [0, 100], equals: 1",
            """
            accounts/endpoint.yaml:13: `equals` and `between` exclude each other: keep one
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            ", between: [0, 100]",
            "",
            """
            accounts/endpoint.yaml:13: an entry of `expect` needs `equals` or `between`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "between: [0, 100]",
            "equals: yes",
            """
            accounts/endpoint.yaml:13: `equals` is `yes`, which YAML and JSON read differently: quote \
            it if it is text
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "between: [0, 100]",
            "equals: [1]",
            """
            accounts/endpoint.yaml:13: `equals` must be text, a number, `true` or `false`, but is a list
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "- contentType",
            "- target: ../x\n    contentType",
            """
            accounts/endpoint.yaml:9: `target` must be a path relative to the model prefix, such as \
            `demand-de.tar.gz`, without `..`, but is `../x`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            """
            smoke:
              - contentType: text/csv
                body: "1,2,3"
                within: 2s
                expect:
                  - {pointer: /score, between: [0, 100]}

            """,
            "smoke: nothing\n",
            """
            accounts/endpoint.yaml:8: `smoke` must be a list of smoke tests or `none`, but is `nothing`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            """
            smoke:
              - contentType: text/csv
                body: "1,2,3"
                within: 2s
                expect:
                  - {pointer: /score, between: [0, 100]}

            """,
            "",
            """
            accounts/endpoint.yaml:1: `smoke` is missing: an endpoint document needs it
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            """
            smoke:
              - contentType: text/csv
                body: "1,2,3"
                within: 2s
                expect:
                  - {pointer: /score, between: [0, 100]}

            """,
            "smoke: []\n",
            """
            accounts/endpoint.yaml:8: `smoke` has no test for `de.tar.gz`, `fr.tar.gz`: add one, or one \
            without `target` for all, or write `smoke: none`
            """
        ),
    ]
}
