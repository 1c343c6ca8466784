import Native
public import Promotion

/// One message as Intake understood it.
public struct Received: Sendable {
    public enum Meaning: Sendable {
        /// The registry says that a package changed.
        case packageChanged(package: String, group: String)
        /// An endpoint changed in the accounts of these names; it only wakes the attempts that wait for it.
        case endpointChanged(accounts: [String], endpoint: String)
        case request(RequestMessage)
        case handoff(HandoffMessage)
        /// The message means nothing. The reason is a sentence.
        case unreadable(reason: String)
    }

    public let messageID: String
    public let sender: String?
    public let body: String
    public let meaning: Meaning

    public init(messageID: String, sender: String?, body: String, meaning: Meaning) {
        self.messageID = messageID
        self.sender = sender
        self.body = body
        self.meaning = meaning
    }
}

/// A person's message.
public struct RequestMessage: Hashable, Sendable {
    /// What a request is about: a release, one endpoint, or every endpoint.
    public enum Subject: Hashable, Sendable {
        case release(String)
        case endpoint(String)
        case everyEndpoint
    }

    public let subject: Subject
    public let request: Request
    /// What makes a repeat of the message harmless.
    public let key: String

    public init(subject: Subject, request: Request, key: String) {
        self.subject = subject
        self.request = request
        self.key = key
    }
}

/// The quarantine's limits; past them messages stay on the queue for its dead-letter queue.
public struct QuarantineLimits: Hashable, Sendable {
    public var messages = 10_000
    public var bytes = 1 << 30

    public init() {}
}

extension Ledger {
    /// Records what a batch of messages means, in one transaction, or one by one where one of them cannot be
    /// recorded, so that it does not keep the others from it.
    ///
    /// - Parameter onFailure: Told of each message that cannot be recorded although others can.
    /// - Returns: For each message whether it is safely in the ledger and may be deleted from the queue.
    /// - Throws: `LedgerError` where none of them can be recorded; none is then safe.
    public func record(
        _ batch: [Received],
        limits: QuarantineLimits = QuarantineLimits(),
        now: Moment,
        onFailure: (Received, any Error) -> Void = { _, _ in }
    ) async throws -> [Bool] {
        do {
            return try await recordTogether(batch, limits, now: now)
        } catch  where batch.count > 1 {
            var isRecorded: [Bool] = []
            for message in batch {
                do {
                    isRecorded += try await recordTogether([message], limits, now: now)
                } catch {
                    // Where nothing can be written, that is no fault of the message.
                    try await probe()
                    onFailure(message, error)
                    isRecorded.append(false)
                }
            }
            return isRecorded
        }
    }

    /// Writes what changes nothing, to find out whether anything can be written.
    public func probe() async throws {
        try await store.write { transaction in
            try transaction.run("UPDATE quarantine_size SET messages = messages")
            return
        }
    }

    private func recordTogether(_ batch: [Received], _ limits: QuarantineLimits, now: Moment) async throws
        -> [Bool]
    {
        try await store.write { transaction in
            try batch.map { try record($0, limits: limits, in: transaction, now: now) }
        }
    }

    private func record(
        _ message: Received,
        limits: QuarantineLimits,
        in transaction: any Transaction,
        now: Moment
    ) throws -> Bool {
        switch message.meaning {
        case .packageChanged(let package, let group):
            if feeds(of: group).isEmpty {
                let isFirst = try transaction.run(
                    """
                    INSERT INTO unserved_groups (package_group, package, at) VALUES (?, ?, ?)
                    ON CONFLICT (package_group) DO NOTHING
                    """,
                    group,
                    package,
                    now.milliseconds
                )
                if isFirst == 1 {
                    try journal(
                        "event",
                        "groupNotServed",
                        "\(package): no endpoint is fed by group \(group)",
                        in: transaction,
                        now: now
                    )
                }
            } else {
                try ask(for: package, group: group, in: transaction, now: now)
            }
            return true
        case .endpointChanged(let accounts, let endpoint):
            for account in accounts { try wake(endpoint, in: account, transaction, now: now) }
            return true
        case .request(let request):
            if let reason = try take(request, in: transaction, now: now) {
                return try quarantine(message, because: reason, limits, in: transaction, now: now)
            }
            return true
        case .handoff(let handoff):
            if let reason = try receive(handoff, as: message, in: transaction, now: now) {
                return try quarantine(message, because: reason, limits, in: transaction, now: now)
            }
            return true
        case .unreadable(let reason):
            return try quarantine(message, because: reason, limits, in: transaction, now: now)
        }
    }

    private func wake(_ endpoint: String, in account: String, _ transaction: any Transaction, now: Moment)
        throws
    {
        // A claimed attempt is being looked at already, and its outcome sets the next look.
        let rows = try transaction.rows(
            """
            SELECT release, number, body FROM attempts
            WHERE endpoint = ? AND account = ? AND ended_at IS NULL AND claim_until IS NULL
            """,
            endpoint,
            account
        )
        for row in rows {
            var attempt: Attempt = try Self.decode(row.text("body"))
            attempt.wake(now: now)
            try transaction.run(
                "UPDATE attempts SET due_at = ?, body = ? WHERE release = ? AND account = ? AND number = ?",
                attempt.dueAt?.milliseconds,
                try Self.encode(attempt),
                attempt.release,
                attempt.account,
                attempt.number
            )
        }
    }

    /// Judges a request and records the verdict.
    ///
    /// - Returns: nil where it is recorded, or why it belongs into the quarantine.
    private func take(_ message: RequestMessage, in transaction: any Transaction, now: Moment) throws
        -> String?
    {
        if let old = try transaction.row("SELECT * FROM requests WHERE key = ?", message.key) {
            let (name, release, stage) = message.request.action.subject
            var isRepeat =
                try old.text("action") == name && old.text("reason") == message.request.reason
                && old.optionalText("release") == release && old.optionalText("stage") == stage
            if case .endpoint(let name) = message.subject, try old.optionalText("endpoint") != name {
                isRepeat = false
            }
            return isRepeat ? nil : "its requestId is that of another message of the same sender"
        }
        let subjects: [EndpointPlan]
        var release: String?
        switch message.subject {
        case .release(let id):
            guard let row = try transaction.row("SELECT endpoint FROM releases WHERE id = ?", id) else {
                return "no release \(id) is known"
            }
            guard let plan = plans[try row.text("endpoint")] else {
                return
                    "release \(id) is of endpoint \(try row.text("endpoint")), which the accounts folder no longer has"
            }
            subjects = [plan]
            release = id
        case .endpoint(let name):
            guard let plan = plans[name] else { return "no endpoint \(name) is in the accounts folder" }
            subjects = [plan]
        case .everyEndpoint:
            subjects = plans.values.sorted { $0.name < $1.name }
        }
        // What is asked of every endpoint is asked by somebody who may ask it of every one.
        let stranger =
            subjects.count > 1
            ? subjects.first { plan in !plan.operators.contains { $0.matches(message.request.sender) } } : nil
        var answers: [(plan: EndpointPlan, answer: Answer)] = []
        for plan in subjects {
            let answer =
                if let stranger {
                    try refuse(message, about: plan, for: stranger, in: transaction, now: now)
                } else {
                    try settle(
                        plan,
                        including: release.map { [$0] } ?? [],
                        withPast: message.request.action.isRollback,
                        in: transaction,
                        now: now
                    ) { state in
                        state.take(
                            message.request,
                            known: try known(to: message.request, plan, in: transaction, now: now),
                            now: now
                        )
                    }
                }
            answers.append((plan, answer))
        }
        let why = Set(answers.map(\.answer.why))
        try write(
            answers,
            verdict: answers.contains(where: \.answer.isAccepted) ? "accepted" : "refused",
            why: why.count == 1
                ? why.joined() : answers.map { "\($0.plan.name): \($0.answer.why)" }.joined(separator: "; "),
            to: message,
            release: release,
            in: transaction,
            now: now
        )
        return nil
    }

    private func refuse(
        _ message: RequestMessage,
        about plan: EndpointPlan,
        for stranger: EndpointPlan,
        in transaction: any Transaction,
        now: Moment
    ) throws -> Answer {
        let answer = Answer.refused(
            "\(message.request.sender) is not among the operators of \(stranger.name)"
        )
        try journal(Note(answering: message.request, answer), of: plan, in: transaction, now: now)
        return answer
    }

    /// Writes one verdict on the message, whatever it is about.
    func write(
        _ answers: [(plan: EndpointPlan, answer: Answer)],
        verdict: String,
        why: String,
        to message: RequestMessage,
        release: String?,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        try transaction.run(
            """
            INSERT INTO requests (key, action, endpoint, release, stage, sender, reason, verdict, why, at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
            """,
            message.key,
            message.request.action.subject.name,
            answers.count == 1 ? answers[0].plan.name : "*",
            release,
            message.request.action.subject.stage,
            message.request.sender.id,
            message.request.reason,
            verdict,
            why.isEmpty ? "the accounts folder has no endpoint" : why,
            now.milliseconds
        )
    }

    /// What the ledger knows of the packages that a `deploy` names.
    private func known(
        to request: Request,
        _ plan: EndpointPlan,
        in transaction: any Transaction,
        now: Moment
    ) throws -> [String: Candidate] {
        guard case .deploy(let models) = request.action else { return [:] }
        var known: [String: Candidate] = [:]
        for (target, package) in models {
            guard let row = try self.known(package, in: transaction), let group = plan.targets[target],
                try row.text("package_group") == group
            else { continue }
            known[package] = try candidate(row, target: target, package: package, plan: plan)
            // A version from before Sluice was only listed; the release needs to know what it serves with.
            if try row.optionalInteger("looked_at") == nil {
                try ask(for: package, group: group, in: transaction, now: now)
            }
        }
        return known
    }

    func quarantine(
        _ message: Received,
        because reason: String,
        _ limits: QuarantineLimits,
        in transaction: any Transaction,
        now: Moment
    ) throws -> Bool {
        let known = try transaction.row(
            "SELECT 1 AS known FROM quarantine WHERE message_id = ?",
            message.messageID
        )
        if known != nil { return true }
        let body = [UInt8](message.body.utf8)
        // Counted as it grows: to count what is held for every message would take longer with each.
        let isHeld = try transaction.run(
            """
            UPDATE quarantine_size SET messages = messages + 1, bytes = bytes + ?
            WHERE messages < ? AND bytes + ? <= ?
            """,
            body.count,
            limits.messages,
            body.count,
            limits.bytes
        )
        guard isHeld == 1 else { return false }
        try transaction.run(
            "INSERT INTO quarantine (message_id, received_at, sender, reason, body) VALUES (?, ?, ?, ?, ?)",
            message.messageID,
            now.milliseconds,
            message.sender,
            reason,
            body
        )
        try journal(
            "event",
            "quarantined",
            "message \(message.messageID): \(reason)",
            in: transaction,
            now: now
        )
        return true
    }
}
