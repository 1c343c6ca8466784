import AWS
import Logging
import ServiceLifecycle

/// Asks now and then which accounts the organizational units have, and ends the worker's loops once those are
/// others, so that they begin anew with them.
actor UnitWatch: Service {
    private let reader: UnitReader
    private let folder: AccountsFolder
    private let interval: Duration
    private let log: Logger
    /// The folder with the accounts that there are now; nil while they are the same.
    private(set) var changed: AccountsFolder?

    init(reader: UnitReader, folder: AccountsFolder, interval: Duration, log: Logger) {
        self.reader = reader
        self.folder = folder
        self.interval = interval
        self.log = log
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.watch() }
    }

    private func watch() async {
        while !Task.isCancelled {
            do {
                try await reader.timing.sleep(interval)
                let now = try await reader.expanded()
                guard now != folder else { continue }
                log.info("the accounts of organizational units are others; beginning anew with them")
                changed = now
                return
            } catch {
                if !Task.isCancelled { log.error("\(error)", metadata: ["step": "units"]) }
            }
        }
    }
}
