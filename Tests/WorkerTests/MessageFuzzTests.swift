import AWS
import Foundation
import Ledger
import Native
import TestTools
import Testing

@testable import Worker

/// Whatever stands on the queue: it is understood, or it is kept with a sentence that says why not.
@Suite struct MessageFuzzTests {
    private static let good = [
        #"{"sluice":1,"action":"promote","release":"demand-forecast.0123456789","stage":"prod","reason":"fine","requestId":"r"}"#,
        #"{"sluice":1,"action":"deploy","endpoint":"demand-forecast","models":{"de.tar.gz":"arn:1"},"reason":"x","requestId":"r"}"#,
        #"{"sluice":1,"action":"rollback","endpoint":"demand-forecast","account":"prod","reason":"x","requestId":"r"}"#,
        #"{"sluice":1,"action":"attest","release":"demand-forecast.0123456789","stage":"prod","check":"c","verdict":"passed","evidence":"e","reason":"x","requestId":"r"}"#,
        #"{"sluice":1,"action":"hold","endpoint":"*","reason":"x","requestId":"r"}"#,
        """
        {"version":"0","id":"1","detail-type":"SageMaker Model Package State Change","source":"aws.sagemaker",
         "account":"111111111111","time":"2026-01-02T03:04:05Z","region":"eu-west-1","resources":["a"],
         "detail":{"ModelPackageGroupName":"demand-de","ModelPackageVersion":3,"ModelApprovalStatus":"Approved",
         "ModelPackageArn":"arn:aws:sagemaker:eu-west-1:111111111111:model-package/demand-de/3"}}
        """,
    ]

    @Test(.timeLimit(.minutes(60)), arguments: 1...4)
    func noMessageBringsTheReaderDown(_ seed: UInt64) throws {
        let reader = MessageReader(settings: try Settings(AccountsFixture().load()))
        let good = Self.good.map { Array($0.utf8) }
        var fuzz = Fuzz("messages-\(seed)", usual: 800, seed: seed, part: 4)
        var (understood, tried) = (0, 0)
        while let bytes = fuzz.next(from: good) {
            tried += 1
            // SQS hands over text; what was no text has been mended on the way, and its MD5 tells.
            let body = String(decoding: bytes, as: UTF8.self)
            let sent: [String: Any] = [
                "MessageId": "m", "ReceiptHandle": "r", "Body": body,
                "MD5OfBody": try Digest.hex(Digest.md5(bytes)),
                "Attributes": ["SenderId": "AIDAEXAMPLEID"],
            ]
            let data = try JSONSerialization.data(withJSONObject: sent)
            let received = reader.read(try JSONDecoder().decode(ReceivedMessage.self, from: data))
            if case .unreadable(let reason) = received.meaning {
                #expect(!reason.isEmpty && reason.count <= 501, "\(body.prefix(200))")
            } else {
                understood += 1
            }
            #expect(received.body == body, "it is kept whole")
        }
        #expect(fuzz.trouble == nil)
        #expect(understood < tried / 2, "most of it is bad")
    }
}
