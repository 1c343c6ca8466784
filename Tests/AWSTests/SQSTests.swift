import Foundation
import Native
import TestTools
import Testing

@testable import AWS

@Suite struct SQSTests {
    private let queue = "https://sqs.us-west-2.amazonaws.com/111111111111/sluice"

    @Test func receives() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                200,
                #"""
                {"Messages": [
                  {"MessageId": "m1", "ReceiptHandle": "r1", "Body": "hello", "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
                   "Attributes": {"SenderId": "AROAX:me", "SentTimestamp": "1767323045123", "ApproximateReceiveCount": "3"}},
                  {"MessageId": "m2", "ReceiptHandle": "r2", "Body": "changed", "MD5OfBody": "5d41402abc4b2a76b9719d911017c592"},
                  {"MessageId": "m3", "ReceiptHandle": "r3", "Body": "caf\u00e9 \ud83d\ude00", "MD5OfBody": "0d3aa1b0b5b1f06e26ec9ea63d0eae1b"}
                ]}
                """#
            )
        )
        let messages = try await SQS(bench.client)
            .receiveMessages(queueURL: queue, maximum: 7, waitSeconds: 1, visibilitySeconds: 30)
        #expect(messages.map(\.messageID) == ["m1", "m2", "m3"])
        #expect(messages[0].senderID == "AROAX:me")
        #expect(messages[0].sentAt == Date(timeIntervalSince1970: 1_767_323_045.123))
        #expect(messages[0].receiveCount == 3)
        #expect(messages[0].isIntact)
        #expect(!messages[1].isIntact)
        #expect(messages[1].receiveCount == 1)
        #expect(messages[2].body == "café 😀")

        let request = try #require(try await bench.server.requests().first)
        #expect(request.method == "POST")
        #expect(request.target == "/")
        #expect(request.header("X-Amz-Target") == ["AmazonSQS.ReceiveMessage"])
        #expect(request.header("Content-Type") == ["application/x-amz-json-1.0"])
        #expect(request.header("Authorization").first?.contains("/us-west-2/sqs/aws4_request") == true)
        try expect(
            request,
            #"""
            {"QueueUrl": "https://sqs.us-west-2.amazonaws.com/111111111111/sluice", "MaxNumberOfMessages": 7,
             "WaitTimeSeconds": 1, "VisibilityTimeout": 30,
             "MessageSystemAttributeNames": ["SenderId", "SentTimestamp", "ApproximateReceiveCount"]}
            """#
        )
    }

    @Test func anEmptyQueueHasNoMessages() async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(200, "{}"))
        let messages = try await SQS(bench.client)
            .receiveMessages(queueURL: queue, waitSeconds: 0, visibilitySeconds: 30)
        #expect(messages.isEmpty)
    }

    /// One sender's garbage must not keep the others' messages from being read.
    @Test(
        arguments: [
            Array("bad \u{0}".utf8).dropLast() + [0xFF, 0xFE], Array(#"bad \ud800"#.utf8),
            Array(#"\udc00\ud800\ud83d\ude00"#.utf8),
            Array(#"\\ud800 \ud800"#.utf8),
        ] as [[UInt8]]
    )
    func onesGarbageIsNotAnothers(_ garbage: [UInt8]) async throws {
        let bench = try Bench()
        let front =
            #"{"Messages": [{"MessageId": "m1", "ReceiptHandle": "r1", "MD5OfBody": "5d41402abc4b2a76b9719d911017c592", "Body": ""#
        let back =
            #""}, {"MessageId": "m2", "ReceiptHandle": "r2", "Body": "hello", "MD5OfBody": "5d41402abc4b2a76b9719d911017c592"}]}"#
        try await bench.server.reply(TestReply(bytes: Array(front.utf8) + garbage + Array(back.utf8)))
        let messages = try await SQS(bench.client).receiveMessages(queueURL: queue, visibilitySeconds: 30)
        #expect(messages.map(\.isIntact) == [false, true])
        #expect(messages[0].body.contains("\u{FFFD}"))
        #expect(messages[1].body == "hello")
    }

    @Test func aFullBatchOfTheLargestMessagesIsRead() async throws {
        let bench = try Bench()
        let body = String(repeating: #"\u0001"#, count: 1 << 20)
        let message = #"{"MessageId": "m", "ReceiptHandle": "r", "Body": "\#(body)"}"#
        let list = Array(repeating: message, count: 4).joined(separator: ",")
        try await bench.server.reply(TestReply(200, "{\"Messages\": [\(list)]}"))
        let messages = try await SQS(bench.client).receiveMessages(queueURL: queue, visibilitySeconds: 30)
        #expect(messages.map(\.body.utf8.count) == Array(repeating: 1 << 20, count: 4))
    }

    @Test func saysWhichOfABatchFailed() async throws {
        let bench = try Bench()
        let reply = TestReply(
            200,
            #"""
            {"Successful": [{"Id": "0"}],
             "Failed": [{"Id": "1", "Code": "ReceiptHandleIsInvalid", "SenderFault": true, "Message": "no"},
                        {"Id": "2", "Code": "nobody asked"}, {"Id": "-1", "Code": "nobody asked"}]}
            """#
        )
        try await bench.server.reply(reply, TestReply(200, #"{"Successful": []}"#))
        let sqs = SQS(bench.client)
        let deleted = try await sqs.deleteMessages(queueURL: queue, receiptHandles: ["a/b", "c"])
        #expect(deleted.map(\.index) == [1])
        #expect(deleted.map(\.code) == ["ReceiptHandleIsInvalid"])
        #expect(try await sqs.deleteMessages(queueURL: queue, receiptHandles: ["a"]).isEmpty)
        #expect(try await sqs.deleteMessages(queueURL: queue, receiptHandles: []).isEmpty)

        let requests = try await bench.server.requests()
        #expect(requests.count == 2)
        try expect(
            requests[0],
            #"""
            {"QueueUrl": "https://sqs.us-west-2.amazonaws.com/111111111111/sluice",
             "Entries": [{"Id": "0", "ReceiptHandle": "a/b"}, {"Id": "1", "ReceiptHandle": "c"}]}
            """#
        )
    }

    @Test func sendsAndProvesTheText() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(200, #"{"MessageId": "m1", "MD5OfMessageBody": "5d41402abc4b2a76b9719d911017c592"}"#),
            TestReply(200, #"{"MessageId": "m2", "MD5OfMessageBody": "5d41402abc4b2a76b9719d911017c593"}"#)
        )
        let sqs = SQS(bench.client)
        #expect(try await sqs.sendMessage(queueURL: queue, body: "hello") == "m1")
        let error = await fails { try await sqs.sendMessage(queueURL: queue, body: "hello") }
        #expect(error?.code == "MD5Mismatch")
    }

    @Test func knowsAMissingQueueByEitherName() async throws {
        let bench = try Bench()
        let body = #"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}"#
        let old = ["x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"]
        try await bench.server.reply(TestReply(400, body, headers: old), TestReply(400, body))
        for _ in 0..<2 {
            let error = await fails { try await SQS(bench.client).sendMessage(queueURL: queue, body: "x") }
            #expect(error?.kind == .notFound(.queue))
            #expect(error?.subject == "sluice")
        }
    }

    @Test(
        arguments: [
            ("https://sqs.eu-west-1.amazonaws.com/111111111111/q", "eu-west-1"),
            ("https://sqs.cn-north-1.amazonaws.com.cn/111111111111/q", "cn-north-1"),
            ("http://localhost:5000/111111111111/q", nil), ("q", nil),
        ] as [(String, String?)]
    )
    func readsTheRegionOfAQueue(_ url: String, _ region: String?) {
        #expect(SQS.region(url) == region)
    }
}

/// Compares a request's JSON with what was meant, whatever the order of its members.
func expect(
    _ request: TestRequest,
    _ json: String,
    at location: SourceLocation = #_sourceLocation
) throws {
    let sent = try JSONDocument(parsing: request.bytes).root
    let meant = try JSONDocument(parsing: Array(json.utf8)).root
    #expect(sent == meant, sourceLocation: location)
}
