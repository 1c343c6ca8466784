import AWS
import Ledger
import Logging
import Promotion

/// Compares the registry and what serves with the ledger, on start and on a timer. Events are hints; the
/// registry is the truth, and a lost event costs minutes, never a model.
struct Resync: Loop {
    let ledger: Ledger
    let reader: RegistryReader
    let takeover: Takeover
    let drift: Drift
    let mailbox: Mailbox
    let progress: Progress
    let interval: Duration
    let log: Logger

    private var timing: Timing { reader.sessions.timing }

    func loop() async {
        while !Task.isCancelled {
            let isComplete = await runOnce()
            await drift.run()
            await progress.resync(isComplete: isComplete)
            // A sweep that could not see every group is repeated sooner.
            try? await timing.sleep(isComplete ? interval : min(interval, .seconds(30)))
        }
    }

    /// - Returns: Whether the registry could be compared as a whole.
    func runOnce() async -> Bool {
        do {
            // Before anything is decided: what serves already is no news.
            try await takeover.run()
        } catch {
            if Task.isCancelled { return false }
            log.error("\(Failure(error).sentence)", metadata: ["step": "takeover"])
            return false
        }
        var listings: [String: [PackageListing]] = [:]
        var troubles: [String: String] = [:]
        var missing = 0
        let groups = ledger.groups
        for group in groups where !Task.isCancelled {
            do {
                listings[group] = try await reader.list(group)
            } catch {
                if Task.isCancelled { return false }
                let sentence = Failure(error).sentence
                troubles[group] = sentence
                // A group that is not there yet was looked for, and nothing of it is waited for.
                if (error as? AWSError)?.isMissing == true { missing += 1 }
                log.error("\(sentence)", metadata: ["group": "\(group)", "step": "resync"])
            }
        }
        do {
            // All at once, so that versions found together are released together.
            let looks = try await ledger.listed(listings, now: timing.moment)
            try await ledger.couldNotList(troubles, now: timing.moment)
            if looks > 0 {
                log.info("\(looks) packages differ from the ledger", metadata: ["step": "resync"])
            }
            await mailbox.wake()
        } catch {
            log.error("\(error)", metadata: ["step": "resync"])
            return false
        }
        return listings.count + missing == groups.count
    }
}
