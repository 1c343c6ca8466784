import AWS
import Ledger

/// Where the conductor's effects leave their outcomes, and where others wake it.
actor Mailbox {
    private var outcomes: [Outcome] = []
    private var isAwake = false
    private var waiter: CheckedContinuation<Void, Never>?
    private let timing: Timing

    init(timing: Timing = Timing()) {
        self.timing = timing
    }

    func put(_ new: [Outcome]) {
        outcomes += new
        wake()
    }

    /// Something may be due that was not before.
    func wake() {
        isAwake = true
        waiter?.resume()
        waiter = nil
    }

    /// Everything that came in since the last time.
    func take() -> [Outcome] {
        defer { outcomes = [] }
        return outcomes
    }

    /// Returns once something came in, when the time is over, or when the caller is cancelled.
    func wait(for duration: Duration) async {
        if !isAwake {
            let timer = Task(executorPreference: timing.executor) { [timing] in
                try await timing.sleep(duration)
                await self.wake()
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { waiter = $0 }
            } onCancel: {
                Task(executorPreference: timing.executor) { await self.wake() }
            }
            timer.cancel()
        }
        isAwake = false
    }
}
