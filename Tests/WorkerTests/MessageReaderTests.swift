import Foundation
import Ledger
import Native
import Promotion
import Testing

@testable import AWS
@testable import Worker

/// What a message on the queue means: every action as it should be, and every way it should not.
@Suite struct MessageReaderTests {
    private static let sender = "AROAEXAMPLEID:ann"

    @Test(arguments: [
        ("promote", #""release":"e.0123456789","stage":"prod""#),
        ("reject", #""release":"e.0123456789","stage":"prod""#),
        ("retry", #""release":"e.0123456789""#),
        ("retry", #""release":"e.0123456789","model":"de.tar.gz""#),
        ("hold", #""endpoint":"e""#),
        ("hold", #""endpoint":"*","stage":"prod""#),
        ("resume", #""endpoint":"e","stage":"prod""#),
        ("deploy", #""endpoint":"e""#),
        ("deploy", #""endpoint":"e","models":{"de.tar.gz":"arn:1"}"#),
    ])
    func aGoodRequestIsTaken(_ action: String, _ fields: String) throws {
        let message = try Self.request(Self.message(action, fields))
        #expect(message.request.action.subject.name == action)
        #expect(message.key == "request \(Self.sender) r1")
        #expect(message.request.sender == Sender(Self.sender))
        #expect(message.request.reason == "holdout week looks right")
    }

    @Test func actionsSayWhatTheyAreAbout() throws {
        func read(_ action: String, _ fields: String) throws -> (Request.Action, RequestMessage.Subject) {
            let message = try Self.request(Self.message(action, fields))
            return (message.request.action, message.subject)
        }
        let promote = try read("promote", #""release":"e.1","stage":"prod""#)
        #expect(promote == (.promote(release: "e.1", stage: "prod"), .release("e.1")))
        let reject = try read("reject", #""release":"e.1","stage":"prod""#)
        #expect(reject == (.reject(release: "e.1", stage: "prod"), .release("e.1")))
        let retry = try read("retry", #""release":"e.1","model":"m""#)
        #expect(retry == (.retry(release: "e.1", target: "m"), .release("e.1")))
        #expect(try read("hold", #""endpoint":"e""#) == (.hold(stage: nil), .endpoint("e")))
        #expect(try read("resume", #""endpoint":"*","stage":"s""#) == (.resume(stage: "s"), .everyEndpoint))
        #expect(try read("deploy", #""endpoint":"e""#) == (.deploy(models: [:]), .endpoint("e")))
        let deploy = try read("deploy", #""endpoint":"e","models":{"m":"arn:1"}"#)
        #expect(deploy == (.deploy(models: ["m": "arn:1"]), .endpoint("e")))
    }

    @Test(arguments: [
        ("[]", "the body is no JSON object"),
        ("{}", "it is neither an EventBridge event nor a message to Sluice (no `sluice` key)"),
        ("promote", "the body is not valid JSON: not valid JSON at byte 0"),
        ("", "the body is not valid JSON: not valid JSON at byte 0"),
        (#"{"sluice":2}"#, "`sluice` has to be 1, the version of the message"),
        (#"{"sluice":"1"}"#, "`sluice` has to be 1, the version of the message"),
        (#"{"sluice":1}"#, "there is no `action`"),
        (#"{"sluice":1,"action":7}"#, "there is no `action`"),
        (#"{"sluice":1,"action":"launch"}"#, "there is no action `launch`"),
        (#"{"sluice":1,"action":"rollback"}"#, "`account` is missing"),
        (
            #"{"sluice":1,"action":"rollback","account":"prod","endpoint":"e","stage":"prod"}"#,
            "`rollback` has no field `stage`"
        ),
        (
            #"{"sluice":1,"action":"attest","release":"a.b","verdict":"fine"}"#,
            "`verdict` has to be passed, failed, inconclusive or errored"
        ),
        (
            #"{"sluice":1,"action":"promote","release":"a.b","stage":"prod","override":"yes"}"#,
            "`override` has to be true or false"
        ),
        (#"{"sluice":1,"action":"handoff"}"#, "`digest` is missing"),
        (message("promote", #""stage":"prod""#), "`release` is missing"),
        (message("reject", #""release":"e.1""#), "`stage` is missing"),
        (message("retry", #""model":"m""#), "`release` is missing"),
        (message("hold", #""stage":"prod""#), "`endpoint` is missing"),
        (message("resume", #""stage":"prod""#), "`endpoint` is missing"),
        (message("deploy", #""models":{}"#), "`endpoint` is missing"),
        (
            message("promote", #""release":"e.1","stage":"prod","force":true"#),
            "`promote` has no field `force`"
        ),
        (message("retry", #""release":"e.1","stage":"prod""#), "`retry` has no field `stage`"),
        (message("hold", #""endpoint":"e","release":"e.1""#), "`hold` has no field `release`"),
        (message("deploy", #""endpoint":"e","stage":"prod""#), "`deploy` has no field `stage`"),
        (message("promote", #""release":7,"stage":"prod""#), "`release` has to be a text"),
        (message("promote", #""release":"","stage":"prod""#), "`release` has to be a text"),
        (message("hold", #""endpoint":null"#), "`endpoint` has to be a text"),
        (message("retry", #""release":"e.1","model":[]"#), "`model` has to be a text"),
        (message("deploy", #""endpoint":"e","models":["m"]"#), "`models` has to be an object of texts"),
        (message("deploy", #""endpoint":"e","models":{"m":1}"#), "`models` has to be an object of texts"),
        (message("hold", #""endpoint":"e""#, reason: nil), "`reason` is missing"),
        (message("hold", #""endpoint":"e""#, reason: ""), "`reason` has to have 1 to 1000 characters"),
        (message("hold", #""endpoint":"e""#, reason: " \\n\\t"), "`reason` has to have 1 to 1000 characters"),
        (
            message("hold", #""endpoint":"e""#, reason: String(repeating: "x", count: 1001)),
            "`reason` has to have 1 to 1000 characters"
        ),
        (
            message("hold", #""endpoint":"e""#, reason: String(repeating: "x", count: 5000)),
            "`reason` has to have 1 to 1000 characters"
        ),
        (
            message("hold", #""endpoint":"\#(String(repeating: "e", count: 4097))""#),
            "`endpoint` has to be a text of at most 4096 bytes"
        ),
        (
            message("retry", #""release":"e.1""#, requestID: nil),
            "`retry` needs a `requestId`, which makes a repeat of the message harmless"
        ),
        (
            message("hold", #""endpoint":"e""#, requestID: nil),
            "`hold` needs a `requestId`, which makes a repeat of the message harmless"
        ),
        (
            message("resume", #""endpoint":"e""#, requestID: nil),
            "`resume` needs a `requestId`, which makes a repeat of the message harmless"
        ),
        (
            message("deploy", #""endpoint":"e""#, requestID: nil),
            "`deploy` needs a `requestId`, which makes a repeat of the message harmless"
        ),
        (
            #"{"sluice":1,"action":"hold","action":"resume"}"#,
            "the body is not valid JSON: a JSON object names a member twice"
        ),
        (String(repeating: "[", count: 100), "the body is not valid JSON: JSON nested too deep"),
    ])
    func aBadMessageIsRefusedWithASentence(_ body: String, _ reason: String) throws {
        // Where in the text it was noticed is the parser's to say.
        #expect(try Self.reason(body).hasPrefix(reason))
    }

    @Test(arguments: [nil, ""]) func aRequestOfNobodyIsRefused(_ sender: String?) throws {
        let body = Self.message("hold", #""endpoint":"e""#)
        #expect(try Self.reason(body, sender: sender) == "SQS named no sender")
    }

    /// A body whose MD5 is not SQS's is not what was sent, even where it can be read.
    @Test func aDamagedBodyIsRefused() throws {
        let body = Self.message("hold", #""endpoint":"e""#)
        let received = try Self.read(body, md5: Digest.hex(Digest.md5("another")))
        guard case .unreadable(let reason) = received.meaning else {
            Issue.record("\(received.meaning)")
            return
        }
        #expect(reason == "the body is not UTF-8, or was damaged on the way (its MD5 is another)")
        #expect(received.body == body)
        #expect(received.sender == Self.sender)
    }

    @Test func aThousandCharactersAreAReasonHoweverLongInBytes() throws {
        let reason = String(repeating: "🇩🇪", count: 1000)
        let message = try Self.request(Self.message("hold", #""endpoint":"e""#, reason: reason))
        #expect(message.request.reason == reason)
    }

    /// Without a `requestId` the message itself makes a repeat harmless, for the same sender alone.
    @Test func theKeyOfAMessageWithoutRequestID() throws {
        let body = Self.message("promote", #""release":"e.1","stage":"prod""#, requestID: nil)
        let key = try Self.request(body).key
        #expect(try key == "body \(Self.sender) \(Digest.hex(Digest.sha256(body)))")
        #expect(try Self.request(body).key == key)
        #expect(try Self.request(body, sender: "AIDAOTHER").key != key)
        let other = Self.message("promote", #""release":"e.1","stage":"prod" "#, requestID: nil)
        #expect(try Self.request(other).key != key)
    }

    @Test func theKeyOfAMessageWithRequestIDIsTheSenders() throws {
        let body = Self.message("promote", #""release":"e.1","stage":"prod""#)
        #expect(try Self.request(body).key == "request \(Self.sender) r1")
        #expect(try Self.request(body, sender: "AIDAOTHER").key == "request AIDAOTHER r1")
    }

    /// A key is looked up by an index, and PostgreSQL's hold no row of more than some 2,700 bytes.
    @Test func aLongRequestIDIsADigestInItsKey() throws {
        let long = String(repeating: "r", count: 513)
        let body = Self.message("promote", #""release":"e.1","stage":"prod""#, requestID: long)
        let key = try Self.request(body).key
        #expect(try key == "request \(Self.sender) \(Digest.hex(Digest.sha256(long)))")
    }

    @Test func aPackageEventSaysWhereToLook() throws {
        guard case .packageChanged(let package, let group) = try Self.read(Self.packageEvent()).meaning else {
            Issue.record("not a package event")
            return
        }
        #expect(package == "arn:aws:sagemaker:eu-west-1:111111111111:model-package/demand-de/3")
        #expect(group == "demand-de")
    }

    @Test(arguments: [
        "SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change",
    ])
    func anEndpointEventWakesTheAccountsOfItsDigits(_ type: String) throws {
        for (account, names) in [("222222222222", ["staging"]), ("999999999999", [])] {
            let body =
                #"{"detail-type":"\#(type)","account":"\#(account)","detail":{"EndpointName":"demand-forecast"}}"#
            guard case .endpointChanged(let accounts, let endpoint) = try Self.read(body).meaning else {
                Issue.record("not an endpoint event")
                return
            }
            #expect(accounts == names)
            #expect(endpoint == "demand-forecast")
        }
    }

    @Test(arguments: [
        (
            packageEvent(account: "222222222222"),
            "the event is of account 222222222222, and the registry is 111111111111"
        ),
        (
            packageEvent(owner: "222222222222"),
            "the event names no model package of account 111111111111"
        ),
        (
            packageEvent(detail: #""ModelPackageGroupName":"demand-de""#),
            "the event names no model package of account 111111111111"
        ),
        (
            packageEvent(detail: #""ModelPackageArn":7,"ModelPackageGroupName":"demand-de""#),
            "the event names no model package of account 111111111111"
        ),
        (
            packageEvent(
                detail:
                    #""ModelPackageArn":"arn:aws:sagemaker:eu-west-1:111111111111:model-package/\#(String(repeating: "x", count: 2048))","ModelPackageGroupName":"demand-de""#
            ),
            "the event names no model package of account 111111111111"
        ),
        (
            packageEvent(
                detail:
                    #""ModelPackageArn":"arn:aws:sagemaker:eu-west-1:111111111111:model-package/x/1","ModelPackageGroupName":"\#(String(repeating: "x", count: 64))""#
            ),
            "the event's package is of no group"
        ),
        (
            packageEvent(
                detail: #""ModelPackageArn":"arn:aws:sagemaker:eu-west-1:111111111111:model-package/alone""#
            ),
            "the event's package is of no group"
        ),
        (
            #"{"detail-type":"SageMaker Model Package State Change","detail":{}}"#,
            "the event has no account or no detail"
        ),
        (
            #"{"detail-type":"SageMaker Model Package State Change","account":"111111111111","detail":[]}"#,
            "the event has no account or no detail"
        ),
        (
            #"{"detail-type":"SageMaker Endpoint State Change","account":"222222222222","detail":{}}"#,
            "the event names no endpoint"
        ),
        (
            #"{"detail-type":"EC2 Spot Notice","account":"111111111111","detail":{}}"#,
            "events of type EC2 Spot Notice mean nothing to Sluice"
        ),
        (
            #"{"detail-type":7,"account":"111111111111","detail":{}}"#,
            "events of type  mean nothing to Sluice"
        ),
    ])
    func aForgedOrFormlessEventIsRefused(_ body: String, _ reason: String) throws {
        #expect(try Self.reason(body) == reason)
    }

    private static func message(
        _ action: String,
        _ fields: String,
        reason: String? = "holdout week looks right",
        requestID: String? = "r1"
    ) -> String {
        var text = #"{"sluice":1,"action":"\#(action)",\#(fields)"#
        if let reason { text += #","reason":"\#(reason)""# }
        if let requestID { text += #","requestId":"\#(requestID)""# }
        return text + "}"
    }

    private static func packageEvent(
        account: String = "111111111111",
        owner: String = "111111111111",
        detail: String? = nil
    ) -> String {
        let detail =
            detail
            ?? #""ModelPackageArn":"arn:aws:sagemaker:eu-west-1:\#(owner):model-package/demand-de/3","#
            + #""ModelPackageGroupName":"demand-de","ModelApprovalStatus":"Approved""#
        return
            #"{"detail-type":"SageMaker Model Package State Change","account":"\#(account)","detail":{\#(detail)}}"#
    }

    private static func read(_ body: String, sender: String? = sender, md5: String? = nil) throws -> Received
    {
        var message: [String: Any] = [
            "MessageId": "m1", "ReceiptHandle": "h1", "Body": body,
            "MD5OfBody": try md5 ?? Digest.hex(Digest.md5(body)),
        ]
        if let sender { message["Attributes"] = ["SenderId": sender] }
        let data = try JSONSerialization.data(withJSONObject: message)
        let received = try JSONDecoder().decode(ReceivedMessage.self, from: data)
        return MessageReader(settings: try Settings(AccountsFixture().load())).read(received)
    }

    private static func request(_ body: String, sender: String? = sender) throws -> RequestMessage {
        let received = try read(body, sender: sender)
        guard case .request(let request) = received.meaning else {
            throw Unexpected(meaning: "\(received.meaning)")
        }
        #expect(received.messageID == "m1")
        #expect(received.sender == sender)
        #expect(received.body == body)
        return request
    }

    private static func reason(_ body: String, sender: String? = sender) throws -> String {
        let received = try read(body, sender: sender)
        guard case .unreadable(let reason) = received.meaning else {
            throw Unexpected(meaning: "\(received.meaning)")
        }
        #expect(received.body == body)
        return reason
    }

    private struct Unexpected: Error {
        let meaning: String
    }
}
