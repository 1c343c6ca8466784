import AWS
import Ledger
import Native
import Promotion

/// Reads what stands in a queue message. Nothing of it is trusted: an event only says where to look, and
/// who sent a request is SQS's own SenderId.
struct MessageReader: Sendable {
    let settings: Settings

    /// How long a request's reason may be, in characters.
    static let longestReason = 1000
    /// How long AWS lets an ARN and the name of a model package group be, in bytes.
    private static let (longestARN, longestGroup) = (2048, 63)

    func read(_ message: ReceivedMessage) -> Received {
        Received(
            messageID: message.messageID,
            sender: message.senderID,
            body: message.body,
            meaning: meaning(of: message)
        )
    }

    private func meaning(of message: ReceivedMessage) -> Received.Meaning {
        guard message.isIntact else {
            return .unreadable(
                reason: "the body is not UTF-8, or was damaged on the way (its MD5 is another)"
            )
        }
        do {
            let document = try JSONDocument(parsing: [UInt8](message.body.utf8))
            guard let object = document.root.object else { throw Unreadable("the body is no JSON object") }
            if object["sluice"] != nil { return try request(object, message) }
            if object["detail-type"] != nil { return try event(object) }
            throw Unreadable("it is neither an EventBridge event nor a message to Sluice (no `sluice` key)")
        } catch let error as JSONError {
            return .unreadable(reason: "the body is not valid JSON: \(error)")
        } catch let error as Unreadable {
            return .unreadable(reason: Self.short(error.reason))
        } catch {
            return .unreadable(reason: "\(error)")
        }
    }

    /// What a message says of itself is quoted, and may be a megabyte, or a presigned URL. The body is kept as
    /// it is, for whoever looks at the quarantine; the reason goes into logs and events.
    private static func short(_ reason: String) -> String {
        (reason.count <= 500 ? reason : reason.prefix(500) + "…").withoutURLQueries
    }

    private func event(_ event: [String: JSONValue]) throws -> Received.Meaning {
        let type = event["detail-type"]?.string ?? ""
        guard let account = event["account"]?.string, let detail = event["detail"]?.object else {
            throw Unreadable("the event has no account or no detail")
        }
        switch type {
        case "SageMaker Model Package State Change":
            guard account == settings.registry.account else {
                throw Unreadable(
                    "the event is of account \(account), and the registry is \(settings.registry.account)"
                )
            }
            guard let package = detail["ModelPackageArn"]?.string, package.utf8.count <= Self.longestARN,
                package.contains(":\(account):model-package/")
            else {
                throw Unreadable("the event names no model package of account \(account)")
            }
            guard let group = detail["ModelPackageGroupName"]?.string, group.utf8.count <= Self.longestGroup
            else {
                throw Unreadable("the event's package is of no group")
            }
            return .packageChanged(package: package, group: group)
        case "SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change":
            guard let endpoint = detail["EndpointName"]?.string else {
                throw Unreadable("the event names no endpoint")
            }
            let place = settings.place(of: endpoint, in: account)
            return .endpointChanged(accounts: place.accounts, endpoint: place.endpoint)
        default:
            throw Unreadable("events of type \(type) mean nothing to Sluice")
        }
    }

    private func request(_ message: [String: JSONValue], _ received: ReceivedMessage) throws
        -> Received.Meaning
    {
        guard message["sluice"]?.int == 1 else {
            throw Unreadable("`sluice` has to be 1, the version of the message")
        }
        guard let sender = received.senderID, !sender.isEmpty else { throw Unreadable("SQS named no sender") }
        guard let name = message["action"]?.string else { throw Unreadable("there is no `action`") }
        if name == "handoff" { return .handoff(try handoff(message, sender, received.body)) }
        let fields = try Fields(
            message,
            called: "`\(name)`",
            of: Self.fields(of: name, message).union(["sluice", "action", "reason", "requestId"])
        )
        let action: Request.Action
        let subject: RequestMessage.Subject
        switch name {
        case "promote", "reject":
            let release = try fields.text("release")
            let stage = try fields.text("stage")
            action =
                name == "promote"
                ? .promote(release: release, stage: stage, isOverride: try fields.flag("override"))
                : .reject(release: release, stage: stage)
            subject = .release(release)
        case "retry":
            let release = try fields.text("release")
            action = .retry(release: release, target: try fields.optionalText("model"))
            subject = .release(release)
        case "hold", "resume":
            let stage = try fields.optionalText("stage")
            action = name == "hold" ? .hold(stage: stage) : .resume(stage: stage)
            let endpoint = try fields.text("endpoint")
            subject = endpoint == "*" ? .everyEndpoint : .endpoint(endpoint)
        case "deploy":
            action = .deploy(models: try fields.texts("models"))
            subject = .endpoint(try fields.text("endpoint"))
        case "rollback":
            action = .rollback(
                account: try fields.text("account"),
                release: try fields.optionalText("release")
            )
            subject = .endpoint(try fields.text("endpoint"))
        case "attest":
            let release = try fields.text("release")
            let word = try fields.text("verdict")
            guard let verdict = Verdict(rawValue: word) else {
                throw Unreadable("`verdict` has to be passed, failed, inconclusive or errored")
            }
            action = .attest(
                release: release,
                stage: try fields.text("stage"),
                check: try fields.text("check"),
                verdict: verdict,
                evidence: try fields.optionalText("evidence")
            )
            subject = .release(release)
        default:
            throw Unreadable("there is no action `\(name)`")
        }
        let reason = try fields.reason()
        let requestID = try fields.optionalText("requestId")
        if requestID == nil, name != "promote", name != "reject" {
            throw Unreadable("`\(name)` needs a `requestId`, which makes a repeat of the message harmless")
        }
        // A key is looked up by an index, which holds no long ones.
        let id = try requestID.map { $0.utf8.count <= 512 ? $0 : Digest.hex(try Digest.sha256($0)) }
        let key =
            try id.map { "request \(sender) \($0)" }
            ?? "body \(sender) \(Digest.hex(Digest.sha256(received.body)))"
        return .request(
            RequestMessage(
                subject: subject,
                request: Request(action: action, sender: Sender(sender), reason: reason),
                key: key
            )
        )
    }

    /// The fields that an action has besides those of every request.
    private static func fields(of action: String, _ message: [String: JSONValue]) -> Set<String> {
        switch action {
        case "promote": ["release", "stage", "override"]
        case "reject": ["release", "stage"]
        case "rollback": ["endpoint", "account", "release"]
        case "attest": ["release", "stage", "check", "verdict", "evidence"]
        case "retry": ["release", "model"]
        case "hold", "resume": ["endpoint", "stage"]
        case "deploy": ["endpoint", "models"]
        default: Set(message.keys)
        }
    }
}
