import Foundation
import Native
import TestTools
import Testing

@testable import AWS

@Suite struct SageMakerTests {
    private static let vpc = JSONValue.object(["Subnets": .array([.string("subnet-1")])])
    private static let uncached = JSONValue.object(["ModelCacheSetting": .string("Disabled")])

    @Test func describesAPackage() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"ModelPackageArn": "arn:aws:sagemaker:eu-west-1:1:model-package/demand-de/3",
                 "ModelPackageGroupName": "demand-de", "ModelPackageVersion": 3, "ModelPackageStatus": "Completed",
                 "ModelApprovalStatus": "Approved", "CreationTime": 1.767323045123E9, "LastModifiedTime": 1767323046.5,
                 "InferenceSpecification": {"Containers": [
                   {"Image": "i:1", "ImageDigest": "sha256:x", "ModelDataUrl": "s3://b/k", "ModelDataETag": "e",
                    "Environment": {"LOWER_key": "v", "Upper": "w"}},
                   {"Image": "i:2", "ModelDataSource": {"S3DataSource": {"S3Uri": "s3://b/p/"}}},
                   {"Image": "i:3", "ModelDataSource": null}]},
                 "SomethingNew": {"x": [1]}}
                """#
            ),
            TestReply(200, #"{"ModelPackageArn": "arn", "ModelPackageStatus": "Pending", "CreationTime": 1}"#)
        )
        let sageMaker = SageMaker(bench.client)
        let package = try await sageMaker.describeModelPackage(arn: "arn:p")
        #expect(package.group == "demand-de")
        #expect(package.version == 3)
        #expect(package.status == "Completed")
        #expect(package.approvalStatus == .approved)
        #expect(package.creationTime == Date(timeIntervalSince1970: 1_767_323_045.123))
        #expect(package.lastModifiedTime == Date(timeIntervalSince1970: 1_767_323_046.5))
        #expect(package.containers.map(\.modelDataURL) == ["s3://b/k", nil, nil])
        #expect(package.containers.map(\.hasModelDataSource) == [false, true, false])
        #expect(package.containers[0].environment == ["LOWER_key": "v", "Upper": "w"])
        let bare = try await sageMaker.describeModelPackage(arn: "arn:p")
        #expect(bare.containers.isEmpty)
        #expect(bare.approvalStatus == nil)

        let request = try #require(try await bench.server.requests().first)
        #expect(request.header("X-Amz-Target") == ["SageMaker.DescribeModelPackage"])
        #expect(request.header("Content-Type") == ["application/x-amz-json-1.1"])
        try expect(request, #"{"ModelPackageName": "arn:p"}"#)
    }

    @Test func listsPackagesByPages() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"ModelPackageSummaryList": [{"ModelPackageArn": "a/2", "ModelPackageGroupName": "a",
                  "ModelPackageVersion": 2, "ModelPackageStatus": "Completed", "CreationTime": 2,
                  "ModelApprovalStatus": "PendingManualApproval"}], "NextToken": "n"}
                """#
            ),
            TestReply(200, "{}")
        )
        let sageMaker = SageMaker(bench.client)
        let page = try await sageMaker.listModelPackages(group: "a")
        #expect(page.items.map(\.version) == [2])
        #expect(page.nextToken == "n")
        let last = try await sageMaker.listModelPackages(
            group: nil,
            approvalStatus: .approved,
            nextToken: "n",
            newestFirst: false,
            maximum: 5
        )
        #expect(last.items.isEmpty && last.nextToken == nil)
        let requests = try await bench.server.requests()
        try expect(
            requests[0],
            #"""
            {"ModelPackageGroupName": "a", "ModelPackageType": "Versioned", "SortBy": "CreationTime",
             "SortOrder": "Descending", "MaxResults": 100}
            """#
        )
        try expect(
            requests[1],
            #"""
            {"ModelApprovalStatus": "Approved", "ModelPackageType": "Versioned", "SortBy": "CreationTime",
             "SortOrder": "Ascending", "MaxResults": 5, "NextToken": "n"}
            """#
        )
    }

    @Test func createsModelsAndConfigs() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, #"{"ModelArn": "arn:m"}"#),
            TestReply(200, #"{"EndpointConfigArn": "arn:c"}"#)
        )
        let sageMaker = SageMaker(bench.client)
        let model = try await sageMaker.createModel(
            name: "m",
            containerImage: "i/x:1",
            environment: ["lower": "1", "UPPER_B": "2"],
            modelDataURL: "s3://b/models/",
            multiModel: true,
            multiModelConfig: Self.uncached,
            network: ModelNetwork(vpc: Self.vpc, isIsolated: true),
            executionRoleARN: "arn:r",
            tags: ["sluice:release": "x", "a": "b"]
        )
        #expect(model == "arn:m")
        let config = try await sageMaker.createEndpointConfig(
            name: "c",
            variant: EndpointVariant(
                name: "AllTraffic",
                modelName: "m",
                instanceType: "ml.m5.large",
                initialInstanceCount: 2
            ),
            kmsKey: "k"
        )
        #expect(config == "arn:c")
        let requests = try await bench.server.requests()
        try expect(
            requests[0],
            #"""
            {"ModelName": "m", "ExecutionRoleArn": "arn:r", "PrimaryContainer": {"Image": "i/x:1",
             "Mode": "MultiModel", "ModelDataUrl": "s3://b/models/", "Environment": {"lower": "1", "UPPER_B": "2"},
              "MultiModelConfig": {"ModelCacheSetting": "Disabled"}},
             "VpcConfig": {"Subnets": ["subnet-1"]}, "EnableNetworkIsolation": true,
             "Tags": [{"Key": "a", "Value": "b"}, {"Key": "sluice:release", "Value": "x"}]}
            """#
        )
        #expect(requests[0].text.contains("i/x:1"))
        try expect(
            requests[1],
            #"""
            {"EndpointConfigName": "c", "KmsKeyId": "k", "ProductionVariants": [{"VariantName": "AllTraffic",
             "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2, "InitialVariantWeight": 1}]}
            """#
        )
    }

    @Test func describesAnEndpoint() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"EndpointName": "ep", "EndpointArn": "arn:ep", "EndpointStatus": "Updating",
                 "EndpointConfigName": "c1", "LastModifiedTime": 1767323045.25, "CreationTime": 1767323000,
                 "PendingDeploymentSummary": {"EndpointConfigName": "c2"}, "FailureReason": "none left",
                 "ProductionVariants": [{"VariantName": "v", "CurrentInstanceCount": 1, "DesiredInstanceCount": 2,
                   "CurrentWeight": 1.0, "DesiredWeight": 0.5}]}
                """#
            ),
            TestReply(
                200,
                #"""
                {"EndpointName": "ep", "EndpointArn": "arn:ep", "EndpointStatus": "SomethingNew",
                 "LastModifiedTime": 5}
                """#
            )
        )
        let sageMaker = SageMaker(bench.client)
        let endpoint = try await sageMaker.describeEndpoint(name: "ep")
        #expect(endpoint.status == .updating)
        #expect(endpoint.configName == "c1")
        #expect(endpoint.pendingConfigName == "c2")
        #expect(endpoint.failureReason == "none left")
        #expect(endpoint.variants.map(\.desiredInstanceCount) == [2])
        let bare = try await sageMaker.describeEndpoint(name: "ep")
        #expect(bare.status.rawValue == "SomethingNew")
        #expect(bare.pendingConfigName == nil && bare.variants.isEmpty)
    }

    @Test func changesEndpoints() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, #"{"EndpointArn": "a"}"#),
            TestReply(200, #"{"EndpointArn": "a"}"#),
            TestReply(200),
            TestReply(200, #"{"Tags": []}"#)
        )
        let sageMaker = SageMaker(bench.client)
        try await sageMaker.createEndpoint(name: "ep", configName: "c", tags: ["t": "u"])
        try await sageMaker.updateEndpoint(name: "ep", configName: "c2", retainAllVariantProperties: true)
        try await sageMaker.deleteEndpoint(name: "ep")
        try await sageMaker.addTags(arn: "arn:ep", ["t": "u"])
        let requests = try await bench.server.requests()
        try expect(
            requests[0],
            #"{"EndpointName": "ep", "EndpointConfigName": "c", "Tags": [{"Key": "t", "Value": "u"}]}"#
        )
        try expect(
            requests[1],
            #"{"EndpointName": "ep", "EndpointConfigName": "c2", "RetainAllVariantProperties": true}"#
        )
        try expect(requests[2], #"{"EndpointName": "ep"}"#)
        try expect(requests[3], #"{"ResourceArn": "arn:ep", "Tags": [{"Key": "t", "Value": "u"}]}"#)
        #expect(requests[3].header("X-Amz-Target") == ["SageMaker.AddTags"])
    }

    @Test func updatesInParts() async throws {
        let bench = try Bench()
        for _ in 0..<3 { try await bench.server.reply(TestReply(200, #"{"EndpointArn": "a"}"#)) }
        let deployments = [
            DeploymentConfig(
                routing: .canary(percent: 10),
                waitSeconds: 600,
                terminationWaitSeconds: 300,
                maximumExecutionSeconds: 3600,
                alarms: ["5xx", "slow"]
            ),
            DeploymentConfig(routing: .linear(percent: 25), waitSeconds: 60),
            DeploymentConfig(routing: .allAtOnce, waitSeconds: 0, alarms: ["5xx"]),
        ]
        for deployment in deployments {
            try await SageMaker(bench.client).updateEndpoint(
                name: "ep",
                configName: "c",
                retainAllVariantProperties: true,
                deployment: deployment
            )
        }
        let requests = try await bench.server.requests()
        func expectConfig(_ request: TestRequest, _ config: String) throws {
            try expect(
                request,
                #"""
                {"EndpointName": "ep", "EndpointConfigName": "c", "RetainAllVariantProperties": true,
                 "DeploymentConfig": \#(config)}
                """#
            )
        }
        try expectConfig(
            requests[0],
            #"""
            {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY",
              "WaitIntervalInSeconds": 600, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10}},
              "TerminationWaitInSeconds": 300, "MaximumExecutionTimeoutInSeconds": 3600},
             "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "5xx"}, {"AlarmName": "slow"}]}}
            """#
        )
        try expectConfig(
            requests[1],
            #"""
            {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "LINEAR",
              "WaitIntervalInSeconds": 60, "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25}},
              "TerminationWaitInSeconds": 0}}
            """#
        )
        try expectConfig(
            requests[2],
            #"""
            {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE",
              "WaitIntervalInSeconds": 0}, "TerminationWaitInSeconds": 0},
             "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "5xx"}]}}
            """#
        )
    }

    /// What AWS really did with the traffic is what it says it did, not what it was asked for.
    @Test(
        arguments: [
            (#"{"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY"}}}"#, "CANARY"),
            (#"{"RollingUpdatePolicy": {"WaitIntervalInSeconds": 1}}"#, "ROLLING"),
            (#"{"RollingUpdatePolicy": null, "BlueGreenUpdatePolicy": {}}"#, nil), ("null", nil),
        ] as [(String, String?)]
    )
    func readsHowTheTrafficMoved(_ config: String, _ traffic: String?) async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"EndpointName": "ep", "EndpointArn": "arn:ep", "EndpointStatus": "InService",
                 "LastModifiedTime": 5, "LastDeploymentConfig": \#(config)}
                """#
            )
        )
        #expect(try await SageMaker(bench.client).describeEndpoint(name: "ep").lastTraffic == traffic)
    }

    @Test func listsEndpointsAndTags() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"Endpoints": [{"EndpointName": "e", "EndpointStatus": "InService", "LastModifiedTime": 3.5}],
                 "NextToken": "n"}
                """#
            ),
            TestReply(200, #"{"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "t2"}"#),
            TestReply(200, #"{"Tags": [{"Key": "b", "Value": ""}]}"#)
        )
        let sageMaker = SageMaker(bench.client)
        let page = try await sageMaker.listEndpoints(lastModifiedAfter: Date(timeIntervalSince1970: 9.75))
        #expect(page.items.map(\.status) == [.inService])
        #expect(page.nextToken == "n")
        #expect(try await sageMaker.listTags(arn: "arn") == ["a": "1", "b": ""])
        let requests = try await bench.server.requests()
        try expect(
            requests[0],
            #"""
            {"LastModifiedTimeAfter": 9, "SortBy": "CreationTime", "SortOrder": "Descending",
             "MaxResults": 100}
            """#
        )
        try expect(requests[2], #"{"ResourceArn": "arn", "NextToken": "t2"}"#)
    }

    @Test func describesModelsAndConfigs() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"ModelName": "m", "ModelArn": "arn:m", "ExecutionRoleArn": "r", "CreationTime": 1,
                 "VpcConfig": {"Subnets": ["subnet-1"]}, "EnableNetworkIsolation": true,
                 "PrimaryContainer": {"Image": "i", "Mode": "MultiModel", "ModelDataUrl": "s3://b/p/",
                   "MultiModelConfig": {"ModelCacheSetting": "Disabled"}}}
                """#
            ),
            TestReply(
                200,
                #"""
                {"EndpointConfigName": "c", "EndpointConfigArn": "arn:c", "CreationTime": 1.5, "KmsKeyId": "k",
                 "ProductionVariants": [{"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1,
                   "InstanceType": "ml.m5.large", "InitialVariantWeight": 1.0}, {"VariantName": "serverless"}]}
                """#
            )
        )
        let sageMaker = SageMaker(bench.client)
        let model = try await sageMaker.describeModel(name: "m")
        #expect(model.container?.modelDataURL == "s3://b/p/")
        #expect(model.container?.mode == "MultiModel")
        #expect(model.container?.multiModelConfig == Self.uncached)
        #expect(model.network == ModelNetwork(vpc: Self.vpc, isIsolated: true))
        let config = try await sageMaker.describeEndpointConfig(name: "c")
        #expect(
            config.variants.first
                == EndpointVariant(
                    name: "v",
                    modelName: "m",
                    instanceType: "ml.m5.large",
                    initialInstanceCount: 1
                )
        )
        #expect(config.kmsKey == "k")
        #expect(config.others.isEmpty)
    }

    /// What a config has and this program does not name comes back as it was, in a config made from it.
    @Test func carriesWhatItDoesNotName() async throws {
        let others = #"""
            "DataCaptureConfig": {"EnableCapture": true, "InitialSamplingPercentage": 50, "CaptureOptions":
              [{"CaptureMode": "Input"}], "lower": null}, "SomethingNew": {"a": [1, 2.5, "x", false]}
            """#
        let variant = #"""
            "VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
            "InitialVariantWeight": 1, "VolumeSizeInGB": 30, "RoutingConfig": {"RoutingStrategy": "RANDOM"}
            """#
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                """
                {"EndpointConfigName": "c", "EndpointConfigArn": "arn:c", "CreationTime": 1.5,
                 "ShadowProductionVariants": [], "AsyncInferenceConfig": null,
                 "ProductionVariants": [{\(variant), "CoreDumpConfig": null}], \(others)}
                """
            ),
            TestReply(200, #"{"EndpointConfigArn": "arn:d"}"#)
        )
        let sageMaker = SageMaker(bench.client)
        let found = try await sageMaker.describeEndpointConfig(name: "c")
        #expect(found.others.keys.sorted() == ["DataCaptureConfig", "SomethingNew"])
        let live = try #require(found.variants.first)
        try await sageMaker.createEndpointConfig(name: "d", variant: live, others: found.others)
        try expect(
            try await bench.server.requests()[1],
            #"{"EndpointConfigName": "d", "ProductionVariants": [{\#(variant)}], \#(others)}"#
        )
    }

    @Test func aReplyOfAnotherShapeIsUnreadable() async throws {
        let bench = try Bench()
        for body in ["", "[]", "{}", "<html>"] { try await bench.server.reply(TestReply(200, body)) }
        for _ in 0..<4 {
            let error = await fails { _ = try await SageMaker(bench.client).describeEndpoint(name: "ep") }
            #expect(error?.kind == .unreadable)
            #expect(error?.status == 200)
        }
    }
}
