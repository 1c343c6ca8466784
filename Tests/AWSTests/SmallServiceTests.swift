import Foundation
import TestTools
import Testing

@testable import AWS

@Suite struct SmallServiceTests {
    @Test func invokes() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                "0.5",
                headers: ["Content-Type": "text/csv", "x-Amzn-Invoked-Production-Variant": "AllTraffic"]
            )
        )
        let invocation = try await SageMakerRuntime(bench.client)
            .invokeEndpoint(
                name: "ep",
                targetModel: "demand-de.tar.gz",
                contentType: "text/csv",
                accept: "text/csv",
                body: Array("1,2".utf8)
            )
        #expect(invocation.body == Array("0.5".utf8))
        #expect(invocation.contentType == "text/csv")
        #expect(invocation.variant == "AllTraffic")
        let request = try #require(try await bench.server.requests().first)
        #expect(request.target == "/endpoints/ep/invocations")
        #expect(request.header("X-Amzn-SageMaker-Target-Model") == ["demand-de.tar.gz"])
        #expect(request.header("Authorization").first?.contains("/sagemaker/aws4_request") == true)
        #expect(request.text == "1,2")
    }

    @Test func aModelsErrorIsNotAServices() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                424,
                #"""
                {"ErrorCode": "CLIENT_ERROR_FROM_MODEL", "LogStreamArn": "arn:log",
                 "Message": "Received client error (400) from primary.", "OriginalMessage": "bad shape",
                 "OriginalStatusCode": 400}
                """#,
                headers: ["x-amzn-ErrorType": "ModelError"]
            ),
            TestReply(
                429,
                #"{"message": "loading"}"#,
                headers: ["x-amzn-errortype": "ModelNotReadyException:"]
            )
        )
        let runtime = SageMakerRuntime(bench.client)
        let error = await fails {
            _ = try await runtime.invokeEndpoint(name: "ep", contentType: "a", body: [])
        }
        #expect(error?.kind == .modelError)
        #expect(error?.message == "Received client error (400) from primary. bad shape")
        let loading = await fails {
            _ = try await runtime.invokeEndpoint(name: "ep", contentType: "a", body: [])
        }
        #expect(loading?.kind == .modelNotReady)
        #expect(try await bench.server.requests().count == 2)
    }

    /// SageMaker's message quotes what the container said, and then it says so once more.
    @Test func aContainersWordsAreSaidOnce() async throws {
        let bench = try Bench()
        let body = #"""
            {"Message": "Received server error (500) from primary with message \"bad shape\". See the logs.",
             "OriginalMessage": "bad shape", "OriginalStatusCode": 500}
            """#
        try await bench.server.reply(TestReply(424, body, headers: ["x-amzn-ErrorType": "ModelError"]))
        let error = await fails {
            _ = try await SageMakerRuntime(bench.client).invokeEndpoint(name: "e", contentType: "a", body: [])
        }
        #expect(
            error?.message
                == #"Received server error (500) from primary with message "bad shape". See the logs."#
        )
    }

    /// The pauses between requests are no part of what a model took for its answer.
    @Test func anInvocationTakesAsLongAsTheRequestThatWasAnswered() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(503, "{ }", action: .dribble, every: 0.2),
            TestReply(200, "0.5")
        )
        let begun = ContinuousClock.now
        let invocation = try await SageMakerRuntime(bench.client)
            .invokeEndpoint(name: "e", contentType: "a", body: [])
        #expect(invocation.duration > .zero)
        #expect(invocation.duration < .now - begun - .milliseconds(400))
    }

    @Test func putsEventsOneByOne() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"FailedEntryCount": 1, "Entries": [{"EventId": "e1"},
                 {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}]}
                """#
            )
        )
        let results = try await EventBridge(bench.client)
            .putEvents([
                EventEntry(source: "sluice", detailType: "Release", detail: #"{"a":1}"#),
                EventEntry(
                    source: "sluice",
                    detailType: "Release",
                    detail: "{}",
                    resources: ["arn"],
                    eventBusName: "b"
                ),
            ])
        #expect(results.map(\.eventID) == ["e1", nil])
        #expect(results.map(\.errorCode) == [nil, "ThrottlingException"])
        let request = try #require(try await bench.server.requests().first)
        #expect(request.header("X-Amz-Target") == ["AWSEvents.PutEvents"])
        try expect(
            request,
            #"""
            {"Entries": [{"Source": "sluice", "DetailType": "Release", "Detail": "{\"a\":1}", "Resources": []},
             {"Source": "sluice", "DetailType": "Release", "Detail": "{}", "Resources": ["arn"], "EventBusName": "b"}]}
            """#
        )
    }

    @Test func describesAlarmsOfBothKinds() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"MetricAlarms": [{"AlarmName": "a", "StateValue": "OK", "Threshold": 1,
                   "StateTransitionedTimestamp": 1767323000.5, "StateUpdatedTimestamp": 1767323040}],
                 "NextToken": "more"}
                """#
            ),
            TestReply(
                200,
                #"""
                {"CompositeAlarms": [{"AlarmName": "b", "StateValue": "ALARM", "StateUpdatedTimestamp": 1767323001}],
                 "MetricAlarms": [{"AlarmName": "c", "StateValue": "INSUFFICIENT_DATA"}]}
                """#
            )
        )
        let alarms = try await CloudWatch(bench.client).describeAlarms(names: ["a", "b", "c", "none"])
        #expect(alarms.map(\.name) == ["a", "c", "b"])
        #expect(alarms.map(\.state) == [.ok, .insufficientData, .alarm])
        #expect(alarms.map { $0.since?.timeIntervalSince1970 } == [1_767_323_000.5, nil, 1_767_323_001])
        let requests = try await bench.server.requests()
        #expect(requests[0].header("X-Amz-Target") == ["GraniteServiceVersion20100801.DescribeAlarms"])
        #expect(requests[0].header("Content-Type") == ["application/x-amz-json-1.0"])
        #expect(
            requests[0].header("Authorization").first?.contains("/eu-west-1/monitoring/aws4_request") == true
        )
        try expect(
            requests[1],
            #"""
            {"AlarmNames": ["a", "b", "c", "none"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
             "MaxRecords": 100, "NextToken": "more"}
            """#
        )
    }

    @Test func asksForAHundredAlarmsAtATime() async throws {
        let bench = try Bench()
        #expect(try await CloudWatch(bench.client).describeAlarms(names: []).isEmpty)
        try await bench.server.reply(TestReply(200, "{}"), TestReply(200, "{}"))
        _ = try await CloudWatch(bench.client).describeAlarms(names: (1...101).map { "a\($0)" })
        let requests = try await bench.server.requests()
        #expect(requests.count == 2)
        try expect(
            requests[1],
            #"{"AlarmNames": ["a101"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100}"#
        )
    }
}
