import Foundation
import TestTools
import Testing

@testable import AWS

/// The calls that only look, which `sluice doctor` makes.
@Suite struct LookingTests {
    @Test func listsAllRoles() async throws {
        let bench = try Bench()
        func page(_ id: String, _ more: String) -> TestReply {
            TestReply(
                200,
                """
                <ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListRolesResult>\(more)<Roles>
                <member><Path>/</Path><RoleName>r-\(id)</RoleName><RoleId>AROA\(id)</RoleId><Arn>arn:\(id)</Arn>
                <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument></member>
                </Roles></ListRolesResult></ListRolesResponse>
                """
            )
        }
        try await bench.server.reply(
            page("ONE", "<IsTruncated>true</IsTruncated><Marker>m/2</Marker>"),
            page("TWO", "<IsTruncated>false</IsTruncated>")
        )
        let roles = try await IAM(bench.client).roles()
        #expect(roles.map(\.id) == ["AROAONE", "AROATWO"])
        #expect(roles.map(\.name) == ["r-ONE", "r-TWO"])
        #expect(roles[0].trust == #"{"Version":"2012-10-17"}"#)
        #expect(try await bench.server.requests().last?.text.contains("&Marker=m%2F2") == true)
    }

    @Test func simulatesARolesPolicies() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                """
                <SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
                <SimulatePrincipalPolicyResult><IsTruncated>true</IsTruncated><Marker>more</Marker><EvaluationResults>
                <member><EvalActionName>s3:PutObject</EvalActionName><EvalResourceName>arn:a</EvalResourceName>
                <EvalDecision>implicitDeny</EvalDecision><ResourceSpecificResults>
                <member><EvalResourceName>arn:a</EvalResourceName><EvalResourceDecision>allowed</EvalResourceDecision></member>
                <member><EvalResourceName>arn:b</EvalResourceName>
                <EvalResourceDecision>implicitDeny</EvalResourceDecision></member>
                </ResourceSpecificResults></member></EvaluationResults></SimulatePrincipalPolicyResult>
                </SimulatePrincipalPolicyResponse>
                """
            ),
            TestReply(
                200,
                """
                <SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>
                <EvaluationResults><member><EvalActionName>iam:PassRole</EvalActionName>
                <EvalResourceName>*</EvalResourceName><EvalDecision>explicitDeny</EvalDecision></member>
                </EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>
                """
            )
        )
        let decisions = try await IAM(bench.client).simulate(
            role: "arn:aws:iam::222222222222:role/r",
            actions: ["s3:PutObject", "iam:PassRole"],
            resources: ["arn:a", "arn:b"],
            context: [
                SimulatedFact(key: "iam:PassedToService", value: "sagemaker.amazonaws.com"),
                SimulatedFact(key: "kms:GrantIsForAWSResource", value: "true", isBoolean: true),
            ]
        )
        #expect(decisions.map(\.resource) == ["arn:a", "arn:b", "*"])
        #expect(decisions.map(\.isAllowed) == [true, false, false])
        #expect(decisions.map(\.isForbidden) == [false, false, true])
        let requests = try await bench.server.requests()
        // IAM is in one region of the partition.
        #expect(requests[0].header("Authorization").first?.contains("/us-east-1/iam/aws4_request") == true)
        for pair in [
            "Action=SimulatePrincipalPolicy", "Version=2010-05-08", "ActionNames.member.2=iam%3APassRole",
            "ResourceArns.member.1=arn%3Aa", "ContextEntries.member.1.ContextKeyName=iam%3APassedToService",
            "ContextEntries.member.2.ContextKeyType=boolean",
            "ContextEntries.member.2.ContextKeyValues.member.1=true",
        ] {
            #expect(requests[0].text.split(separator: "&").contains(Substring(pair)), "\(pair)")
        }
        #expect(requests[1].text.contains("Marker=more"))
    }

    @Test(arguments: [
        ("eu-west-1", "us-east-1"), ("cn-northwest-1", "cn-north-1"), ("us-gov-east-1", "us-gov-west-1"),
    ])
    func iamIsWhereItsPartitionHasIt(_ region: String, _ home: String) {
        #expect(IAM.region(region) == home)
        #expect(Endpoint.host(.iam, region: home).hasPrefix("iam."))
    }

    @Test func readsATrustPolicyAsItWasWritten() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                """
                <GetRoleResponse><GetRoleResult><Role><RoleName>r</RoleName>
                <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument></Role>
                </GetRoleResult></GetRoleResponse>
                """
            ),
            TestReply(
                404,
                "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>"
            )
        )
        #expect(try await IAM(bench.client).trustPolicy(ofRole: "r") == #"{"Version":"2012-10-17"}"#)
        let error = await fails { _ = try await IAM(bench.client).trustPolicy(ofRole: "none") }
        #expect(error?.kind == .notFound(.other))
    }

    @Test func asksARegistryForOneImage() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, #"{"images": [{"imageId": {"imageTag": "1"}}], "failures": []}"#),
            TestReply(200, #"{"images": [], "failures": [{"failureCode": "ImageNotFound"}]}"#)
        )
        let ecr = ECR(bench.client)
        #expect(try await ecr.hasImage(registry: "111111111111", repository: "a/b", tag: "1", digest: nil))
        #expect(
            try await !ecr.hasImage(registry: "111111111111", repository: "a/b", tag: nil, digest: "sha256:0")
        )
        let requests = try await bench.server.requests()
        #expect(requests[0].header("Authorization").first?.contains("/eu-west-1/ecr/aws4_request") == true)
        try expect(
            requests[0],
            #"{"registryId": "111111111111", "repositoryName": "a/b", "imageIds": [{"imageTag": "1"}]}"#
        )
        try expect(
            requests[1],
            #"{"registryId": "111111111111", "repositoryName": "a/b", "imageIds": [{"imageDigest": "sha256:0"}]}"#
        )
    }

    @Test func readsAllPagesOfQuotas() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, #"{"Quotas": [{"QuotaName": "a", "Value": 2.0}], "NextToken": "t"}"#),
            TestReply(200, #"{"Quotas": [{"QuotaName": "b", "Value": 0.0}, {"Value": 3}]}"#)
        )
        #expect(try await ServiceQuotas(bench.client).quotas(ofService: "sagemaker") == ["a": 2, "b": 0])
        let requests = try await bench.server.requests()
        #expect(requests[0].header("X-Amz-Target") == ["ServiceQuotasV20190624.ListServiceQuotas"])
        try expect(requests[1], #"{"ServiceCode": "sagemaker", "MaxResults": 100, "NextToken": "t"}"#)
    }

    @Test func readsAKeysState() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"{"KeyMetadata": {"Arn": "arn:k/1", "KeyId": "k", "KeyState": "PendingDeletion"}}"#
            ),
            TestReply(200, #"{"Policy": "{}", "PolicyName": "default"}"#),
            TestReply(400, #"{"__type": "NotFoundException", "message": "no"}"#)
        )
        let kms = KMS(bench.client)
        #expect(try await kms.key(id: "arn:k") == KMS.Key(arn: "arn:k/1", state: "PendingDeletion"))
        #expect(try await kms.policy(ofKey: "arn:k/1") == "{}")
        let error = await fails { _ = try await kms.key(id: "arn:k") }
        #expect(error?.kind == .notFound(.other))
        let requests = try await bench.server.requests()
        #expect(requests[0].header("X-Amz-Target") == ["TrentService.DescribeKey"])
        #expect(requests[1].header("X-Amz-Target") == ["TrentService.GetKeyPolicy"])
        try expect(requests[1], #"{"KeyId": "arn:k/1", "PolicyName": "default"}"#)
    }

    @Test func findsTheRulesOfATarget() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, #"{"RuleNames": ["a"], "NextToken": "t"}"#),
            TestReply(200, #"{"RuleNames": ["b"]}"#),
            TestReply(200, #"{"Name": "a", "Arn": "arn:a", "EventPattern": "{}", "State": "DISABLED"}"#)
        )
        let events = EventBridge(bench.client)
        #expect(try await events.ruleNames(target: "arn:q") == ["a", "b"])
        #expect(
            try await events.describeRule(name: "a")
                == EventRule(name: "a", arn: "arn:a", pattern: "{}", state: "DISABLED")
        )
        try expect(try await bench.server.requests()[1], #"{"TargetArn": "arn:q", "NextToken": "t"}"#)
    }

    @Test func readsAllAttributesOfAQueue() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, #"{"Attributes": {"Policy": "{}"}}"#),
            TestReply(200, "{}")
        )
        let sqs = SQS(bench.client)
        #expect(try await sqs.queueAttributes(queueURL: "https://q/1/n") == ["Policy": "{}"])
        #expect(try await sqs.queueAttributes(queueURL: "https://q/1/n") == [:])
    }

    @Test func saysWhereABucketIs() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, "", headers: ["x-amz-bucket-region": "us-east-1"]),
            TestReply(301, "", headers: ["x-amz-bucket-region": "us-east-1"])
        )
        #expect(try await S3(bench.client).headBucket("b", expectedOwner: "1") == "us-east-1")
        let error = await fails { _ = try await S3(bench.client).headBucket("b") }
        #expect(error?.status == 301)
        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "HEAD")
        #expect(request.header("x-amz-expected-bucket-owner") == ["1"])
    }

    /// Nothing can be written by it: there is no such upload.
    @Test func asksWhetherAWriteWouldBeLetThrough() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(404, "<Error><Code>NoSuchUpload</Code></Error>"),
            TestReply(403, "<Error><Code>AccessDenied</Code></Error>")
        )
        let s3 = S3(bench.client)
        try await s3.probeWriting(bucket: "b", key: "k", expectedOwner: "1")
        let error = await fails { try await s3.probeWriting(bucket: "b", key: "k") }
        #expect(error?.kind == .denied)
        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "POST")
        #expect(request.target == "/b/k?uploadId=\(S3.unknownUpload)")
        #expect(request.header("If-None-Match") == ["*"])
    }

    @Test func tellsTheTimeByAWSsClock() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, "<R/>", headers: ["Date": "Sun, 06 Nov 1994 08:49:37 GMT"])
        )
        #expect(try await STS(bench.client).date()?.timeIntervalSince1970 == 784_111_777)
    }
}
