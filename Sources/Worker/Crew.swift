package import AWS
package import Ledger
package import Logging
package import Native

/// The loops that make up one worker, over whatever it reaches the world through.
package struct Crew: Sendable {
    /// Stopped in the reverse order: what comes in ends first, and the conductor records last.
    let loops: [any Loop]
    /// What the loops last said of themselves.
    let progress: Progress

    /// - Parameters:
    ///   - http: Where every request to AWS goes.
    ///   - base: The worker's own credentials.
    ///   - worker: The worker's id, in the names of sessions and on claims.
    package init(
        settings: Settings,
        options: WorkerService.Options,
        environment: AWSEnvironment,
        http: any HTTPSender,
        base: any CredentialProvider,
        ledger: Ledger,
        timing: Timing,
        worker: String,
        log: Logger
    ) async {
        let sessions = Sessions(
            settings: settings,
            environment: environment,
            http: http,
            base: base,
            worker: worker,
            observer: CallLog(log: log),
            timing: timing
        )
        let reader = RegistryReader(sessions: sessions, settings: settings)
        let mailbox = Mailbox(timing: timing)
        let pruning = Mailbox(timing: timing)
        let own = await sessions.own(in: settings.registry.region)
        let progress = Progress(queues: settings.queues.count)
        self.progress = progress

        let intakes = settings.queues.map { queue in
            Intake(
                queue: queue,
                sqs: SQS(own),
                reader: MessageReader(settings: settings),
                ledger: ledger,
                mailbox: mailbox,
                progress: progress,
                waitSeconds: options.untilIdle ? 1 : 20,
                timing: timing,
                log: log
            )
        }
        let conductor = Conductor(
            ledger: ledger,
            performer: Performer(settings: settings, sessions: sessions, ledger: ledger, log: log),
            reader: reader,
            mailbox: mailbox,
            pruning: pruning,
            worker: worker,
            progress: progress,
            log: log
        )
        let resync = Resync(
            ledger: ledger,
            reader: reader,
            takeover: Takeover(
                settings: settings,
                sessions: sessions,
                reader: reader,
                ledger: ledger,
                log: log
            ),
            drift: Drift(settings: settings, sessions: sessions, ledger: ledger, log: log),
            mailbox: mailbox,
            progress: progress,
            interval: options.resync,
            log: log
        )
        let pruner = Pruner(
            settings: settings,
            ledger: ledger,
            sessions: sessions,
            mailbox: pruning,
            log: log
        )
        let announcer = settings.registry.events.map { bus in
            Announcer(
                bus: bus,
                put: EventBridge(own).putEvents,
                ledger: ledger,
                timing: timing,
                log: log
            )
        }
        loops =
            [announcer].compactMap { $0 }
            + Self.relays(settings, sessions, reader, SQS(own), ledger, mailbox, log)
            + [conductor, pruner, resync] + intakes
            + [Listener(ledger: ledger, mailbox: mailbox, timing: timing)]
    }

    /// What hands releases on, and takes them over, where other workers drive accounts of the endpoints too.
    private static func relays(
        _ settings: Settings,
        _ sessions: Sessions,
        _ reader: RegistryReader,
        _ sqs: SQS,
        _ ledger: Ledger,
        _ mailbox: Mailbox,
        _ log: Logger
    ) -> [any Loop] {
        let sender = HandoffSender(sqs: sqs, ledger: ledger, timing: sessions.timing, log: log)
        let receiver = HandoffReceiver(
            settings: settings,
            sessions: sessions,
            reader: reader,
            ledger: ledger,
            mailbox: mailbox,
            log: log
        )
        return (settings.handsOver ? [sender] : []) + (settings.takesOver ? [receiver] : [])
    }

    /// Works until the task is cancelled, and then gives back what it has.
    package func work() async {
        await withDiscardingTaskGroup { group in
            for loop in loops { group.addTask { await loop.loop() } }
        }
        for loop in loops.reversed() { await loop.end() }
    }
}
