import AWS
import Foundation
import Ledger
import Logging
import Promotion

/// Puts every decision on the configured event bus. A bus that cannot be reached never delays a rollout:
/// what is owed stays in the ledger and is sent later.
struct Announcer: Loop {
    /// Between two looks for something to announce.
    static let interval = Duration.seconds(1)

    /// How many events EventBridge takes at once, and how many bytes. Theirs is 256 KB with what is around
    /// the details.
    static let most = 10
    static let largest = 240_000

    let bus: String
    let put: @Sendable ([EventEntry]) async throws -> [EventResult]
    let ledger: Ledger
    var timing = Timing()
    let log: Logger

    func loop() async {
        while !Task.isCancelled {
            do {
                try await runOnce()
            } catch {
                log.warning(
                    "\(Failure(error).sentence)",
                    metadata: ["step": "announce", "bus": "\(bus)"]
                )
            }
            try? await timing.sleep(Self.interval)
        }
    }

    /// Sends until nothing is due, so that what an outage left behind is gone in no time.
    func runOnce() async throws {
        while !Task.isCancelled {
            let due = Self.fitting(try await ledger.announcementsDue(limit: Self.most, now: timing.moment))
            guard !due.isEmpty else { return }
            try await send(due)
        }
    }

    /// As many of the first as EventBridge takes in one call.
    static func fitting(_ due: [Announcement]) -> [Announcement] {
        var size = 0
        return Array(
            due.prefix { announcement in
                // What is around a detail: the source, the kind of event and what it is about.
                size += announcement.detail.utf8.count + 1_000
                return size <= largest
            }
        )
    }

    private func send(_ due: [Announcement]) async throws {
        do {
            let results = try await put(due.map(entry))
            try await ledger.announced(due, isSent: results.map { $0.eventID != nil }, now: timing.moment)
            for failed in results where failed.eventID == nil {
                log.warning(
                    "the bus did not take an event, which is sent again later",
                    metadata: [
                        "step": "announce", "bus": "\(bus)", "code": "\(failed.errorCode ?? "")",
                        "error": "\(failed.errorMessage ?? "")",
                    ]
                )
            }
        } catch let error as AWSError where error.kind == .invalid && due.count > 1 {
            // One that EventBridge does not take must not keep the others back.
            for announcement in due { try await send([announcement]) }
        } catch let error as AWSError {
            try await ledger.announced(due, isSent: due.map { _ in false }, now: timing.moment)
            throw error
        }
    }

    private func entry(_ announcement: Announcement) -> EventEntry {
        let kind = announcement.release == nil ? "Endpoint" : "Release"
        return EventEntry(
            source: "sluice",
            detailType: "Sluice \(kind) State Change",
            detail: announcement.detail,
            resources: [announcement.release ?? announcement.endpoint],
            eventBusName: bus
        )
    }
}
