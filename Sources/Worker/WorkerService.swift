public import AWS
import Ledger
public import Logging
import Native
import Promotion
import ServiceLifecycle
import UnixSignals

/// The worker: Intake, Conductor, Resync and Pruner over one ledger, started and stopped together.
public struct WorkerService: Sendable {
    /// How a worker is run.
    public struct Options: Sendable {
        /// The ledger's URL.
        public var ledger: String
        /// How many connections to a PostgreSQL ledger there may be.
        public var ledgerConnections: Int
        /// Ends by itself once there is nothing to do within a minute.
        public var untilIdle: Bool
        /// Between two looks at an endpoint that is changing, where no event says that it has.
        public var tick: Duration
        /// Between two comparisons with the registry.
        public var resync: Duration

        public init(
            ledger: String,
            ledgerConnections: Int = 4,
            untilIdle: Bool = false,
            tick: Duration,
            resync: Duration
        ) {
            self.ledger = ledger
            self.ledgerConnections = ledgerConnections
            self.untilIdle = untilIdle
            self.tick = tick
            self.resync = resync
        }
    }

    /// How long a stopping worker may take to give its claims back.
    static let patience = Duration.seconds(8)
    /// What stops a worker.
    private static let signals: [UnixSignal] = [.sigterm, .sigint]

    let folder: AccountsFolder
    let only: [String]
    let options: Options
    let environment: AWSEnvironment
    let log: Logger

    /// - Parameter only: The names of the accounts to drive; where it is empty, those without a queue of their own.
    public init(
        folder: AccountsFolder,
        only: [String],
        options: Options,
        environment: AWSEnvironment,
        log: Logger
    ) {
        self.folder = folder
        self.only = only
        self.options = options
        self.environment = environment
        self.log = log
    }

    /// Runs until it is told to stop (SIGTERM, SIGINT) or, with `untilIdle`, until there is nothing to do.
    ///
    /// - Throws: `LedgerError`, `CredentialsError`, `SettingsError`, `UnitsError` or, where a role is refused it,
    ///   `AWSError` where it cannot begin.
    public func run() async throws {
        let http = HTTPClient(.init(certificateAuthorities: environment.certificateAuthorities))
        let base = try CredentialChain.standard(
            environment: environment,
            http: http,
            region: folder.registry.region
        )
        // Better no worker than one that has nothing to ask with and says so once a minute.
        _ = try await base.credentials()
        // What is wrong with the settings is said before a ledger is made, where that can be.
        let fixed = folder.units.isEmpty ? try Settings(folder, only: only) : nil
        let ledger = try await Ledger.open(
            options.ledger,
            plans: fixed?.plans ?? [],
            pace: Pace(tick: options.tick),
            isWorker: true,
            announces: folder.registry.events != nil,
            connections: options.ledgerConnections
        )
        let worker = Self.id()
        var log = log
        log[metadataKey: "worker"] = "\(worker)"
        if let fixed {
            try await ledger.keepUnits([:])
            try await work(fixed, ledger, http, base, worker, nil, log)
        } else {
            try await workInUnits(ledger, http, base, worker, log)
        }
        await http.shutdown()
        log.info("sluice has stopped; nothing is left half recorded")
    }

    /// Works with the accounts that units have, and begins anew whenever those are others: what is under way goes
    /// on from the ledger, as after any other start.
    private func workInUnits(
        _ ledger: Ledger,
        _ http: HTTPClient,
        _ base: any CredentialProvider,
        _ worker: String,
        _ log: Logger
    ) async throws {
        let own = AWSClient(
            http: http,
            credentials: base,
            region: folder.registry.region,
            environment: environment,
            observer: CallLog(log: log)
        )
        let organizations = Organizations(own, partitionOf: folder.registry.region)
        let reader = UnitReader(
            folder: folder,
            accounts: organizations.states,
            ledger: ledger,
            timing: Timing(),
            log: log
        )
        let shifts = Shifts(begin: reader.expanded) { folder in
            let settings = try Settings(folder, only: only)
            for name in only where !settings.driven.contains(name) {
                log.error("account \(name) is not driven: it is no active account of its unit")
            }
            let watch = UnitWatch(reader: reader, folder: folder, interval: options.resync, log: log)
            let ledger = try await ledger.begun(with: settings.plans)
            try await work(settings, ledger, http, base, worker, watch, log)
            return await watch.changed
        }
        let configuration = ServiceGroupConfiguration(
            services: [.init(service: shifts, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: Self.signals,
            logger: log
        )
        try await ServiceGroup(configuration: configuration).run()
    }

    private func work(
        _ settings: Settings,
        _ ledger: Ledger,
        _ http: HTTPClient,
        _ base: any CredentialProvider,
        _ worker: String,
        _ watch: UnitWatch?,
        _ log: Logger
    ) async throws {
        let timing = Timing()
        let crew = await Crew(
            settings: settings,
            options: options,
            environment: environment,
            http: http,
            base: base,
            ledger: ledger,
            timing: timing,
            worker: worker,
            log: log
        )
        var services = crew.loops.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        let watches: [(any Service)?] = [
            watch,
            options.untilIdle
                ? IdleWatch(ledger: ledger, progress: crew.progress, timing: timing, log: log) : nil,
        ]
        services += watches.compactMap(\.self).map {
            .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
        }
        var configuration = ServiceGroupConfiguration(
            services: services,
            // Shifts are told to stop by whoever they are part of.
            gracefulShutdownSignals: watch == nil ? Self.signals : [],
            logger: log
        )
        configuration.maximumGracefulShutdownDuration = Self.patience
        log.info("sluice begins: \(settings.plans.map(\.name).joined(separator: ", "))")
        try await ServiceGroup(configuration: configuration).run()
    }

    /// Eight hex digits, new with every start: it is in the names of sessions and on claims.
    private static func id() -> String {
        let digits = "0123456789abcdef"
        return String((0..<8).compactMap { _ in digits.randomElement() })
    }
}
