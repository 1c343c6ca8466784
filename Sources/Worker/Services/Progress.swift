import AWS
import Ledger
import Logging
import Promotion
import ServiceLifecycle

/// What the services last said of themselves; `--until-idle` ends the worker by it.
actor Progress {
    private var isConductorBusy = true
    /// The queues whose last receive brought nothing.
    private var emptyQueues: Set<String> = []
    private let queues: Int
    private var isResyncComplete = false

    /// - Parameter queues: How many queues are polled.
    init(queues: Int) {
        self.queues = queues
    }

    func conductor(isBusy: Bool) { isConductorBusy = isBusy }

    func intake(_ queue: String, wasEmpty: Bool) {
        if wasEmpty { emptyQueues.insert(queue) } else { emptyQueues.remove(queue) }
    }

    func resync(isComplete: Bool) { isResyncComplete = isResyncComplete || isComplete }

    var isIdle: Bool { !isConductorBusy && emptyQueues.count == queues && isResyncComplete }
}

/// Ends the worker once there is nothing to do: an empty receive, a finished Resync, and nothing due
/// within a minute.
struct IdleWatch: Service {
    let ledger: Ledger
    let progress: Progress
    let timing: Timing
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Being told to stop is no failure, which would end the others without their leave.
                try? await timing.sleep(.milliseconds(100))
                // A ledger that cannot be read now says nothing, and the conductor says what is wrong with it.
                guard await progress.isIdle,
                    (try? await ledger.isIdle(for: .seconds(60), now: timing.moment)) == true
                else { continue }
                // Returning ends the service group, cleanly and with success.
                log.info("idle: nothing is due within a minute")
                return
            }
        }
    }
}
