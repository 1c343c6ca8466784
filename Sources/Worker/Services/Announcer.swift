import AWS
import Foundation
import Ledger
import Logging
import Promotion
import ServiceLifecycle

/// Puts every decision about a release on the configured event bus. A bus that cannot be reached never
/// delays a rollout: what is owed stays in the ledger and is sent later.
struct Announcer: Service {
    /// Between two looks for something to announce.
    static let interval = Duration.seconds(1)

    let bus: String
    let client: EventBridge
    let ledger: Ledger
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await runOnce()
                } catch {
                    log.warning(
                        "\(Failure(error).sentence)",
                        metadata: ["step": "announce", "bus": "\(bus)"]
                    )
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    func runOnce() async throws {
        let due = try await ledger.announcementsDue(limit: 10, now: .now)
        guard !due.isEmpty else { return }
        let entries = due.map { announcement in
            EventEntry(
                source: "sluice",
                detailType: "Sluice Release State Change",
                detail: announcement.detail,
                resources: [announcement.release],
                eventBusName: bus
            )
        }
        do {
            let results = try await client.putEvents(entries)
            let isSent = results.map { $0.eventID != nil }
            try await ledger.announced(due, isSent: isSent, now: .now)
        } catch let error as AWSError {
            try await ledger.announced(due, isSent: due.map { _ in false }, now: .now)
            throw error
        }
    }
}
