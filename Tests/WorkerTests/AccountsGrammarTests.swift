import Testing

@testable import Worker

/// The forms of single values, both sides of each border.
@Suite struct AccountsGrammarTests {
    @Test(arguments: [
        ("1ms", Duration.milliseconds(1)), ("500ms", .milliseconds(500)), ("2s", .seconds(2)),
        ("10m", .seconds(600)), ("24h", .seconds(86_400)), ("7d", .seconds(604_800)),
        ("36500d", .seconds(3_153_600_000)),
    ])
    func durations(_ text: String, _ duration: Duration) {
        #expect(Duration(accounts: text) == duration)
    }

    @Test(arguments: [
        "", "0s", "01s", "1", "s", "1 s", "-1s", "+1s", "1.5h", "1w", "1M", "1h30m", "36501d", "１s",
        "999999999999999d", "99999999999999999999ms",
    ])
    func noDurations(_ text: String) {
        #expect(Duration(accounts: text) == nil)
    }

    @Test(arguments: ["eu-west-1", "us-gov-west-1", "cn-northwest-1", "ap-southeast-5", "eusc-de-east-1"])
    func regions(_ text: String) {
        #expect(AWSNames.isRegion(text))
    }

    @Test(arguments: ["", "eu-west", "EU-WEST-1", "eu-west-1a", "eu_west_1", "eu-west-1 ", "-west-1"])
    func noRegions(_ text: String) {
        #expect(!AWSNames.isRegion(text))
    }

    @Test(arguments: [
        "arn:aws:iam::111111111111:role/x", "arn:aws-cn:iam::111111111111:role/x",
        "arn:aws-us-gov:iam::111111111111:role/service-role/a_+=,.@-1",
    ])
    func roles(_ text: String) {
        #expect(AWSNames.account(ofRole: text) == "111111111111")
    }

    @Test(arguments: [
        "arn:aws:iam::111111111111:user/x", "arn:aws:iam::11111111111:role/x",
        "arn:aws:iam:eu-west-1:111111111111:role/x", "arn:aws:sts::111111111111:role/x",
        "arn:gcp:iam::111111111111:role/x", "arn:aws:iam::111111111111:role/",
        "arn:aws:iam::111111111111:role/a b", "arn:aws:iam::111111111111:role/*", "role/x", "",
    ])
    func noRoles(_ text: String) {
        #expect(AWSNames.account(ofRole: text) == nil)
    }

    @Test(arguments: [
        "https://sqs.eu-west-1.amazonaws.com/111111111111/sluice", "http://127.0.0.1:5000/111111111111/a_B-1",
        "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com/111111111111/sluice.fifo",
    ])
    func queues(_ text: String) {
        #expect(AWSNames.account(ofQueue: text) == "111111111111")
    }

    @Test(arguments: [
        "sqs.eu-west-1.amazonaws.com/111111111111/sluice", "https://sqs.eu-west-1.amazonaws.com/1/sluice",
        "https://sqs.eu-west-1.amazonaws.com/111111111111/", "https://user:pw@host/111111111111/sluice",
        "https://host/111111111111/sluice?x=1", "arn:aws:sqs:eu-west-1:111111111111:sluice",
    ])
    func noQueues(_ text: String) {
        #expect(AWSNames.account(ofQueue: text) == nil)
    }

    @Test(arguments: ["a", "Demand-Forecast", "a--b", "1", String(repeating: "a", count: 63)])
    func endpointNames(_ text: String) {
        #expect(AWSNames.isSageMakerName(text))
    }

    @Test(arguments: ["", "-a", "a-", "a_b", "a.b", "ä", String(repeating: "a", count: 64), "a\u{301}"])
    func noEndpointNames(_ text: String) {
        #expect(!AWSNames.isSageMakerName(text))
    }

    @Test(arguments: ["demand-de.tar.gz", "de/v1.tar.gz", "a b", "..a", "..."])
    func targets(_ text: String) {
        #expect(Grammar.target.reads(text))
    }

    @Test(arguments: [
        "", "/a", "a/", "a//b", "..", "a/../b", "./a", " a", "a\tb", "ä",
        String(repeating: "a", count: 1_025),
    ])
    func noTargets(_ text: String) {
        #expect(!Grammar.target.reads(text))
    }

    @Test(arguments: ["s3://abc/", "s3://acme-models/models/", "s3://acme.models/a/b/c/"])
    func prefixes(_ text: String) {
        #expect(Grammar.models.reads(text))
    }

    @Test(arguments: [
        "s3://acme", "s3://acme/models", "s3://ab/", "s3://Acme/", "s3://-acme/", "s3://acme-/", "s3://a..b/",
        "s3://192.168.0.1/", "s3://acme//", "s3://acme/a//b/", "s3://acme/../", "s3:///models/",
        "https://acme/models/", "s3://a_b/",
    ])
    func noPrefixes(_ text: String) {
        #expect(!Grammar.models.reads(text))
    }

    @Test(arguments: ["", "/", "/a", "/a/0/b", "/a~0b/~1c", "//", "/ä b"])
    func pointers(_ text: String) {
        #expect(Grammar.pointer.reads(text))
    }

    @Test(arguments: ["a", "a/b", "#/a", "/~", "/a~2", "/a~"])
    func noPointers(_ text: String) {
        #expect(!Grammar.pointer.reads(text))
    }

    @Test(arguments: [
        "demand-de", "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/demand-de",
    ])
    func groups(_ text: String) throws {
        let group = try Grammar.group.read(.quoted(text))
        #expect(group?.name == "demand-de")
        #expect(group?.description == text)
    }

    @Test(arguments: [
        "demand/de", "", "arn:aws:sagemaker:eu-west-1:111111111111:model-package/demand-de/1",
        "arn:aws:sagemaker::111111111111:model-package-group/demand-de",
    ])
    func noGroups(_ text: String) {
        #expect(!Grammar.group.reads(text))
    }

    @Test(arguments: [
        ("regoin", "region"), ("Region", "region"), ("external_id", "externalId"),
        ("executionrole", "executionRole"),
        ("queu", "queue"), ("euque", "queue"), ("role", "role"),
    ])
    func nearestWords(_ word: String, _ nearest: String) {
        #expect(
            Spelling.nearest(to: word, in: ["region", "externalId", "executionRole", "queue", "role"])
                == nearest
        )
    }

    @Test(arguments: ["bucket", "x", "", "reg", "kmsKey"])
    func nothingNear(_ word: String) {
        #expect(
            Spelling.nearest(to: word, in: ["region", "externalId", "executionRole", "queue", "role"]) == nil
        )
    }
}

extension YAMLValue.Scalar {
    fileprivate static func quoted(_ text: String) -> YAMLValue.Scalar {
        YAMLValue.Scalar(text: text, kind: .text, isQuoted: true)
    }
}

extension Grammar {
    fileprivate func reads(_ text: String) -> Bool {
        // A complaint is a refusal too.
        (try? read(.quoted(text))) != nil
    }
}
