import AWS
import Foundation

/// Looks at the worker itself: the clock, its queue, the rules that feed it, and the bus it tells.
struct WorkerCheck: Sendable {
    let folder: AccountsFolder
    let role: RolePermissions
    /// With the worker's own credentials.
    let own: AWSClient
    /// As who reads the registry; nil where that cannot be.
    let registry: AWSClient?
    let registryRole: RolePermissions
    let queuePolicy: Statement
    /// This machine's time.
    let now: @Sendable () -> Date

    private static let name = "worker"

    /// JSON services refuse a signature that is five minutes off.
    private static let tolerance: TimeInterval = 240

    func clock() async throws -> [Finding] {
        let begun = now()
        switch try await see({ try await STS(own).date() }) {
        case .failure(let error): return [.unknown(Self.name, "clock", "could not look: \(error)")]
        case .success(nil): return [.unknown(Self.name, "clock", "AWS did not say what time it is")]
        case .success(let date?):
            return [Self.judge(ahead: date.timeIntervalSince(begun))]
        }
    }

    /// - Parameter ahead: How many seconds AWS's clock is before this machine's.
    static func judge(ahead: TimeInterval) -> Finding {
        let seconds = Int(abs(ahead).rounded())
        guard TimeInterval(seconds) > tolerance else {
            return .ok(name, "clock", "at most \(max(seconds, 1)) s from AWS's")
        }
        return .missing(
            name,
            "clock",
            "this machine's clock is \(seconds) s \(ahead > 0 ? "behind" : "ahead of") AWS's: signatures are refused "
                + "until a refusal has said what time it is",
            fix: "keep the clock by NTP (chrony, or the Amazon Time Sync Service at 169.254.169.123)"
        )
    }

    /// One look for each queue that the worker polls.
    func queue(_ url: String) async throws -> [Finding] {
        let isCentral = url == folder.registry.queue
        let rules = isCentral ? try await rules() : nil
        let told = rules.map(ruleFinding) ?? []
        switch try await see({ try await SQS(own).queueAttributes(queueURL: url) }) {
        case .success(let attributes):
            let sight = QueueSight(
                url: url,
                arn: folder.arn(ofQueue: url),
                attributes: attributes,
                rules: ((try? rules?.get()) ?? []).compactMap(\.arn),
                wanted: isCentral ? queuePolicy : nil
            )
            let tried = [try await deleting(url), try await receiving(url, attributes)].compactMap(\.self)
            return tried + sight.findings + told
        case .failure(let error) where error.isMissing: return [noQueue(url)] + told
        case .failure(let error):
            let look = role.optional.first { $0.sid == "LookAtQueue" }
            let unseen = Finding.unseen(Self.name, "queue", error, role, look)
            return [try await deleting(url), unseen].compactMap(\.self) + told
        }
    }

    /// Nothing is deleted: no message has such a receipt. Nil where nothing is wrong.
    private func deleting(_ url: String) async throws -> Finding? {
        switch try await see({ try await SQS(own).deleteMessages(queueURL: url, receiptHandles: ["none"]) }) {
        case .failure(let error) where error.isMissing: return noQueue(url)
        case .failure(let error) where error.kind == .denied: return denied("deleted", error)
        default: return nil
        }
    }

    private func noQueue(_ url: String) -> Finding {
        .missing(
            Self.name,
            "queue",
            "there is no queue \(url)",
            fix: "create it, or mend `queue` in the accounts folder"
        )
    }

    private func denied(_ what: String, _ error: AWSError) -> Finding {
        let statement = role.statements.first { $0.sid == "Queue" }
        return .missing(
            Self.name,
            "queue",
            "messages cannot be \(what): \(error)",
            fix: statement.map { Finding.add($0, to: role) } ?? ""
        )
    }

    /// A receive takes a message out of sight and counts against it, so it is tried on an empty queue alone.
    private func receiving(_ url: String, _ attributes: [String: String]) async throws -> Finding {
        let waiting = attributes["ApproximateNumberOfMessages"] ?? "0"
        guard waiting == "0" else {
            return .ok(
                Self.name,
                "queue",
                "it is there; \(waiting) messages wait, so none was received to try it"
            )
        }
        let received = try await see {
            try await SQS(own).receiveMessages(
                queueURL: url,
                maximum: 1,
                waitSeconds: 0,
                visibilitySeconds: 0
            )
        }
        switch received {
        case .success: return .ok(Self.name, "queue", "it is there and can be received from")
        case .failure(let error) where error.kind == .denied: return denied("received", error)
        case .failure(let error): return .unknown(Self.name, "queue", "could not look: \(error)")
        }
    }

    private func rules() async throws -> Seen<[EventRule]>? {
        guard let registry else { return nil }
        return try await see {
            let events = EventBridge(registry)
            var rules: [EventRule] = []
            for name in try await events.ruleNames(target: folder.registry.queueARN) {
                rules.append(try await events.describeRule(name: name))
            }
            return rules
        }
    }

    private func ruleFinding(_ rules: Seen<[EventRule]>) -> [Finding] {
        switch rules {
        case .success(let rules):
            let groups = folder.groups.map(\.name)
            return [RuleSight(registry: folder.registry, groups: groups, rules: rules).finding]
        case .failure(let error):
            let look = folder.ruleLooks.first { $0.actions == ["events:\(error.operation)"] }
            return [.unseen(RuleSight.account, "rule", error, registryRole, look)]
        }
    }

    func bus() async throws -> [Finding] {
        guard let bus = folder.registry.events else { return [] }
        switch try await see({ try await EventBridge(own).describeEventBus(name: bus) }) {
        case .success: return [.ok(Self.name, "bus", "event bus \(bus) is there")]
        case .failure(let error) where error.isMissing:
            return [
                .missing(
                    Self.name,
                    "bus",
                    "there is no event bus \(bus), so Sluice's own events go nowhere",
                    fix: "create it, or mend `events` of the registry document"
                )
            ]
        case .failure(let error):
            let look = role.optional.first { $0.sid == "LookAtBus" }
            return [.unseen(Self.name, "bus", error, role, look)]
        }
    }
}
