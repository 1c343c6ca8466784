import AWS
import Native

/// The queue as it was found, and what that means for the events that have to arrive on it.
struct QueueSight {
    static let account = "worker"

    let url: String
    let arn: String
    let attributes: [String: String]
    /// The ARNs of the rules that deliver to it, as far as they are known.
    let rules: [String]
    /// What the queue's policy has to say where no rule is known; nil for a queue that no event has to reach,
    /// because releases are handed over there.
    let wanted: Statement?

    var findings: [Finding] { [wanted.map(policy), deadLetters, encryption].compactMap(\.self) }

    private var name: String { "queue \(url.split(separator: "/").last ?? "")" }

    private func missing(_ check: String, _ text: String, _ wanted: Statement) -> Finding {
        var statement = wanted
        if !rules.isEmpty { statement.condition = ["ArnEquals": ["aws:SourceArn": rules]] }
        return .missing(
            Self.account,
            check,
            text,
            fix: "set the policy of \(name) to have: \(statement.json)"
        )
    }

    private func policy(_ wanted: Statement) -> Finding {
        let senders = PolicyText(attributes["Policy"] ?? "").entries.filter { entry in
            entry.allows && entry.names(service: "events.amazonaws.com")
                && entry.covers(action: "sqs:SendMessage")
                && entry.covers(resource: arn)
        }
        guard !senders.isEmpty else {
            return missing(
                "queue policy",
                "\(name) lets EventBridge send nothing, so no event arrives",
                wanted
            )
        }
        let bound = senders.filter {
            $0.condition(on: "aws:SourceArn") != nil || $0.condition(on: "aws:SourceAccount") != nil
        }
        guard bound.count == senders.count else {
            return missing(
                "queue policy",
                "\(name) lets EventBridge send for anybody's rules: no condition asks for aws:SourceArn",
                wanted
            )
        }
        for rule in rules {
            let isLet = bound.contains { entry in
                entry.condition(on: "aws:SourceArn")?.contains { PolicyText.glob($0, rule) } ?? true
            }
            guard isLet else {
                return missing("queue policy", "\(name) does not let rule \(rule) send", wanted)
            }
        }
        return .ok(Self.account, "queue policy", "EventBridge may send for the rules' ARNs alone")
    }

    private var deadLetters: Finding {
        guard let text = attributes["RedrivePolicy"],
            let redrive = (try? JSONDocument(parsing: Array(text.utf8)))?.root,
            let target = redrive["deadLetterTargetArn"]?.string
        else {
            return .missing(
                Self.account,
                "dead letters",
                "\(name) has no dead-letter queue: a message that cannot be taken in comes back until it expires",
                fix:
                    "set its RedrivePolicy to {\"deadLetterTargetArn\":\"<ARN of a queue>\",\"maxReceiveCount\":10}"
            )
        }
        return .ok(Self.account, "dead letters", "what cannot be taken in goes to \(target)")
    }

    /// EventBridge may not use the key that SQS keeps for itself.
    private var encryption: Finding? {
        guard let key = attributes["KmsMasterKeyId"], key.hasSuffix("alias/aws/sqs") else { return nil }
        return .missing(
            Self.account,
            "queue key",
            "\(name) is encrypted with SQS's own key, alias/aws/sqs, which EventBridge may not use: nothing arrives",
            fix: "set SqsManagedSseEnabled to true, or KmsMasterKeyId to a key whose policy allows "
                + "events.amazonaws.com kms:GenerateDataKey and kms:Decrypt"
        )
    }
}
