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

    let settings: Settings
    let options: Options
    let environment: AWSEnvironment
    let log: Logger

    public init(
        settings: Settings,
        options: Options,
        environment: AWSEnvironment,
        log: Logger
    ) {
        self.settings = settings
        self.options = options
        self.environment = environment
        self.log = log
    }

    /// Runs until it is told to stop (SIGTERM, SIGINT) or, with `untilIdle`, until there is nothing to do.
    ///
    /// - Throws: `LedgerError`, `CredentialsError` or, where a role is refused it, `AWSError` where it cannot begin.
    public func run() async throws {
        let http = HTTPClient(.init(certificateAuthorities: environment.certificateAuthorities))
        let base = try CredentialChain.standard(
            environment: environment,
            http: http,
            region: settings.registry.region
        )
        // Better no worker than one that has nothing to ask with and says so once a minute.
        _ = try await base.credentials()
        let ledger = try await Ledger.open(
            options.ledger,
            plans: settings.plans,
            pace: Pace(tick: options.tick),
            isWorker: true,
            announces: settings.registry.events != nil,
            connections: options.ledgerConnections
        )
        let worker = Self.id()
        var log = log
        log[metadataKey: "worker"] = "\(worker)"
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
        if options.untilIdle {
            services.append(
                .init(
                    service: IdleWatch(ledger: ledger, progress: crew.progress, timing: timing, log: log),
                    successTerminationBehavior: .gracefullyShutdownGroup
                )
            )
        }
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: log
        )
        configuration.maximumGracefulShutdownDuration = Self.patience
        log.info("sluice begins: \(settings.plans.map(\.name).joined(separator: ", "))")
        try await ServiceGroup(configuration: configuration).run()
        await http.shutdown()
        log.info("sluice has stopped; nothing is left half recorded")
    }

    /// Eight hex digits, new with every start: it is in the names of sessions and on claims.
    private static func id() -> String {
        let digits = "0123456789abcdef"
        return String((0..<8).compactMap { _ in digits.randomElement() })
    }
}
