import Promotion

/// All that one target model is asked in one effect.
struct Interview: Sendable {
    let target: String
    let calls: SmokeCalls
    /// How long a reply of the loaded model may take.
    var within: Duration?
    /// Whether it has answered before: the first reply may have waited for the model to load.
    private(set) var hasAnswered = false

    init(target: String, calls: SmokeCalls) {
        self.target = target
        self.calls = calls
    }

    /// Asks once more, after whatever was asked before.
    mutating func ask(_ question: SmokeCalls.Question) async throws -> [UInt8] {
        let reply = try await calls.ask(target, question)
        if hasAnswered { try check(reply) }
        hasAnswered = true
        return reply.body
    }

    /// Asks a model that has answered before, beside other questions.
    func askAgain(_ question: SmokeCalls.Question) async throws -> [UInt8] {
        let reply = try await calls.ask(target, question)
        try check(reply)
        return reply.body
    }

    private func check(_ reply: SmokeCalls.Reply) throws(Disappointment) {
        guard let within, reply.took > within else { return }
        throw Disappointment(
            "answered in \(Self.text(reply.took)), and is given \(Self.text(within)) once it is loaded"
        )
    }

    private static func text(_ duration: Duration) -> String {
        "\(Double(duration.wholeMilliseconds) / 1000) s"
    }
}
