import Native
import Testing

/// A call that the stand-in keeps hanging, so that a worker can be killed at exactly that instant.
struct Hold: Sendable {
    /// How the call hangs, and what has become of it when its caller is gone.
    enum Way: Sendable {
        /// It has arrived and done nothing; once let go it fails, so that it never will.
        case unanswered
        /// It has arrived and done nothing; once let go it does what it was sent for.
        case delayed
        /// It has taken effect, and nobody has read the reply.
        case done
    }

    let id: String
    let operation: String
    let account: String
}

extension World {
    /// Holds the next call of an operation that is made with credentials of an account.
    ///
    /// - Parameter subject: A pattern for what the call is about, where several are made at once.
    func hold(
        _ operation: String,
        in account: String,
        _ way: Hold.Way,
        subject: String? = nil
    ) async throws -> Hold {
        try await order(
            operation,
            in: account,
            way == .done ? "hold-after" : "hold-before",
            status: way == .unanswered ? 500 : nil,
            subject: subject
        )
    }

    /// Lets the reply to the next call of an operation be lost after the call has taken effect.
    func loseReply(to operation: String, in account: String, subject: String? = nil) async throws -> Hold {
        try await order(operation, in: account, "drop-after", status: nil, subject: subject)
    }

    private func order(
        _ operation: String,
        in account: String,
        _ when: String,
        status: Int64?,
        subject: String?
    ) async throws -> Hold {
        var order: [String: JSONValue] = [
            "match": .string("^\(operation)$"), "account": .string(account), "times": 1,
            "when": .string(when),
        ]
        if let status { order["status"] = .int(status) }
        if let subject { order["subject"] = .string(subject) }
        let made = try await aws.post("faults", .object(order))
        return Hold(id: try #require(made["id"]?.string), operation: operation, account: account)
    }

    /// Waits until the call has arrived.
    func arrives(_ hold: Hold) async throws {
        try await eventually("\(hold.operation) arrives") {
            let faults = try await aws.get("faults").array ?? []
            let fault = faults.first { $0["id"]?.string == hold.id }
            return (fault?["fired"] == 1 ? true : nil, "\(faults)")
        }
    }

    /// Lets the held call go, and waits until the stand-in has finished with it.
    func letGo(_ hold: Hold) async throws {
        let before = try await counts(hold.account)[hold.operation] ?? 0
        try await mend(hold.id)
        try await eventually("\(hold.operation) has ended") {
            let now = try await counts(hold.account)[hold.operation] ?? 0
            return (now > before ? true : nil, "\(now) calls")
        }
    }

    /// Kills the worker while the call hangs, and lets the call go.
    func killWorker(at hold: Hold) async throws {
        try await arrives(hold)
        try await killWorker()
        try await letGo(hold)
    }
}
