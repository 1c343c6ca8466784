import Testing

/// What only shows with several documents side by side, and what must not be made up from one that
/// cannot be read.
@Suite struct AccountsReferencesTests {
    @Test(arguments: faults)
    func isReported(_ fault: AccountsFault) throws {
        let problems = try fault.problems()
        #expect(problems == fault.expected)
    }

    private static let faults = [
        AccountsFault(
            "endpoint.yaml",
            "- stage: prod",
            "- stage: staging",
            """
            accounts/endpoint.yaml:17: stage `staging` is given twice; it was first given on line 15
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "- stage: prod",
            "- stage: pord",
            """
            accounts/endpoint.yaml:17: no account has the stage `pord`; did you mean `prod`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "- stage: prod",
            "- stage: prod\n    accounts: [staging, prd, prod, prod]",
            """
            accounts/endpoint.yaml:18: `accounts` names `prod` twice
            accounts/endpoint.yaml:18: account `staging` is of stage `staging` \
            (accounts/staging.yaml:4), not of `prod`
            accounts/endpoint.yaml:18: there is no account `prd`; did you mean `prod`?
            """
        ),
        AccountsFault(
            "staging.yaml",
            "name: staging",
            "name: prod",
            """
            accounts/staging.yaml:2: account `prod` is there twice: accounts/prod.yaml:2 has the name \
            already
            """
        ),
        AccountsFault(
            "staging.yaml",
            "account: \"222222222222\"",
            "account: \"333333333333\"",
            """
            accounts/staging.yaml:3: account 333333333333 in eu-west-1 is there twice: \
            accounts/prod.yaml:3 is the same
            accounts/staging.yaml:6: `role` is in account 222222222222, but `account` is 333333333333
            accounts/staging.yaml:7: `executionRole` is in account 222222222222, but `account` is \
            333333333333
            """
        ),
        AccountsFault(
            "staging.yaml",
            "s3://acme-staging/models/",
            "s3://acme-prod/models/eu/",
            """
            accounts/staging.yaml:8: `models` is `s3://acme-prod/models/eu/`, which \
            accounts/prod.yaml:7 shares with `s3://acme-prod/models/`: every account document needs a \
            prefix of its own
            """
        ),
        AccountsFault(
            "staging.yaml",
            "stage: staging",
            "stage: test",
            """
            accounts/endpoint.yaml:15: no account has the stage `staging`; the accounts' stages are \
            `prod`, `test`
            """
        ),
        AccountsFault(
            "registry.yaml",
            """
            kind: registry
            account: "111111111111"
            region: eu-west-1
            queue: https://sqs.eu-west-1.amazonaws.com/111111111111/sluice

            """,
            """
            kind: account
            name: third
            account: "111111111111"
            stage: prod
            region: eu-west-1
            executionRole: arn:aws:iam::111111111111:role/x
            models: s3://acme-third/m/

            """,
            """
            accounts: has no document of `kind: registry`: it needs exactly one
            """
        ),
        AccountsFault(
            "prod.yaml",
            "name: prod",
            "naem: prod",
            """
            accounts/prod.yaml:2: unknown key `naem`; did you mean `name`?
            """
        ),
        AccountsFault(
            "prod.yaml",
            "kind: account",
            "kind: acount",
            """
            accounts/prod.yaml:1: `kind` is `acount`; did you mean `account`?
            """
        ),
    ]
}
