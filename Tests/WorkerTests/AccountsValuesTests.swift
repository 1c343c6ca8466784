import Testing

/// Values of the wrong type or form, and values that cannot be.
@Suite struct AccountsValuesTests {
    @Test(arguments: faults)
    func isReported(_ fault: AccountsFault) throws {
        let problems = try fault.problems()
        #expect(problems == fault.expected)
    }

    private static let faults = [
        AccountsFault(
            "registry.yaml",
            "\"111111111111\"",
            "111111111111",
            """
            accounts/registry.yaml:2: `account` must be twelve digits in quotes, such as \
            "111111111111": YAML takes 111111111111 for a number unless it is quoted
            """
        ),
        AccountsFault(
            "registry.yaml",
            "\"111111111111\"",
            "\"1234\"",
            """
            accounts/registry.yaml:2: `account` must be twelve digits in quotes, such as \
            "111111111111", but is `1234`
            """
        ),
        AccountsFault(
            "registry.yaml",
            "\"111111111111\"",
            "[1]",
            """
            accounts/registry.yaml:2: `account` must be twelve digits in quotes, such as \
            "111111111111", but is a list
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: Frankfurt",
            """
            accounts/registry.yaml:3: `region` must be an AWS region, such as `eu-west-1`, but is \
            `Frankfurt`
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: 12",
            """
            accounts/registry.yaml:3: `region` must be text, but is the number `12`: write it in quotes
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: {a: b}",
            """
            accounts/registry.yaml:3: `region` must be an AWS region, such as `eu-west-1`, but is a \
            mapping
            """
        ),
        AccountsFault(
            "registry.yaml",
            "https://sqs.eu-west-1.amazonaws.com/111111111111/sluice",
            "arn:aws:sqs:eu-west-1:111111111111:sluice",
            """
            accounts/registry.yaml:4: `queue` must be a queue's URL, such as \
            `https://sqs.eu-west-1.amazonaws.com/111111111111/sluice`, but is \
            `arn:aws:sqs:eu-west-1:111111111111:sluice`
            """
        ),
        AccountsFault(
            "registry.yaml",
            "com/111111111111/",
            "com/444444444444/",
            """
            accounts/registry.yaml:4: `queue` is in account 444444444444, but `account` is 111111111111 \
            and there is no `role` to read it from elsewhere
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: eu-west-1\nrole: arn:aws:iam::444444444444:role/x",
            """
            accounts/registry.yaml:4: `role` is in account 444444444444, but `account` is 111111111111
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: eu-west-1\nexternalId: a b",
            """
            accounts/registry.yaml:4: `externalId` must be 2 to 1224 letters, digits and `_+=,.@:/-`, \
            but is `a b`
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: eu-west-1\nartifactOwners: []",
            """
            accounts/registry.yaml:4: `artifactOwners` is an empty list: name at least one, or leave it \
            out
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: eu-west-1\nartifactOwners: [\"111111111111\", \"111111111111\", 222222222222]",
            """
            accounts/registry.yaml:4: `artifactOwners` names `111111111111` twice
            accounts/registry.yaml:4: an entry of `artifactOwners` must be twelve digits in quotes, \
            such as "111111111111": YAML takes 222222222222 for a number unless it is quoted
            """
        ),
        AccountsFault(
            "registry.yaml",
            "region: eu-west-1",
            "region: eu-west-1\nevents: my bus",
            """
            accounts/registry.yaml:4: `events` must be the name or ARN of an event bus, such as \
            `default`, but is `my bus`
            """
        ),
        AccountsFault(
            "staging.yaml",
            "name: staging",
            "name: Staging",
            """
            accounts/staging.yaml:2: `name` must be 1 to 63 lower-case letters, digits and hyphens, the \
            first no hyphen, but is `Staging`
            """
        ),
        AccountsFault(
            "staging.yaml",
            "name: staging",
            "name: on",
            """
            accounts/staging.yaml:2: `name` must be text, but is the truth value `on`: write it in \
            quotes
            """
        ),
        AccountsFault(
            "staging.yaml",
            "222222222222:role/sluice",
            "333333333333:role/sluice",
            """
            accounts/staging.yaml:6: `role` is in account 333333333333, but `account` is 222222222222
            """
        ),
        AccountsFault(
            "staging.yaml",
            "222222222222:role/sagemaker",
            "333333333333:role/sagemaker",
            """
            accounts/staging.yaml:7: `executionRole` is in account 333333333333, but `account` is \
            222222222222
            """
        ),
        AccountsFault(
            "staging.yaml",
            "arn:aws:iam::222222222222:role/sagemaker",
            "sagemaker",
            """
            accounts/staging.yaml:7: `executionRole` must be a role's ARN, such as \
            `arn:aws:iam::111111111111:role/sluice-deploy`, but is `sagemaker`
            """
        ),
        AccountsFault(
            "staging.yaml",
            "s3://acme-staging/models/",
            "s3://acme-staging/models",
            """
            accounts/staging.yaml:8: `models` must be an S3 prefix with its slash at the end, such as \
            `s3://bucket/models/`, but is `s3://acme-staging/models`
            """
        ),
        AccountsFault(
            "staging.yaml",
            "s3://acme-staging/models/",
            "s3://Acme_Staging/models/",
            """
            accounts/staging.yaml:8: `models` names the bucket `Acme_Staging`, but a bucket's name is 3 \
            to 63 lower-case letters, digits, dots and hyphens, and no IP address
            """
        ),
        AccountsFault(
            "staging.yaml",
            "s3://acme-staging/models/",
            "s3://acme-staging/../",
            """
            accounts/staging.yaml:8: `models` must be an S3 prefix with its slash at the end, such as \
            `s3://bucket/models/`, but is `s3://acme-staging/../`
            """
        ),
        AccountsFault(
            "staging.yaml",
            "stage: staging",
            "stage: staging\nkmsKey: alias/mine",
            """
            accounts/staging.yaml:5: `kmsKey` must be a KMS key's ARN, such as \
            `arn:aws:kms:eu-west-1:111111111111:key/…`, but is `alias/mine`
            """
        ),
        AccountsFault(
            "staging.yaml",
            "stage: staging",
            "stage: staging\nkmsKey: arn:aws:kms:us-east-1:222222222222:key/1-2",
            """
            accounts/staging.yaml:5: `kmsKey` is in us-east-1, but S3 encrypts with keys of its own \
            region, which is eu-west-1
            """
        ),
        AccountsFault(
            "staging.yaml",
            "stage: staging",
            "stage: staging\ntags: {aws:x: a, Sluice:y: b, n: 1, \"\": c}",
            """
            accounts/staging.yaml:5: `Sluice:y` begins with `sluice:`, which is not yours to set
            accounts/staging.yaml:5: `aws:x` begins with `aws:`, which is not yours to set
            accounts/staging.yaml:5: `n` must be text, but is the number `1`: write it in quotes
            accounts/staging.yaml:5: the name `` must be 1 to 128 letters, digits, spaces and \
            `_.:/=+-@`, but is empty
            """
        ),
        AccountsFault(
            "staging.yaml",
            "stage: staging",
            "stage: staging\ntags: [a]",
            """
            accounts/staging.yaml:5: `tags` must be a mapping of keys to values, but is a list
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "name: demand-forecast",
            "name: demand_forecast",
            """
            accounts/endpoint.yaml:2: `name` must be 1 to 63 letters, digits and hyphens, no hyphen \
            first or last, but is `demand_forecast`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "serves: multi-model",
            "serves: multi",
            """
            accounts/endpoint.yaml:3: `serves` must be `multi-model` or `single-model`, but is `multi`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "serves: multi-model",
            "serves: multi-model\nartifacts: in-place",
            """
            accounts/endpoint.yaml:4: `artifacts` must be `per-release`: `in-place` is not implemented \
            yet
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "de.tar.gz: demand-de",
            "../de.tar.gz: demand-de",
            """
            accounts/endpoint.yaml:5: a target model must be a path relative to the model prefix, such \
            as `demand-de.tar.gz`, without `..`, but is `../de.tar.gz`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "de.tar.gz: demand-de",
            "/de.tar.gz: demand-de",
            """
            accounts/endpoint.yaml:5: a target model must be a path relative to the model prefix, such \
            as `demand-de.tar.gz`, without `..`, but is `/de.tar.gz`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "de.tar.gz: demand-de",
            "de.tar.gz: demand/de",
            """
            accounts/endpoint.yaml:5: the group of `de.tar.gz` must be a model package group's name or \
            ARN, but is `demand/de`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "de.tar.gz: demand-de",
            "de.tar.gz: arn:aws:sagemaker:eu-west-1:444444444444:model-package-group/demand-de",
            """
            accounts/endpoint.yaml:5: the group is in account 444444444444, eu-west-1, but the registry \
            is in 111111111111, eu-west-1
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            """
              de.tar.gz: demand-de
              fr.tar.gz: demand-fr

            """,
            "  {}\n",
            """
            accounts/endpoint.yaml:4: `models` is empty: an endpoint serves at least one target model
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "count: 1",
            "count: 0",
            """
            accounts/endpoint.yaml:7: `count` must be a whole number from 1 on, but is the number `0`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "count: 1",
            "count: \"1\"",
            """
            accounts/endpoint.yaml:7: `count` must be a whole number from 1 on, but is `1`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "count: 1",
            "count: 010",
            """
            accounts/endpoint.yaml:7: `count` must be a whole number from 1 on, but is the number `010`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "ml.m5.large",
            "m5.large",
            """
            accounts/endpoint.yaml:7: `instance` must be an instance type, such as `ml.m5.large`, but \
            is `m5.large`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            ", count: 1",
            "",
            """
            accounts/endpoint.yaml:15: stage `staging` has no variant `count`: give it in the \
            endpoint's `variant` or in the stage's
            accounts/endpoint.yaml:17: stage `prod` has no variant `count`: give it in the endpoint's \
            `variant` or in the stage's
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "variant: {instance: ml.m5.large, count: 1}\n",
            "",
            """
            accounts/endpoint.yaml:14: stage `staging` has no variant `count`: give it in the \
            endpoint's `variant` or in the stage's
            accounts/endpoint.yaml:14: stage `staging` has no variant `instance`: give it in the \
            endpoint's `variant` or in the stage's
            accounts/endpoint.yaml:16: stage `prod` has no variant `count`: give it in the endpoint's \
            `variant` or in the stage's
            accounts/endpoint.yaml:16: stage `prod` has no variant `instance`: give it in the \
            endpoint's `variant` or in the stage's
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "variant: {instance: ml.m5.large, count: 1}",
            "variant: big",
            """
            accounts/endpoint.yaml:7: a `variant` must be a mapping of keys to values, but is `big`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "soak: 10m",
            "soak: 10",
            """
            accounts/endpoint.yaml:16: `soak` must be a duration, such as `500ms`, `10m` or `7d`, but \
            is the number `10`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "soak: 10m",
            "soak: 1h30m",
            """
            accounts/endpoint.yaml:16: `soak` must be a duration, such as `500ms`, `10m` or `7d`, but \
            is `1h30m`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "soak: 10m",
            "soak: 0s",
            """
            accounts/endpoint.yaml:16: `soak` must be a duration, such as `500ms`, `10m` or `7d`, but \
            is `0s`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "expires: 7d",
            "expires: 4m",
            """
            accounts/endpoint.yaml:21: `expires` must be a duration from `5m` to `60d`, but is `4m`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "expires: 7d",
            "expires: 61d",
            """
            accounts/endpoint.yaml:21: `expires` must be a duration from `5m` to `60d`, but is `61d`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "approvals: 1",
            "approvals: -1",
            """
            accounts/endpoint.yaml:19: `approvals` must be a whole number from 0 on, but is the number \
            `-1`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "approvals: 1",
            "approvals: 2",
            """
            accounts/endpoint.yaml:19: `approvals` is 2, but `approvers` name one person, all sessions \
            of a role counting as one: name more people, or ask for fewer; a role whose sessions are \
            named for people by its identity provider can be listed in `namedSessions`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "      approvers: [AIDAEXAMPLEID]\n",
            "",
            """
            accounts/endpoint.yaml:19: `approvals` is 1, but there are no `approvers` to give them
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "approvals: 1\n      approvers: [AIDAEXAMPLEID]",
            "approvals: 2\n      approvers: [\"AROAEXAMPLEID:a*\", \"AROAEXAMPLEID:b*\"]",
            """
            accounts/endpoint.yaml:19: `approvals` is 2, but `approvers` name one person, all sessions \
            of a role counting as one: name more people, or ask for fewer; a role whose sessions are \
            named for people by its identity provider can be listed in `namedSessions`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "[AIDAEXAMPLEID]",
            "[AIDAEXAMPLEID, AIDAEXAMPLEID]",
            """
            accounts/endpoint.yaml:20: `approvers` names `AIDAEXAMPLEID` twice
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "[AIDAEXAMPLEID]",
            "[\"AROA*:*\"]",
            """
            accounts/endpoint.yaml:20: an entry of `approvers` is no SenderId pattern: `AROA*:*` has a \
            wildcard in its id: only a role's session may have one, as in `AROA…:*`, so that a pattern \
            names one person
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "[AIDAEXAMPLEID]",
            "AIDAEXAMPLEID",
            """
            accounts/endpoint.yaml:20: `approvers` must be a list, but is `AIDAEXAMPLEID`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "soak: 10m",
            "accepts: [Approved, Rejected]",
            """
            accounts/endpoint.yaml:16: an entry of `accepts` must be `Approved` or \
            `PendingManualApproval`, but is `Rejected`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "smoke:\n",
            """
            container: {image: a b, environment: {1A: x, B: 2}}
            smoke:

            """,
            """
            accounts/endpoint.yaml:8: `B` must be text, but is the number `2`: write it in quotes
            accounts/endpoint.yaml:8: `image` must be a container image of at most 255 characters \
            without spaces, but is `a b`
            accounts/endpoint.yaml:8: the name `1A` must be 1 to 1024 letters, digits and underscores, \
            the first no digit, but is `1A`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "smoke:\n",
            """
            container: {}
            smoke:

            """,
            """
            accounts/endpoint.yaml:8: `image` is missing: a `container` needs it
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "approvals: 1\n      approvers: [AIDAEXAMPLEID]",
            "approvals: 3\n      approvers: [AIDAEXAMPLEID, nobody]",
            """
            accounts/endpoint.yaml:20: an entry of `approvers` is no SenderId pattern: `nobody` is no \
            sender: a user is `AIDA…`, a role's sessions are `AROA…:*`, with 4 to 124 capital letters \
            and digits after the prefix
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "soak: 10m",
            "soak: 36501d",
            """
            accounts/endpoint.yaml:16: `soak` must be a duration, such as `500ms`, `10m` or `7d`, but \
            is `36501d`
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "smoke:\n",
            """
            container: {image: 1.5, environment: {A: x}}
            smoke:

            """,
            """
            accounts/endpoint.yaml:8: `image` must be text, but is the decimal number `1.5`: write it \
            in quotes
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "smoke:\n",
            """
            operators: [AIDA1]
            smoke:

            """,
            """
            accounts/endpoint.yaml:8: an entry of `operators` is no SenderId pattern: `AIDA1` is no \
            sender: a user is `AIDA…`, a role's sessions are `AROA…:*`, with 4 to 124 capital letters \
            and digits after the prefix
            """
        ),
        AccountsFault(
            "endpoint.yaml",
            "[AIDAEXAMPLEID]",
            "[AIDAEXAMPLEID:x, AROAEXAMPLEID, \"AROAEXAMPLEID:\", arn:aws:iam::1:user/x]",
            """
            accounts/endpoint.yaml:20: an entry of `approvers` is no SenderId pattern: \
            `AIDAEXAMPLEID:x` names a session of a user, but only a role (`AROA…`) has sessions
            accounts/endpoint.yaml:20: an entry of `approvers` is no SenderId pattern: `AROAEXAMPLEID:` \
            has no usable session after the colon: write `*`, or 1 to 64 of letters, digits and \
            `_+=,.@-` with `*` and `?` as wildcards
            accounts/endpoint.yaml:20: an entry of `approvers` is no SenderId pattern: `AROAEXAMPLEID` \
            names a role without its sessions: write `AROAEXAMPLEID:*` for all of them
            accounts/endpoint.yaml:20: an entry of `approvers` is no SenderId pattern: \
            `arn:aws:iam::1:user/x` is no sender: a user is `AIDA…`, a role's sessions are `AROA…:*`, \
            with 4 to 124 capital letters and digits after the prefix
            """
        ),
        AccountsFault(
            "staging.yaml",
            "s3://acme-staging/models/",
            "s3://10.0.0.1/models/",
            """
            accounts/staging.yaml:8: `models` names the bucket `10.0.0.1`, but a bucket's name is 3 to \
            63 lower-case letters, digits, dots and hyphens, and no IP address
            """
        ),
    ]
}
