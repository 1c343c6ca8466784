import AWS
import Foundation
import Ledger
import Native
import Promotion
import Testing

@testable import Worker

/// A hand-off is read strictly: every field is there and of its shape, and there is no other.
@Suite struct HandoffReadingTests {
    static let good = """
        {"sluice":1,"action":"handoff","release":"demand-forecast.0123456789","digest":"\(hex)","stage":"prod",\
        "models":{"de.tar.gz":{"package":"arn:1","image":"image","url":"s3://b/k","pin":{"url":"s3://b/k",\
        "owner":"111111111111","etag":"\\"e\\"","size":7,"sha256":"\(hex)"}}},"evidence":[{"account":"222222222222",\
        "stage":"staging","verifiedAt":"2026-11-21T09:30:00.123Z","checks":["tested"]}],"requestId":"r"}
        """
    private static let hex = String(repeating: "0a", count: 32)

    @Test func aHandoffIsWhatItSays() throws {
        let message = try Self.handoff(Self.good)
        #expect(message.endpoint == "demand-forecast" && message.sender == "AROAUPSTREAM:one")
        let handoff = message.handoff
        #expect(handoff.release == "demand-forecast.0123456789" && handoff.stage == "prod")
        let version = ModelVersion(package: "arn:1", image: "image", artifact: "s3://b/k")
        #expect(handoff.models == ["de.tar.gz": version])
        #expect(message.pins["de.tar.gz"]?.etag == "\"e\"")
        #expect(message.pins["de.tar.gz"]?.sha256 == Self.hex)
        let evidence = try #require(handoff.evidence.first)
        #expect(
            (evidence.account, evidence.stage, evidence.checks) == ("222222222222", "staging", ["tested"])
        )
        #expect(Ledger.text(evidence.verifiedAt) == "2026-11-21T09:30:00.123Z")
    }

    /// A worker that was started again has another session, and sends the same once more.
    @Test func aRepetitionHasTheSameKeyAndNothingElseHas() throws {
        let key = try Self.handoff(Self.good).key
        #expect(try Self.handoff(Self.good, from: "AROAUPSTREAM:two").key == key)
        #expect(try Self.handoff(Self.good, from: "AROAOTHER:one").key != key)
        #expect(try Self.handoff(Self.good.replacing("arn:1", with: "arn:2")).key != key)
    }

    @Test(arguments: [
        (#""action":"handoff","#, #""action":"handoff","reason":"x","#, "`handoff` has no field `reason`"),
        (#""digest":"0a"#, #""digest":"0A"#, "`digest` has to be 64 hex digits"),
        (#""size":7"#, #""size":0"#, "`size` has to be a whole number from 1 on"),
        (#""size":7,"#, "", "`size` is missing"),
        (#""owner":"111111111111","#, "", "`owner` is missing"),
        (#""image":"image","#, "", "`image` is missing"),
        (
            #""url":"s3://b/k","pin""#, #""url":"s3://b/l","pin""#,
            "`pin` is of another artifact than its model"
        ),
        (#""sha256":"0a"#, #""sha256":"zz"#, "`sha256` has to be 64 hex digits"),
        (#""account":"222222222222""#, #""account":"staging""#, "`account` has to be twelve digits"),
        (#"09:30:00.123Z"#, "09:30", "`verifiedAt` has to be a time such as 2026-11-21T09:30:00.000Z"),
        (#"["tested"]"#, #"[1]"#, "`checks` has to be a list of texts of at most 4096 bytes"),
        (#","checks":["tested"]"#, "", "`checks` has to be a list of at most 100 texts"),
        (
            #""stage":"staging","#, #""stage":"staging","by":"me","#,
            "an entry of `evidence` has no field `by`"
        ),
        (#","requestId":"r""#, "", "`requestId` is missing"),
        (#""evidence":["#, #""evidence":[1,"#, "an entry of `evidence` has to be an object"),
    ])
    func whatIsNotAsItShouldBeIsRefused(_ old: String, _ new: String, _ why: String) throws {
        try #require(Self.good.contains(old))
        let received = try Self.read(
            Self.good.replacing(old, with: new, maxReplacements: 1),
            "AROAUPSTREAM:one"
        )
        guard case .unreadable(let reason) = received.meaning else {
            Issue.record("it was read")
            return
        }
        #expect(reason == why)
    }

    private static func handoff(_ body: String, from sender: String = "AROAUPSTREAM:one") throws
        -> HandoffMessage
    {
        let received = try read(body, sender)
        guard case .handoff(let message) = received.meaning else {
            throw NotRead(meaning: "\(received.meaning)")
        }
        return message
    }

    private static func read(_ body: String, _ sender: String) throws -> Received {
        let message: [String: Any] = [
            "MessageId": "m1", "ReceiptHandle": "h1", "Body": body, "Attributes": ["SenderId": sender],
            "MD5OfBody": try Digest.hex(Digest.md5(body)),
        ]
        let data = try JSONSerialization.data(withJSONObject: message)
        let received = try JSONDecoder().decode(ReceivedMessage.self, from: data)
        return MessageReader(settings: try Settings(AccountsFixture().load())).read(received)
    }

    private struct NotRead: Error {
        let meaning: String
    }
}
