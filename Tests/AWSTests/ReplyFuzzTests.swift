import Foundation
import Native
import TestTools
import Testing

@testable import AWS

/// Whatever AWS, or somebody in between, answers: a value or an error with a short sentence.
@Suite struct ReplyFuzzTests {
    /// One call and a good answer to it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let good: String
        let call: @Sendable (AWSClient) async throws -> Void

        var testDescription: String { name }
    }

    /// Such a document would be gigabytes if its entities were believed.
    static let bomb =
        "<!DOCTYPE a [<!ENTITY b0 \"bbbbbbbbbb\">"
        + (1...9).map { "<!ENTITY b\($0) \"" + String(repeating: "&b\($0 - 1);", count: 10) + "\">" }.joined()
        + "]><CopyObjectResult><ETag>&b9;</ETag></CopyObjectResult>"

    static let cases = [
        Case(
            name: "AssumeRole",
            good: """
                <AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>a</Arn><AssumedRoleId>b</AssumedRoleId>\
                </AssumedRoleUser><Credentials><AccessKeyId>k</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                <SessionToken>t</SessionToken><Expiration>2030-01-02T04:04:05Z</Expiration></Credentials>\
                </AssumeRoleResult></AssumeRoleResponse>
                """
        ) { _ = try await STS($0).assumeRole(roleARN: "arn", sessionName: "sluice") },
        Case(
            name: "SimulatePrincipalPolicy",
            good: """
                <SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member>\
                <EvalActionName>a</EvalActionName><EvalDecision>allowed</EvalDecision></member></EvaluationResults>\
                </SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>
                """
        ) { _ = try await IAM($0).simulate(role: "arn", actions: ["a"]) },
        Case(
            name: "CopyObject",
            good:
                "<CopyObjectResult><ETag>\"e\"</ETag><ChecksumSHA256>AAAA</ChecksumSHA256></CopyObjectResult>"
        ) {
            _ = try await S3($0).copyObject(
                source: ObjectLocation(bucket: "other", key: "k"),
                destination: (bucket: "bucket", key: "k"),
                onlyIfAbsent: true
            )
        },
        Case(
            name: "DescribeEndpoint",
            good: """
                {"EndpointName":"e","EndpointArn":"arn:e","EndpointStatus":"InService","EndpointConfigName":"c",
                 "CreationTime":1.5,"LastModifiedTime":1767323045.25,"FailureReason":"no",
                 "ProductionVariants":[{"VariantName":"v","CurrentInstanceCount":1,"DesiredWeight":1.0}],
                 "LastDeploymentConfig":{"BlueGreenUpdatePolicy":{"TrafficRoutingConfiguration":{"Type":"CANARY"}}}}
                """
        ) { _ = try await SageMaker($0).describeEndpoint(name: "e") },
        Case(
            name: "DescribeModelPackage",
            good: """
                {"ModelPackageArn":"arn:p/1","ModelPackageGroupName":"g","ModelPackageVersion":1,
                 "ModelPackageStatus":"Completed","ModelApprovalStatus":"Approved","CreationTime":1,
                 "LastModifiedTime":2,"InferenceSpecification":{"Containers":[{"Image":"i","ModelDataUrl":"s3://b/k",
                 "Environment":{"A":"b"}}]},"LastModifiedBy":{"IamIdentity":{"PrincipalId":"AIDA1"}}}
                """
        ) { _ = try await SageMaker($0).describeModelPackage(arn: "arn:p/1") },
        Case(
            name: "ListModelPackages",
            good: """
                {"ModelPackageSummaryList":[{"ModelPackageArn":"arn:p/1","ModelPackageGroupName":"g",
                 "ModelPackageVersion":1,"ModelPackageStatus":"Completed","ModelApprovalStatus":"Approved",
                 "CreationTime":1}]}
                """
        ) { _ = try await SageMaker($0).listModelPackages(group: "g") },
        Case(
            name: "ReceiveMessage",
            good: """
                {"Messages":[{"MessageId":"m","ReceiptHandle":"r","MD5OfBody":"900150983cd24fb0d6963f7d28e17f72",
                 "Body":"abc","Attributes":{"SenderId":"AIDA1","SentTimestamp":"1","ApproximateReceiveCount":"1"}}]}
                """
        ) {
            _ = try await SQS($0).receiveMessages(
                queueURL: "https://q",
                waitSeconds: 0,
                visibilitySeconds: 30
            )
        },
        Case(
            name: "DeleteMessageBatch",
            good: """
                {"Successful":[{"Id":"0"}],
                 "Failed":[{"Id":"1","Code":"ReceiptHandleIsInvalid","SenderFault":true,"Message":"no"}]}
                """
        ) {
            let failures = try await SQS($0).deleteMessages(
                queueURL: "https://q",
                receiptHandles: ["a", "b"]
            )
            #expect(failures.allSatisfy { (0..<2).contains($0.index) })
        },
        Case(
            name: "PutEvents",
            good: #"{"FailedEntryCount":1,"Entries":[{"EventId":"1"},{"ErrorCode":"a","ErrorMessage":"b"}]}"#
        ) {
            let entry = EventEntry(
                source: "s",
                detailType: "d",
                detail: "{}",
                resources: [],
                eventBusName: "b"
            )
            _ = try await EventBridge($0).putEvents([entry, entry])
        },
        Case(
            name: "DescribeAlarms",
            good: """
                {"MetricAlarms":[{"AlarmName":"5xx","StateValue":"OK","StateTransitionedTimestamp":1767323045.25}],
                 "CompositeAlarms":[]}
                """
        ) { _ = try await CloudWatch($0).describeAlarms(names: ["5xx"]) },
        Case(name: "GetObject", good: "a,b\n1,2\n") {
            _ = try await S3($0).getObject(bucket: "bucket", key: "k", maximumBytes: 100_000)
        },
    ]

    @Test(.timeLimit(.minutes(60)), arguments: cases)
    func noAnswerBringsTheClientDown(_ fuzzed: Case) async throws {
        let bench = try Bench(attempts: 1)
        let good = Array(fuzzed.good.utf8)
        try await bench.server.reply(TestReply(bytes: good))
        try await fuzzed.call(bench.client)

        let seed = fuzzed.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }
        var fuzz = Fuzz("replies-\(fuzzed.name)", usual: 240, seed: seed, part: Self.cases.count)
        var (refused, tried) = (0, 0)
        while let bytes = fuzz.next(from: [good]) {
            var reply = TestReply(bytes: bytes)
            reply.status = [200, 200, 200, 400, 403, 503].randomElement(using: &fuzz.garbler) ?? 200
            if Bool.random(using: &fuzz.garbler) { reply.headers.append(["x-amzn-errortype", "A;B:C"]) }
            try await bench.server.reply(tried == 0 ? TestReply(200, Self.bomb) : reply)
            tried += 1
            do {
                try await fuzzed.call(bench.client)
            } catch let error as AWSError {
                refused += 1
                #expect(!error.description.isEmpty && error.description.utf8.count < 4096)
                #expect(!error.description.contains("sesame"), "no secret of ours comes back in an error")
                #expect(!error.description.contains("root:"), "no file is read because a reply names it")
            }
        }
        #expect(fuzz.trouble == nil)
        #expect(refused > tried / 5, "most of it is bad")
    }

    /// XML can name files and addresses to be read in its place. Nothing of that is believed.
    @Test func noFileIsReadBecauseAReplyNamesIt() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try "canary".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let bench = try Bench(attempts: 1)
        let named = "<!DOCTYPE a [<!ENTITY x SYSTEM \"\(file.absoluteString)\">]>"
        let result =
            "<CopyObjectResult><ETag>\"e&x;\"</ETag><ChecksumSHA256>AA&x;</ChecksumSHA256></CopyObjectResult>"
        let error = "<Error><Code>A&x;</Code><Message>&x;</Message></Error>"
        try await bench.server.reply([TestReply(200, named + result), TestReply(400, named + error)])
        for _ in 1...2 {
            do {
                let copied = try await S3(bench.client).copyObject(
                    source: ObjectLocation(bucket: "other", key: "k"),
                    destination: (bucket: "bucket", key: "k"),
                    onlyIfAbsent: true
                )
                #expect(!"\(copied)".contains("canary"))
            } catch let error as AWSError {
                #expect(!"\(error)".contains("canary"))
            }
        }
    }
}
