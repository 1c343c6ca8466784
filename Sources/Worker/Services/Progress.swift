import AWS
import Ledger
import Logging
import Promotion
import ServiceLifecycle

/// What the services last said of themselves; `--until-idle` ends the worker by it.
actor Progress {
    private var isConductorBusy = true
    private var wasIntakeEmpty = false
    private var isResyncComplete = false

    func conductor(isBusy: Bool) { isConductorBusy = isBusy }

    func intake(wasEmpty: Bool) { wasIntakeEmpty = wasEmpty }

    func resync(isComplete: Bool) { isResyncComplete = isResyncComplete || isComplete }

    var isIdle: Bool { !isConductorBusy && wasIntakeEmpty && isResyncComplete }
}

/// Ends the worker once there is nothing to do: an empty receive, a finished Resync, and nothing due
/// within a minute.
struct IdleWatch: Service {
    let ledger: Ledger
    let progress: Progress
    let timing: Timing
    let log: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try await timing.sleep(.milliseconds(100))
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
