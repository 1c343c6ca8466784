import Testing

/// Keys: unknown, misspelt, misplaced, missing, or given twice.
@Suite struct AccountsKeysTests {
    @Test(arguments: faults)
    func isReported(_ fault: AccountsFault) throws {
        let problems = try fault.problems()
        #expect(problems == fault.expected)
    }

    private static let faults = [
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "regoin: eu-west-1",
            """
            accounts/registry.yaml:3: unknown key `regoin`; did you mean `region`?
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1\n",
            "",
            """
            accounts/registry.yaml:1: `region` is missing: a registry document needs it
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: eu-west-1\nbucket: acme",
            """
            accounts/registry.yaml:4: unknown key `bucket`; a registry document has `kind`, `account`, \
            `region`, `queue`, `role`, `externalId`, `artifactOwners`, `events`
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            """
            region: eu-west-1
            account: "444444444444"
            region: eu-west-2
            "account": "5"
            """,
            """
            accounts/registry.yaml:4: `account` is given twice; it was first given on line 2
            accounts/registry.yaml:5: `region` is given twice; it was first given on line 3
            accounts/registry.yaml:6: `account` is given twice; it was first given on line 2
            """
        ),
        AccountsFault(
            "registry.yaml",
            "kind: registry",
            "kind: registery",
            """
            accounts/registry.yaml:1: `kind` is `registery`; did you mean `registry`?
            """
        ),
        AccountsFault(
            "registry.yaml",
            "kind: registry\n",
            "",
            """
            accounts/registry.yaml:1: `kind` is missing: it must be `registry`, `account` or `endpoint`
            """
        ),
        AccountsFault(
            "staging.yaml",
            "models: s3",
            "execution_role: x\nmodels: s3",
            """
            accounts/staging.yaml:8: unknown key `execution_role`; did you mean `executionRole`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "    soak: 10m",
            "    Soak: 10m",
            """
            accounts/endpoint.yaml:16: unknown key `Soak`; did you mean `soak`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "    soak: 10m",
            "    soak: 10m\n    alarms: [a]",
            """
            accounts/endpoint.yaml:17: unknown key `alarms`; it belongs in `traffic` or a `gate`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "approvals: 1",
            "approval: 1",
            """
            accounts/endpoint.yaml:19: unknown key `approval`; did you mean `approvals`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "body: \"1,2,3\"\n",
            "bdy: \"1,2,3\"\n",
            """
            accounts/endpoint.yaml:10: unknown key `bdy`; did you mean `body`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "between: [0, 100]",
            "betwen: [0, 100]",
            """
            accounts/endpoint.yaml:13: unknown key `betwen`; did you mean `between`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "count: 1}",
            "cuont: 1}",
            """
            accounts/endpoint.yaml:7: unknown key `cuont`; did you mean `count`?
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "smoke:\n",
            """
            "\\e[2Jsmoke": 1
            smoke:

            """,
            """
            accounts/endpoint.yaml:8: unknown key `\\u{1B}[2Jsmoke`; an endpoint document has `kind`, \
            `name`, `serves`, `smoke`, `stages`, `models`, `model`, `artifacts`, `variant`, \
            `operators`, `container`, `keep`, `adopt`, `onRejection`, `onModelFailure`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "smoke:\n",
            """
            soak: 5m
            smoke:

            """,
            """
            accounts/endpoint.yaml:8: unknown key `soak`; it belongs in a stage
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "serves: multi-model\nmodels:",
            """
            serves: single-model
            model: demand-de
            modle:
            """,
            """
            accounts/endpoint.yaml:5: unknown key `modle`; did you mean `model`?
            """
        ),
    ]
}
