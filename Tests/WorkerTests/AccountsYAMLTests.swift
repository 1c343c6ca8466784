import Testing

/// What YAML itself refuses, and what of YAML the accounts folder refuses.
@Suite struct AccountsYAMLTests {
    @Test(arguments: faults)
    func isReported(_ fault: AccountsFault) throws {
        let problems = try fault.problems()
        #expect(problems == fault.expected)
    }

    private static let faults = [
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: &here eu-west-1\nevents: *here",
            """
            accounts/registry.yaml:3: anchors are not allowed: write `&here`'s value where it is meant
            accounts/registry.yaml:4: aliases are not allowed: write the value that `*here` stands for
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: *nowhere",
            """
            accounts/registry.yaml:3: cannot be read as YAML: found undefined alias
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: !!str eu-west-1",
            """
            accounts/registry.yaml:3: tags are not allowed: write `region` without its `!`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "models:\n",
            "models: !m\n",
            """
            accounts/endpoint.yaml:4: tags are not allowed: write `models` without its `!`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "    gate:\n      approvals: 1",
            """
                gate:
                  <<: {expires: 1d}
                  approvals: 1
            """,
            """
            accounts/endpoint.yaml:19: merge keys are not allowed: write the keys that `<<` would bring
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "    soak: 10m",
            "    soak:",
            """
            accounts/endpoint.yaml:16: `soak` has no value: give it one or leave it out
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "    soak: 10m",
            "    accepts: [~]",
            """
            accounts/endpoint.yaml:16: an entry of `accepts` has no value: give it one or leave it out
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: \"eu-west-1",
            """
            accounts/registry.yaml:5: cannot be read as YAML: found unexpected end of stream while \
            scanning a quoted scalar that begins on line 3
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "\tregion: eu-west-1",
            """
            accounts/registry.yaml:3: cannot be read as YAML: found character that cannot start any \
            token; YAML is indented with spaces, not with tabs
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: eu: west",
            """
            accounts/registry.yaml:3: cannot be read as YAML: mapping values are not allowed in this \
            context
            """
        ),
        AccountsFault(
            "registry.yaml",
            "account: \"111111111111\"\n",
            """
            account: "111111111111"
            ---
            kind: registry

            """,
            """
            accounts/registry.yaml:1: `queue` is missing: a registry document needs it
            accounts/registry.yaml:1: `region` is missing: a registry document needs it
            accounts/registry.yaml:4: a second document begins here: every file holds exactly one
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            """
            region: eu-west-1
            ? [a]
            : b
            """,
            """
            accounts/registry.yaml:4: a key must be plain text, but a list or a mapping stands here
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "# \u{FF}\nregion: eu-west-1",
            """
            accounts/registry.yaml:3: is not UTF-8
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: eu-west-1 # \u{7}",
            """
            accounts/registry.yaml:3: cannot be read as YAML: control characters are not allowed
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "approvers: [AIDAEXAMPLEID]",
            """
            approvers:
                    - &me AIDAEXAMPLEID
                    - *me
                    - *me
            """,
            """
            accounts/endpoint.yaml:21: anchors are not allowed: write `&me`'s value where it is meant
            accounts/endpoint.yaml:22: aliases are not allowed: write the value that `*me` stands for
            accounts/endpoint.yaml:23: aliases are not allowed: write the value that `*me` stands for
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            """
            region: eu-west-1
            region: "eu-west-2

            """,
            """
            accounts/registry.yaml:7: cannot be read as YAML: found unexpected end of stream while \
            scanning a quoted scalar that begins on line 4
            """
        ),
    ]
}
