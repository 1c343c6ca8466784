import AWS
import Ledger

/// Wakes the conductor when another worker on the same ledger has changed something: it may have left work.
struct Listener: Loop {
    let ledger: Ledger
    let mailbox: Mailbox
    let timing: Timing

    func loop() async {
        for await _ in ledger.changes() { await mailbox.wake() }
        // Where nobody else writes there is nothing to hear, and a service that ends ends the worker.
        while !Task.isCancelled { try? await timing.sleep(.seconds(3600)) }
    }
}
