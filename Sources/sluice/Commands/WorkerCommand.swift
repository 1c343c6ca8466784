import AWS
public import ArgumentParser
import Foundation
public import Logging
import Worker

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run the worker: take events in, roll releases out.",
        discussion: """
            Polls the registry's queue, assumes the deployment accounts' roles, and keeps all it knows in the \
            ledger, so that it may be killed at any instant and started again. SIGTERM and SIGINT stop it \
            within ten seconds.

            Its own credentials come from the environment, a web identity token, the shared profile files \
            (keys, roles or credential_process), the container or the instance's metadata, as with the AWS \
            command line; AWS_ENDPOINT_URL points it at a local AWS. Logs are text on a terminal, with what is \
            under way in a few live lines below them, and JSON otherwise.

            It drives the accounts that have no queue of their own. Where a deployment account has one, a worker of \
            its own drives it, with --only and a ledger of its own, and releases are handed over to it.

            Example:
              sluice worker --accounts accounts --ledger sqlite:sluice.sqlite
              sluice worker --accounts accounts --ledger sqlite:prod.sqlite --only prod
            """
    )

    @OptionGroup var accounts: AccountsOption
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var only: OnlyOption

    @Option(help: "How many connections a PostgreSQL ledger may have: one writes, the others read.")
    var ledgerConnections = 4

    @Flag(
        help: "Exit 0 once the queue is empty, the registry was compared, and nothing is due within a minute."
    )
    var untilIdle = false

    @Option(
        help: "How often an endpoint that is changing is looked at when no event says that it has changed."
    )
    var tick = Span(.seconds(15))

    @Option(help: "How often the registry is compared with the ledger.")
    var resync = Span(.seconds(300))

    @Option(help: "The least severe messages to log: debug (every call to AWS), info, warning or error.")
    var log = Logger.Level.info

    func validate() throws {
        guard (2...100).contains(ledgerConnections) else {
            throw ValidationError("--ledger-connections has to be 2 to 100.")
        }
    }

    func run() async throws {
        let folder = try accounts.load()
        let isTerminal = isatty(STDERR_FILENO) == 1
        let level = log
        let live = LiveLines.isPossible ? LiveLines() : nil
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                isTerminal ? TerminalLog(label: label, live: live) : JSONLog()
            handler.logLevel = level
            return handler
        }
        let service = WorkerService(
            folder: folder,
            only: only.only,
            options: .init(
                ledger: ledger.url,
                ledgerConnections: ledgerConnections,
                untilIdle: untilIdle,
                tick: tick.duration,
                resync: resync.duration
            ),
            environment: AWSEnvironment(ProcessInfo.processInfo.environment),
            log: Logger(label: "sluice")
        )
        let watch = live.map { live in Task { [url = ledger.url] in await live.watch(url) } }
        let failure: (any Error)?
        do {
            try await service.run()
            failure = nil
        } catch let error as SettingsError {
            failure = WrongCommand(sentence: error.description)
        } catch {
            failure = error
        }
        // The live lines are gone before anything is said about how it ended.
        watch?.cancel()
        await watch?.value
        if let failure { throw failure }
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// A time span as the accounts folder writes one.
struct Span: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = Duration(accounts: argument) else { return nil }
        self.duration = duration
    }

    var defaultValueDescription: String {
        duration < .seconds(60) ? "\(duration.components.seconds)s" : "\(duration.components.seconds / 60)m"
    }
}
