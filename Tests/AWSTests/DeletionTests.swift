import Foundation
import Native
import TestTools
import Testing

@testable import AWS

/// The calls that remove what old releases left.
@Suite struct DeletionTests {
    private static func xml(_ body: String) -> TestReply {
        TestReply(200, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\(body)")
    }

    @Test func listsEveryPage() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            Self.xml(
                "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><KeyCount>2</KeyCount>"
                    + "<IsTruncated>true</IsTruncated><NextContinuationToken>1/a+=</NextContinuationToken>"
                    + "<Contents><Key>m/r/a&amp;b</Key><Size>1</Size></Contents>"
                    + "<Contents><Key>m/r/c</Key><Size>2</Size></Contents></ListBucketResult>"
            ),
            Self.xml(
                "<ListBucketResult><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>"
                    + "<Contents><Key>m/r/d</Key></Contents></ListBucketResult>"
            )
        )
        let keys = try await S3(bench.client).listObjects(bucket: "b", prefix: "m/r/", expectedOwner: "2")
        #expect(keys == ["m/r/a&b", "m/r/c", "m/r/d"])
        let requests = try await bench.server.requests()
        #expect(requests.map(\.method) == ["GET", "GET"])
        #expect(
            requests.map(\.target) == [
                "/b/?list-type=2&prefix=m%2Fr%2F",
                "/b/?list-type=2&prefix=m%2Fr%2F&continuation-token=1%2Fa%2B%3D",
            ]
        )
        #expect(requests[0].header("x-amz-expected-bucket-owner") == ["2"])
    }

    @Test func anEmptyPrefixHasNoKeys() async throws {
        let bench = try Bench()
        try await bench.server.reply(Self.xml("<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>"))
        #expect(try await S3(bench.client).listObjects(bucket: "b", prefix: "m/r/").isEmpty)
    }

    @Test func deletesAThousandAtATimeWithAChecksum() async throws {
        let bench = try Bench()
        try await S3(bench.client).deleteObjects(bucket: "b", keys: [])
        let done = Self.xml("<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>")
        try await bench.server.reply(done, done)
        let keys = ["a&<b>"] + (1...1000).map { "k\($0)" }
        try await S3(bench.client).deleteObjects(bucket: "b", keys: keys, expectedOwner: "2")
        let requests = try await bench.server.requests()
        #expect(requests.map(\.method) == ["POST", "POST"])
        #expect(requests.map(\.target) == ["/b/?delete=", "/b/?delete="])
        #expect(
            requests[1].text
                == "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "<Object><Key>k1000</Key></Object></Delete>"
        )
        #expect(requests[0].text.contains("<Object><Key>a&amp;&lt;b&gt;</Key></Object><Object><Key>k1</Key>"))
        for request in requests {
            let sum = Data(try Digest.sha256(request.bytes)).base64EncodedString()
            #expect(request.header("x-amz-checksum-sha256") == [sum])
            #expect(request.header("x-amz-expected-bucket-owner") == ["2"])
        }
    }

    /// S3 says 200 to a list of which it deleted nothing.
    @Test func aRefusalWithinASuccessIsOne() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            Self.xml(
                "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>"
                    + "<Message>Access Denied</Message></Error></DeleteResult>"
            )
        )
        let error = await fails { try await S3(bench.client).deleteObjects(bucket: "b", keys: ["a", "b"]) }
        #expect(error?.kind == .denied)
        #expect(error?.message == "b: Access Denied")
    }

    @Test func deletesModelsAndConfigs() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, ""),
            TestReply(
                400,
                #"{"__type": "ValidationException", "message": "Could not find endpoint configuration \"arn\"."}"#
            )
        )
        try await SageMaker(bench.client).deleteModel(name: "m")
        let error = await fails { try await SageMaker(bench.client).deleteEndpointConfig(name: "c") }
        #expect(error?.kind == .notFound(.endpointConfig))
        let requests = try await bench.server.requests()
        #expect(
            requests.map { $0.header("X-Amz-Target") } == [
                ["SageMaker.DeleteModel"], ["SageMaker.DeleteEndpointConfig"],
            ]
        )
        try expect(requests[0], #"{"ModelName": "m"}"#)
        try expect(requests[1], #"{"EndpointConfigName": "c"}"#)
    }
}
