import Ledger
import ServiceLifecycle

/// Wakes the conductor when another worker on the same ledger has changed something: it may have left work.
struct Listener: Service {
    let ledger: Ledger
    let mailbox: Mailbox

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in ledger.changes() { await mailbox.wake() }
            // Where nobody else writes there is nothing to hear, and a service that ends ends the worker.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }
}
