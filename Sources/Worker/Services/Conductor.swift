import AWS
import Ledger
import Logging
import Promotion

/// Claims work that is due, performs it, and gives what became of it back to the ledger.
///
/// Nothing is remembered between two turns but which effects run: waiting is a row with a due time. All
/// outcomes that came in since the last turn are recorded in one transaction, which also claims the next
/// work.
struct Conductor: Loop {
    /// How many effects run at once.
    static let capacity = 256
    /// The longest time between two turns.
    static let heartbeat = Duration.seconds(10)

    let ledger: Ledger
    let performer: Performer
    let reader: RegistryReader
    let mailbox: Mailbox
    /// Woken when a release has ended, which may leave something to prune.
    let pruning: Mailbox
    let worker: String
    let progress: Progress
    let log: Logger

    private var timing: Timing { performer.sessions.timing }

    func loop() async {
        // Discarding, because an ordinary group would keep every effect that ever ended.
        await withDiscardingTaskGroup { effects in
            await conduct(&effects)
            // Whoever is stopped now reports that it was interrupted, which is recorded and not counted.
            effects.cancelAll()
        }
    }

    private func conduct(_ effects: inout DiscardingTaskGroup) async {
        var running: [AttemptClaim: Lease] = [:]
        var looking = 0
        var unrecorded: [Outcome] = []
        var told: Int64?
        while !Task.isCancelled {
            unrecorded += await mailbox.take()
            let now = timing.moment
            do {
                // Before the turn: whoever slept for long would be handed what is still running here.
                try await renew(running, now: now)
                var last: Int64
                if let told { last = told } else { last = try await ledger.journalEnd() }
                let turn = try await ledger.turn(
                    unrecorded,
                    worker: worker,
                    capacity: Self.capacity - running.count - looking,
                    now: now
                )
                for outcome in unrecorded {
                    say(outcome)
                    switch outcome {
                    case .attempt(let claim, _, _): running[claim] = nil
                    case .looked, .lookFailed, .alarmsSeen, .alarmsNotSeen: looking -= 1
                    }
                }
                unrecorded = []
                looking += turn.looks.count + turn.alarmLooks.count
                for work in turn.work {
                    let lease = Lease(now: now)
                    running[work.claim] = lease
                    if work.effect != .look { begin(work, under: lease, &effects) }
                }
                beginLooks(of: turn, &effects)
                for (line, note) in try await ledger.decisions(after: last) {
                    say(note)
                    if note.name == "ended" { await pruning.wake() }
                    last = line
                }
                told = last
                await progress.conductor(isBusy: !running.isEmpty || looking > 0)
                guard turn.work.isEmpty, turn.looks.isEmpty, turn.alarmLooks.isEmpty else { continue }
                await mailbox.wait(for: pause(until: turn.nextDue))
            } catch {
                // Being stopped in the middle of a turn is no fault of the ledger's.
                if Task.isCancelled { break }
                // A ledger that cannot be written (a full disk) loses nothing: what is done waits here.
                log.error("the ledger cannot be written; trying again", metadata: ["error": "\(error)"])
                try? await timing.sleep(.seconds(1))
            }
        }
        await mailbox.put(unrecorded)
    }

    private func pause(until due: Moment?) -> Duration {
        guard let due else { return Self.heartbeat }
        return max(.milliseconds(1), min(Self.heartbeat, due - timing.moment))
    }

    /// Keeps the claims of effects that run for long.
    private func renew(_ running: [AttemptClaim: Lease], now: Moment) async throws {
        let old = running.filter { $0.value.isOlder(than: Self.heartbeat, at: now) }.keys
        for claim in try await ledger.renew(Array(old), now: now) { running[claim]?.renewed(at: now) }
    }

    private func begin(_ work: Work, under lease: Lease, _ effects: inout DiscardingTaskGroup) {
        effects.addTask { await mailbox.put([await performer.perform(work, under: lease)]) }
    }

    /// Attempts that wait for endpoints of one account share a look at it.
    private func beginLooks(of turn: Turn, _ effects: inout DiscardingTaskGroup) {
        let looks = turn.work.filter { $0.effect == .look }
        let byAccount = Dictionary(grouping: looks, by: \.attempt.account)
        for (account, works) in byAccount.sorted(by: { $0.key < $1.key }) {
            effects.addTask { await mailbox.put(await performer.look(at: works, in: account)) }
        }
        for look in turn.looks {
            effects.addTask { await mailbox.put([await self.look(look)]) }
        }
        for look in turn.alarmLooks {
            effects.addTask { await mailbox.put([await self.look(look)]) }
        }
    }

    private func look(_ look: Look) async -> Outcome {
        do {
            return .looked(look, try await reader.look(at: look.package, group: look.group))
        } catch {
            return .lookFailed(look, Failure(error))
        }
    }

    private func look(_ look: AlarmLook) async -> Outcome {
        do {
            let reader = AlarmReader(sessions: performer.sessions)
            return .alarmsSeen(look, try await reader.look(at: look.names, in: look.account))
        } catch {
            return .alarmsNotSeen(look, Failure(error))
        }
    }

    /// Records what the interrupted effects came to, so that the next worker finds no claim of this one.
    func end() async {
        let outcomes = await mailbox.take()
        do {
            _ = try await ledger.turn(outcomes, worker: worker, capacity: 0, now: timing.moment)
        } catch {
            log.error(
                "claims could not be given back; they end by themselves",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// The one place that logs what was decided, by the core or by people.
    private func say(_ note: Note) {
        var metadata: Logger.Metadata = ["step": "\(note.name)"]
        metadata["release"] = note.release.map { "\($0)" }
        metadata["account"] = note.account.map { "\($0)" }
        metadata["stage"] = note.stage.map { "\($0)" }
        log.info("\(note.text)", metadata: metadata)
    }

    /// The one place that logs what became of effects.
    private func say(_ outcome: Outcome) {
        switch outcome {
        case .attempt(let claim, _, let event):
            var metadata: Logger.Metadata = [
                "release": "\(claim.release)", "account": "\(claim.account)", "attempt": "\(claim.number)",
                "step": "\(event.name)",
            ]
            switch event {
            case .effectFailed(let failure):
                metadata["class"] = "\(failure.kind.rawValue)"
                log.warning("\(failure.sentence)", metadata: metadata)
            case .checkFailed(_, let sentence), .withdrawn(let sentence):
                log.warning("\(sentence)", metadata: metadata)
            case .endpointSeen(let sight) where sight.kind == .inProgress:
                log.debug("\(event.text)", metadata: metadata)
            default:
                log.info("\(event.text.isEmpty ? event.name : event.text)", metadata: metadata)
            }
        case .looked(_, let sight):
            log.info(
                "the registry says \(sight.status.rawValue)",
                metadata: ["package": "\(sight.arn)", "step": "looked"]
            )
        case .alarmsSeen(let look, let sights):
            let loud = sights.filter { $0.state != .ok }.map { "\($0.name) is \($0.state.rawValue)" }
            log.debug(
                "\(loud.isEmpty ? "all alarms are quiet" : loud.joined(separator: ", "))",
                metadata: ["account": "\(look.account)", "step": "alarmsSeen"]
            )
        case .alarmsNotSeen(let look, let failure):
            log.warning(
                "\(failure.sentence)",
                metadata: [
                    "account": "\(look.account)", "step": "lookAtAlarms", "class": "\(failure.kind.rawValue)",
                ]
            )
        case .lookFailed(let look, let failure):
            log.warning(
                "\(failure.sentence)",
                metadata: ["package": "\(look.package)", "step": "look", "class": "\(failure.kind.rawValue)"]
            )
        }
    }
}
