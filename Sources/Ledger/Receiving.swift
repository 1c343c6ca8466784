import Native
public import Promotion

/// A release that another worker hands over, as its message has it.
public struct HandoffMessage: Hashable, Sendable, Codable {
    public let handoff: Handoff
    /// Target model → what its artifact was when the release was pinned upstream.
    public let pins: [String: Pin]
    public let sender: String
    /// What makes a repeat of the message harmless.
    public let key: String

    public init(handoff: Handoff, pins: [String: Pin], sender: String, key: String) {
        self.handoff = handoff
        self.pins = pins
        self.sender = sender
        self.key = key
    }

    /// The endpoint, as the release's id has it.
    public var endpoint: String { String(handoff.release.prefix { $0 != "." }) }

    var request: Request {
        Request(action: .handoff(handoff), sender: Sender(sender), reason: "verified upstream")
    }
}

/// A hand-off whose packages and artifacts are still to be read here.
public struct PendingHandoff: Hashable, Sendable {
    public let message: HandoffMessage
    public let failures: Int
}

/// What reading the packages and artifacts of a hand-off came to.
public enum HandoffFinding: Sendable {
    /// They are what was handed over; the packages as they are now.
    case same([PackageSight])
    /// They are not; a sentence.
    case different(String)
    /// They could not be read.
    case unread(Failure)
}

/// Taking releases over: a message is judged by what is known here, then its packages and artifacts are read,
/// and then it is judged once more and acted on.
extension Ledger {
    /// Keeps a hand-off whose packages and artifacts are to be read, or refuses it at once.
    ///
    /// - Returns: nil where it is recorded, or why it belongs into the quarantine.
    func receive(
        _ message: HandoffMessage,
        as received: Received,
        in transaction: any Transaction,
        now: Moment
    ) throws -> String? {
        guard let plan = plans[message.endpoint] else {
            return
                "\(message.handoff.release) is of endpoint \(message.endpoint), of which no account is driven here"
        }
        for table in ["requests", "handoffs_received"] {
            let known = try transaction.row("SELECT 1 AS known FROM \(table) WHERE key = ?", message.key)
            if known != nil { return nil }
        }
        let release = message.handoff.release
        let state = try state(of: plan, including: [release], in: transaction)
        let refusal = state.refusal(
            of: message.handoff,
            from: Sender(message.sender),
            digest: try digest(of: message),
            now: now
        )
        if let refusal {
            return try refuse(message, because: refusal, plan, in: transaction, now: now)
        }
        try transaction.run(
            """
            INSERT INTO handoffs_received (key, endpoint, release, message_id, message, body, at, due_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            message.key,
            plan.name,
            release,
            received.messageID,
            try Self.encode(message),
            [UInt8](received.body.utf8),
            now.milliseconds,
            now.milliseconds
        )
        return nil
    }

    private func digest(of message: HandoffMessage) throws -> String {
        let identity = Release.identity(endpoint: message.endpoint, models: message.handoff.models)
        return Digest.hex(try Digest.sha256(identity))
    }

    /// Records a refusal with the release, if there is one here.
    ///
    /// - Returns: Why the message belongs into the quarantine instead, where there is none.
    private func refuse(
        _ message: HandoffMessage,
        because sentence: String,
        _ plan: EndpointPlan,
        in transaction: any Transaction,
        now: Moment
    ) throws -> String? {
        let id = message.handoff.release
        guard try transaction.row("SELECT 1 AS known FROM releases WHERE id = ?", id) != nil else {
            return "the hand-off of \(id) by \(message.sender) is refused: \(sentence)"
        }
        let answer = Answer.refused(sentence)
        try journal(Note(answering: message.request, answer), of: plan, in: transaction, now: now)
        try write(answer, to: message, plan, in: transaction, now: now)
        return nil
    }

    private func write(
        _ answer: Answer,
        to message: HandoffMessage,
        _ plan: EndpointPlan,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        let request = RequestMessage(
            subject: .release(message.handoff.release),
            request: message.request,
            key: message.key
        )
        try write(
            [(plan, answer)],
            verdict: answer.verdict,
            why: answer.why,
            to: request,
            release: message.handoff.release,
            in: transaction,
            now: now
        )
    }

    /// The hand-offs whose packages and artifacts are to be read now.
    public func handoffsToRead(now: Moment) async throws -> [PendingHandoff] {
        try await store.read { transaction in
            let endpoints = plans.keys.sorted()
            return try transaction.rows(
                """
                SELECT message, failures FROM handoffs_received
                WHERE due_at <= ? AND endpoint IN (\(Self.marks(endpoints))) ORDER BY at, key LIMIT 10
                """,
                [now.milliseconds] + endpoints
            ).map { row in
                PendingHandoff(
                    message: try Self.decode(row.text("message")),
                    failures: Int(try row.integer("failures"))
                )
            }
        }
    }

    /// Records what reading came to, and takes the release over where nothing speaks against it.
    ///
    /// - Returns: The verdict, or nil where the hand-off is tried again or somebody else has judged it.
    @discardableResult
    public func judge(
        _ pending: PendingHandoff,
        _ finding: HandoffFinding,
        limits: QuarantineLimits = QuarantineLimits(),
        now: Moment
    ) async throws -> Answer? {
        try await store.write { transaction in
            let message = pending.message
            let row = try transaction.row("SELECT * FROM handoffs_received WHERE key = ?", message.key)
            guard let row, let plan = plans[message.endpoint] else { return nil }
            let answer: Answer
            switch finding {
            case .unread(let failure):
                try transaction.run(
                    "UPDATE handoffs_received SET failures = ?, trouble = ?, due_at = ? WHERE key = ?",
                    pending.failures + 1,
                    failure.sentence,
                    (now + pause(after: pending.failures + 1)).milliseconds,
                    message.key
                )
                return nil
            case .different(let sentence): answer = .refused(sentence)
            case .same(let sights):
                for sight in sights { try observe(sight, in: transaction, now: now) }
                answer = try take(message, sights, plan, in: transaction, now: now)
                if answer.isAccepted { try write(answer, to: message, plan, in: transaction, now: now) }
            }
            if !answer.isAccepted,
                let reason = try refuse(message, because: answer.why, plan, in: transaction, now: now)
            {
                let received = Received(
                    messageID: try row.text("message_id"),
                    sender: message.sender,
                    body: String(decoding: try row.bytes("body"), as: UTF8.self),
                    meaning: .unreadable(reason: reason)
                )
                // Where the quarantine is full it stays, and is looked at again.
                guard try quarantine(received, because: reason, limits, in: transaction, now: now) else {
                    try transaction.run(
                        "UPDATE handoffs_received SET trouble = ?, due_at = ? WHERE key = ?",
                        reason,
                        (now + pace.retry.ceiling).milliseconds,
                        message.key
                    )
                    return nil
                }
            }
            try transaction.run("DELETE FROM handoffs_received WHERE key = ?", message.key)
            return answer
        }
    }

    private func take(
        _ message: HandoffMessage,
        _ sights: [PackageSight],
        _ plan: EndpointPlan,
        in transaction: any Transaction,
        now: Moment
    ) throws -> Answer {
        for (target, pin) in message.pins {
            guard let version = message.handoff.models[target] else { continue }
            if let known = try self.pin(of: version.package, in: transaction),
                !known.agrees(with: pin) || known.partSize != pin.partSize
            {
                return .refused(
                    "the artifact of \(version.package) is pinned here already, and not as what was handed over"
                )
            }
        }
        let id = message.handoff.release
        let request = message.request
        let digest = try digest(of: message)
        let known = try candidates(of: message, sights, plan, in: transaction, now: now)
        let statuses = try statuses(of: sights.map(\.arn), in: transaction)
        let state = try state(of: plan, including: [id], in: transaction)
        if let why = state.refusal(of: message.handoff, from: request.sender, digest: digest, now: now) {
            return .refused(why)
        }
        let answer = try settle(plan, including: [id], in: transaction, now: now) { state in
            state.learn(statuses: statuses)
            return state.take(request, known: known, digest: digest, now: now)
        }
        guard answer.isAccepted else { return answer }
        for (target, pin) in message.pins {
            guard let version = message.handoff.models[target] else { continue }
            try learn(pin, of: version.package, in: transaction)
        }
        return answer
    }

    /// What the registry was seen to say of the packages, each decided when it says, unless that moment is
    /// taken: a version that was handed over before ends a second time.
    private func candidates(
        of message: HandoffMessage,
        _ sights: [PackageSight],
        _ plan: EndpointPlan,
        in transaction: any Transaction,
        now: Moment
    ) throws -> [String: Candidate] {
        var candidates: [String: Candidate] = [:]
        for (target, version) in message.handoff.models {
            guard let sight = sights.first(where: { $0.arn == version.package }) else { continue }
            let taken = try transaction.row(
                """
                SELECT 1 AS known FROM approvals
                WHERE endpoint = ? AND target = ? AND package = ? AND decided_at = ?
                """,
                plan.name,
                target,
                sight.arn,
                sight.modifiedAt.milliseconds
            )
            candidates[sight.arn] = Candidate(
                target: target,
                package: sight.arn,
                version: sight.version,
                decidedAt: taken == nil ? sight.modifiedAt : now,
                decidedBy: sight.modifiedBy,
                status: sight.status,
                model: version
            )
        }
        return candidates
    }
}
