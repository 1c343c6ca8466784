import AWS
import Foundation
import Native
import Testing

@testable import Worker

/// What the doctor makes of what it saw: values in, findings out.
@Suite struct DoctorFindingTests {
    private static let registry = RegistryDocument(
        account: "111111111111",
        region: "eu-west-1",
        queue: "https://sqs.eu-west-1.amazonaws.com/111111111111/sluice"
    )

    // MARK: The queue

    @Test(arguments: [
        (#"{"ArnEquals": {"aws:SourceArn": "arn:aws:events:eu-west-1:111111111111:rule/r"}}"#, true),
        (#"{"ArnLike": {"AWS:SourceARN": ["arn:x", "arn:aws:events:eu-west-1:111111111111:rule/*"]}}"#, true),
        (#"{"StringEquals": {"aws:SourceAccount": "111111111111"}}"#, true),
        (#"{"ArnEquals": {"aws:SourceArn": "arn:aws:events:eu-west-1:111111111111:rule/other"}}"#, false),
        (#"{"Bool": {"aws:SecureTransport": "true"}}"#, false), ("{}", false),
    ])
    func aQueuePolicyIsBoundToItsRules(_ condition: String, _ isGood: Bool) {
        let policy = """
            {"Statement": {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
             "Action": ["sqs:SendMessage"], "Resource": "*", "Condition": \(condition)}}
            """
        let finding = Self.queue(["Policy": policy]).first { $0.check == "queue policy" }
        #expect(finding?.verdict == (isGood ? .ok : .missing))
        #expect(isGood || finding?.fix?.contains("rule/r") == true)
    }

    @Test(arguments: [
        "", "no policy", "{}", #"{"Statement": []}"#,
        #"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}"#,
        #"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:*", "Resource": "*"}]}"#,
        #"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:ReceiveMessage", "Resource": "*"}]}"#,
        #"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "arn:other"}]}"#,
    ])
    func whatLetsNobodySendIsMissing(_ policy: String) {
        let finding = Self.queue(["Policy": policy]).first { $0.check == "queue policy" }
        #expect(finding?.text.contains("lets EventBridge send nothing") == true)
    }

    private static func queue(_ attributes: [String: String]) -> [Finding] {
        let folder = AccountsFolder(registry: registry, accounts: [], endpoints: [])
        return QueueSight(
            url: registry.queue,
            arn: registry.queueARN,
            attributes: attributes,
            rules: ["arn:aws:events:eu-west-1:111111111111:rule/r"],
            wanted: folder.queuePolicy(registry.queue, []).statements[0]
        ).findings
    }

    // MARK: Keys

    @Test(arguments: [
        (
            #""Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "kms:*""#,
            true
        ),
        (
            #""Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": ["kms:Decrypt", "kms:Generate*"]"#,
            true
        ),
        (
            #""Effect": "Allow", "Principal": {"AWS": ["arn:x", "arn:role"]}, "Action": "kms:generateDataKey*""#,
            true
        ),
        (
            #""Effect": "Allow", "Principal": "*", "Action": "kms:*", "Condition": {"Bool": {"a": "true"}}"#,
            true
        ),
        (
            #""Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::333333333333:root"}, "Action": "kms:*""#,
            false
        ),
        (#""Effect": "Allow", "Principal": {"AWS": "arn:role"}, "Action": "kms:Decrypt""#, false),
        (#""Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:*""#, false),
    ])
    func aKeysPolicySaysWhoMayUseIt(_ statement: String, _ isAllowed: Bool) {
        let principals = ["arn:role", "222222222222", "arn:aws:iam::222222222222:root"]
        func allows(_ statements: String) -> Bool {
            let policy = PolicyText(#"{"Statement": [\#(statements)]}"#)
            return KeySight.allows(policy, "kms:GenerateDataKey", to: principals)
        }
        #expect(allows("{\(statement)}") == isAllowed)
        // One that denies it always counts, and one that does under a condition need not apply.
        let denial = #""Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey""#
        #expect(!allows("{\(statement)}, {\(denial)}"))
        let conditional = #"\#(denial), "Condition": {"Bool": {"aws:SecureTransport": "false"}}"#
        #expect(allows("{\(statement)}, {\(conditional)}") == isAllowed)
    }

    // MARK: The rules

    @Test(arguments: [
        (#"{"source": ["aws.sagemaker"]}"#, Finding.Verdict.ok),
        (#"{"source": [{"prefix": "aws."}], "detail-type": ["SageMaker Model Package State Change"]}"#, .ok),
        (#"{"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": ["a", "b"]}}"#, .ok),
        (#"{"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": [{"wildcard": "?"}]}}"#, .ok),
        (
            #"{"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": [{"anything-but": ["c"]}]}}"#,
            .ok
        ),
        (#"{"source": ["aws.sagemaker"], "detail": {"ModelApprovalStatus": ["Approved"]}}"#, .missing),
        (#"{"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": ["a"]}}"#, .missing),
        (#"{"source": ["aws.sagemaker"], "detail-type": ["SageMaker Endpoint State Change"]}"#, .missing),
        // Events of approvals by API lack the member.
        (
            #"{"source": ["aws.sagemaker"], "detail": {"previousModelApprovalStatus": [{"exists": true}]}}"#,
            .missing
        ),
        (#"{"source": ["aws.sagemaker"], "account": ["222222222222"]}"#, .missing),
        (#"{"source": ["aws.sagemaker"], "account": [{"cidr": "10.0.0.0/8"}]}"#, .unknown),
        (#"{"$or": [{"source": ["x"]}, {"source": ["aws.sagemaker"]}]}"#, .ok), ("no pattern", .missing),
    ])
    func everyStatusOfEveryGroupIsPassedOn(_ pattern: String, _ verdict: Finding.Verdict) {
        #expect(
            Self.rule([EventRule(name: "r", arn: nil, pattern: pattern, state: "ENABLED")]).verdict == verdict
        )
    }

    @Test func rulesMakeUpForOneAnother() {
        let rules = ["a", "b"].map { group in
            EventRule(
                name: group,
                arn: nil,
                pattern:
                    #"{"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": ["\#(group)"]}}"#,
                state: "ENABLED"
            )
        }
        #expect(Self.rule(rules).verdict == .ok)
        #expect(Self.rule([]).verdict == .missing)
    }

    @Test func aDisabledRulePassesNothingOn() {
        let rule = EventRule(
            name: "off",
            arn: nil,
            pattern: #"{"source": ["aws.sagemaker"]}"#,
            state: "DISABLED"
        )
        let finding = Self.rule([rule])
        #expect(finding.verdict == .missing)
        #expect(finding.text.contains("off is disabled"))
    }

    private static func rule(_ rules: [EventRule]) -> Finding {
        RuleSight(registry: registry, groups: ["a", "b"], rules: rules).finding
    }

    // MARK: Policies

    @Test func aStatementThatDoesNotHoldIsTheOneToAdd() throws {
        let role = RolePermissions(who: "prod", arn: "arn:role", statements: [])
        let pass = Statement("PassExecutionRole", ["iam:PassRole"], on: ["arn:x"], because: "It is so.")
        let put = Statement(
            "ModelObjects",
            ["s3:GetObject", "s3:PutObject"],
            on: ["arn:b/*"],
            because: "It is so."
        )
        let denied = AWSError(
            kind: .denied,
            code: "AccessDenied",
            message: "",
            service: "IAM",
            operation: "S"
        )
        let findings = PolicyCheck.findings(
            "prod",
            role,
            [
                .init(statement: pass, decisions: .success([.init("iam:PassRole", "arn:x", "implicitDeny")])),
                .init(
                    statement: put,
                    decisions: .success([
                        .init("s3:GetObject", "arn:b/sluice-doctor", "allowed"),
                        .init("s3:PutObject", "arn:b/sluice-doctor", "explicitDeny"),
                    ])
                ),
                .init(statement: put, decisions: .failure(denied)),
                .init(statement: put, decisions: .failure(denied)),
            ]
        ) { .unknown("prod", "policy", "\($0.code)") }
        #expect(findings.map(\.check) == ["pass role", "policy", "policy"])
        #expect(findings.map(\.verdict) == [.missing, .missing, .unknown])
        #expect(findings[0].fix == "add to the policy of arn:role: \(pass.json)")
        #expect(findings[1].text == "arn:role may not s3:PutObject on arn:b/*: a statement denies it")
        #expect(findings[1].fix?.hasPrefix("take the Deny away") == true)
    }

    /// What is not known cannot be asked about: a bucket that no package names yet.
    @Test func onlyWhatIsKnownIsAskedAbout() throws {
        let deployment = try #require(
            try AccountsFixture().load().deployments(artifacts: ArtifactSources(owners: ["1"], prefixes: []))
                .last
        )
        let asked = Set(PolicyCheck.askable(deployment.statements(among: 1)).map(\.sid))
        #expect(!asked.contains("Artifacts") && !asked.contains("ArtifactBuckets"))
        #expect(asked.contains("ModelObjects") && asked.contains("ListEndpoints"))
    }

    /// A role may be allowed less than everything below a place, and yet all that is there.
    @Test func whatIsThereIsAskedAbout() {
        let known = ["arn:aws:s3:::b/x/1.tar.gz", "arn:aws:s3:::b/y/2.tar.gz"]
        #expect(PolicyCheck.example(of: "arn:aws:s3:::b/y/*", known) == known[1])
        #expect(PolicyCheck.example(of: "arn:aws:s3:::c/*", known) == "arn:aws:s3:::c/sluice-doctor")
        #expect(PolicyCheck.example(of: "arn:aws:s3:::b", known) == "arn:aws:s3:::b")
    }

    @Test(arguments: [
        (
            "arn:aws:sts::111111111111:assumed-role/sluice-worker/i-0",
            "arn:aws:iam::111111111111:role/sluice-worker"
        ),
        ("arn:aws-cn:sts::111111111111:assumed-role/w/a/b", "arn:aws-cn:iam::111111111111:role/w"),
        ("arn:aws:iam::111111111111:user/path/u", "arn:aws:iam::111111111111:user/path/u"),
    ])
    func policiesNameTheRoleAndNotTheSession(_ arn: String, _ principal: String) {
        #expect(Doctor.principal(arn) == principal)
    }

    // MARK: What is in the accounts

    @Test(arguments: [(0.4, Finding.Verdict.ok), (-200, .ok), (240, .ok), (241, .missing), (-900, .missing)])
    func aClockMayBeOffByLessThanASignatureMay(_ seconds: TimeInterval, _ verdict: Finding.Verdict) {
        #expect(WorkerCheck.judge(ahead: seconds).verdict == verdict)
    }

    @Test func anUpdateDoublesTheInstances() throws {
        var fixture = AccountsFixture()
        fixture["other.yaml"] = """
            kind: endpoint
            name: other
            serves: single-model
            model: demand-de
            variant: {instance: ml.m5.large, count: 3}
            smoke: none
            operators: [AIDAEXAMPLEID]
            stages: [{stage: staging}]

            """
        let deployments = try fixture.load().deployments(artifacts: ArtifactSources(owners: [], prefixes: []))
        let staging = try #require(deployments.last)
        let need = try #require(QuotaNeed.all(of: staging).first)
        #expect(need == QuotaNeed(instance: "ml.m5.large", serving: 4))
        #expect(need.finding("staging", [need.name: 8]).verdict == .ok)
        #expect(need.finding("staging", [need.name: 7]).verdict == .missing)
        #expect(need.finding("staging", [:]).verdict == .unknown)
    }

    @Test func imagesOfAmazonECRAreKnown() throws {
        let tagged = try #require(ImageName("111111111111.dkr.ecr.eu-west-1.amazonaws.com/a/b:1.4"))
        #expect(tagged.repository == "arn:aws:ecr:eu-west-1:111111111111:repository/a/b")
        #expect((tagged.tag, tagged.digest) == ("1.4", nil))
        let pinned = try #require(ImageName("111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn/a@sha256:0"))
        #expect((pinned.tag, pinned.digest, pinned.region) == (nil, "sha256:0", "cn-north-1"))
        #expect(ImageName("111111111111.dkr.ecr.eu-west-1.amazonaws.com/a")?.tag == "latest")
        #expect(ImageName("docker.io/library/a:1") == nil)
    }

    @Test func findingsComeAccountByAccount() throws {
        let folder = try AccountsFixture().load()
        let findings = ["staging", "registry", "prod", "worker", "staging"].map { Finding.ok($0, "a", $0) }
        #expect(
            Doctor.ordered(findings, folder).map(\.account) == [
                "worker", "registry", "prod", "staging", "staging",
            ]
        )
    }
}
