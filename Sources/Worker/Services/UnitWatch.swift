import AWS
import Logging
import ServiceLifecycle

/// Asks now and then which accounts the organizational units have, and ends the worker's loops once those are
/// others, so that they begin anew with them.
///
/// Another worker on the same ledger may be the first to see it. Whoever went on without an account that has joined
/// would take a release past it, so the ledger is looked at much more often than Organizations is asked.
actor UnitWatch: Service {
    private let reader: UnitReader
    private let folder: AccountsFolder
    private let interval: Duration
    private let glance: Duration
    private let log: Logger
    /// The folder with the accounts that there are now; nil while they are the same.
    private(set) var changed: AccountsFolder?

    /// - Parameters:
    ///   - interval: Between two times Organizations is asked.
    ///   - glance: Between two looks into the ledger.
    init(
        reader: UnitReader,
        folder: AccountsFolder,
        interval: Duration,
        glance: Duration = .seconds(2),
        log: Logger
    ) {
        self.reader = reader
        self.folder = folder
        self.interval = interval
        self.glance = glance
        self.log = log
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.watch() }
    }

    private func watch() async {
        var asked = reader.timing.elapsed()
        while !Task.isCancelled {
            do {
                try await reader.timing.sleep(min(interval, glance))
                let isDue = reader.timing.elapsed() - asked >= interval
                if isDue { asked = reader.timing.elapsed() }
                let now = isDue ? try await reader.expanded() : try await reader.known()
                guard let now, now != folder else { continue }
                log.info("the accounts of organizational units are others; beginning anew with them")
                changed = now
                return
            } catch {
                if !Task.isCancelled { log.error("\(error)", metadata: ["step": "units"]) }
            }
        }
    }
}
