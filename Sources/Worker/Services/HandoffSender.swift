import AWS
import Ledger
import Logging
import Promotion

/// Hands releases over to the workers of other accounts, as the worker's own identity. What is owed stays in
/// the ledger until the queue has taken it.
struct HandoffSender: Loop {
    /// Between two looks for something to hand over.
    static let interval = Duration.seconds(1)

    let sqs: SQS
    let ledger: Ledger
    let timing: Timing
    let log: Logger

    func loop() async {
        while !Task.isCancelled {
            do {
                for owed in try await ledger.handoffsDue(now: timing.moment) { try await send(owed) }
            } catch {
                if Task.isCancelled { return }
                log.error("\(error)", metadata: ["step": "handOver"])
            }
            try? await timing.sleep(Self.interval)
        }
    }

    /// - Throws: `LedgerError` where the outcome cannot be recorded; it is then sent again.
    private func send(_ owed: OwedHandoff) async throws {
        let metadata: Logger.Metadata = [
            "release": "\(owed.release)", "account": "\(owed.account)", "stage": "\(owed.stage)",
            "step": "handOver",
        ]
        let message: String
        do {
            message = try await sqs.sendMessage(queueURL: owed.queue, body: owed.body)
        } catch {
            if Task.isCancelled { return }
            let failure = Failure(error)
            try await ledger.couldNotHandOver(owed, failure, now: timing.moment)
            return log.warning("\(failure.sentence)", metadata: metadata)
        }
        try await ledger.handedOver(owed, message: message, now: timing.moment)
        log.info("handed over to the worker of \(owed.account), message \(message)", metadata: metadata)
    }
}
