import AWS
import Ledger
import Logging
import Promotion

/// Takes messages from the queue into the ledger and off the queue. It never calls SageMaker, so a
/// message's visibility guards milliseconds, and a redelivery meets a unique key and does nothing.
struct Intake: Loop {
    /// How long a received message stays hidden from others: far longer than recording it takes.
    static let visibilitySeconds = 30

    let queue: String
    let sqs: SQS
    let reader: MessageReader
    let ledger: Ledger
    let mailbox: Mailbox
    let progress: Progress
    /// How long one receive waits for messages, in seconds.
    let waitSeconds: Int
    let timing: Timing
    let log: Logger

    func loop() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                // What cannot be recorded is not received either: every receive brings a message nearer to the
                // dead-letter queue.
                if failures > 0 { try await ledger.probe() }
                let count = try await runOnce()
                failures = 0
                await progress.intake(queue, wasEmpty: count == 0)
            } catch {
                if Task.isCancelled || error is CancellationError { return }
                failures += 1
                await report(error, failures: failures)
            }
        }
    }

    /// One receive: records what came and deletes what is safely recorded.
    ///
    /// - Returns: How many messages came.
    func runOnce() async throws -> Int {
        let messages = try await sqs.receiveMessages(
            queueURL: queue,
            waitSeconds: waitSeconds,
            visibilitySeconds: Self.visibilitySeconds
        )
        guard !messages.isEmpty else { return 0 }
        let received = messages.map(reader.read)
        var unwritten = 0
        let isRecorded = try await ledger.record(received, now: timing.moment) { message, error in
            unwritten += 1
            log.error(
                "a message cannot be recorded and goes back to the queue: \(error)",
                metadata: ["message": "\(message.messageID)"]
            )
        }
        await mailbox.wake()
        for message in received {
            if case .unreadable(let reason) = message.meaning {
                log.warning("\(reason)", metadata: ["message": "\(message.messageID)", "step": "quarantine"])
            }
        }
        let done = zip(messages, isRecorded).filter { $0.1 }.map { $0.0 }
        let left = messages.count - done.count - unwritten
        if left > 0 { log.error("the quarantine is full; \(left) messages stay on the queue") }
        guard !done.isEmpty else { return messages.count }
        // What cannot be deleted comes again and does nothing.
        for failure in try await sqs.deleteMessages(
            queueURL: queue,
            receiptHandles: done.map(\.receiptHandle)
        ) {
            log.warning(
                "a message could not be deleted: \(failure.code) \(failure.message)",
                metadata: ["message": "\(done[failure.index].messageID)"]
            )
        }
        return messages.count
    }

    private func report(_ error: any Error, failures: Int) async {
        let pause = Duration.seconds(min(1 << min(failures - 1, 5), 20))
        log.error(
            "\(Failure(error).sentence)",
            metadata: ["step": "receive", "queue": "\(queue)", "again": "in \(pause.components.seconds) s"]
        )
        try? await timing.sleep(pause)
    }
}
