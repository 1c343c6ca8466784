/// One try at rolling a release out in one account.
///
/// A value: events go in, the effects that are then owed come out, and nothing here does I/O or reads
/// a clock. What was live before the attempt is the way back, even where Sluice did not put it there.
///
/// A rollback is an attempt like any other, with a flag: it passes no forward gate, it begins with the
/// config that served the release before, and it is never itself rolled back.
public struct Attempt: Hashable, Sendable, Codable {
    public let release: String
    public let endpoint: String
    public let account: String
    public let stage: String
    /// Counts the attempts of this release in this account, from 1.
    public let number: Int
    /// The opening of the release that the attempt belongs to.
    public let opening: Int
    /// The digest of the settings in force when the attempt began.
    public let settings: String
    /// How long a verified release is watched.
    public let soak: Duration
    /// The targets whose version differs from what the account served.
    public let changes: [String]
    /// The targets that are smoke-tested: the changed ones, or all where only settings change.
    public let tests: [String]
    /// The release whose artifacts the unchanged targets are copied from, if any.
    public let base: String?
    /// What the account served before, which serves again where the attempt is taken back.
    public let previous: Previous?
    /// How traffic is to move, in SageMaker's word; nil where it is all at once.
    public let traffic: String?
    /// Whether it takes the account back to a release it verified before.
    public let isRollback: Bool
    /// The release that a rollback takes the account away from.
    public let leaves: String?
    /// The config that served the release in this account before, which a rollback asks for again.
    public let reuses: String?

    /// What the ledger knew the account to serve, without the models, which are the release's.
    public struct Previous: Hashable, Sendable, Codable {
        public let release: String
        public let settings: String
        public let config: String
        public let since: Moment
    }

    public private(set) var state = State.inspecting
    /// What was live before, once inspected.
    public private(set) var before: EndpointSight?
    /// What the switch came to: what was tested, and what the way back leaves.
    public private(set) var after: EndpointSight?
    public private(set) var modelName: String?
    /// The config asked for, once created.
    public private(set) var configName: String?
    /// When the checks passed; the soak is measured from here.
    public private(set) var verifiedAt: Moment?
    /// Counted failures of the effect now owed.
    public private(set) var failures = 0
    public private(set) var failingSince: Moment?
    /// Switches that were accepted and did not last, for no fault of the release. They are counted apart,
    /// because an accepted request ends the failures of asking for it, and must not end these.
    public private(set) var lostSwitches = 0
    public private(set) var losingSince: Moment?
    /// Why it failed, or what it waits for, as a sentence.
    public private(set) var reason: String?
    /// What keeps the way back from being taken, as a sentence.
    public private(set) var obstacle: String?
    public private(set) var blame = Blame.nobody
    /// Whether a hold keeps it from going on.
    public private(set) var isHeld = false
    /// Why the attempt is being taken back though no check failed, as a sentence; nil where it is not.
    public private(set) var recalled: String?
    /// Whether what was live before was put back.
    public private(set) var isRestored = false
    /// Whether a person must look, because nobody can say what the account serves: the way back failed,
    /// or the switch was asked for and its end was never seen.
    public private(set) var needsPerson = false
    /// When the owed effect is due; nil once ended.
    public private(set) var dueAt: Moment?
    /// When it was last woken.
    public private(set) var wokenAt: Moment?
    public let startedAt: Moment
    public private(set) var endedAt: Moment?

    public init(
        release: String,
        endpoint: String,
        account: String,
        stage: String,
        number: Int,
        opening: Int,
        settings: String,
        soak: Duration,
        changes: [String],
        tests: [String]? = nil,
        base: String?,
        previous: Previous? = nil,
        traffic: String? = nil,
        isRollback: Bool = false,
        leaves: String? = nil,
        reuses: String? = nil,
        dueAt: Moment? = nil,
        now: Moment
    ) {
        self.release = release
        self.endpoint = endpoint
        self.account = account
        self.stage = stage
        self.number = number
        self.opening = opening
        self.settings = settings
        self.soak = soak
        self.changes = changes
        self.tests = tests ?? changes
        self.base = base
        self.previous = previous
        self.traffic = traffic
        self.isRollback = isRollback
        self.leaves = leaves
        self.reuses = reuses
        startedAt = now
        self.dueAt = dueAt ?? now
    }

    /// The effect that is owed in this state, or nil once the attempt has ended.
    public var owed: Effect? {
        switch state {
        case .inspecting: .inspect
        case .clearing: .deleteEndpoint
        case .copying: .copyArtifacts
        case .creatingModel: .createModel
        case .creatingConfig: .createEndpointConfig
        // Whether the switch was asked for is looked at, because asking again would make it.
        case .updating where recalled != nil || isHeld: .look
        case .updating:
            configName.map { before == nil ? .createEndpoint(config: $0) : .updateEndpoint(config: $0) }
        case .awaiting, .awaitingRestore: .look
        case .testing: .invoke(targets: tests)
        case .soaking: .wait
        case .restoring: before.map { .updateEndpoint(config: $0.config) }
        case .verified, .failed, .errored, .aborted: nil
        }
    }

    /// The shortest time between two effects that were each woken for: whoever sends a flood of events, or
    /// the same one over and over, does not turn it into a flood of calls.
    static let wakingInterval = Duration.seconds(1)

    /// Makes the owed effect due, because something woke it: at once, or a moment after it was last woken.
    public mutating func wake(now: Moment) {
        let soonest = max(now, wokenAt.map { $0 + Self.wakingInterval } ?? now)
        guard let dueAt, dueAt > soonest, state != .soaking else { return }
        self.dueAt = soonest
        wokenAt = soonest
    }

    /// Stops the owed effect while there is a hold, and makes it due again when there is none.
    ///
    /// A worker may have died with the switch asked for and its answer unread. What was asked for is awaited
    /// and tested under a hold too, so that is looked at instead of asking.
    mutating func hold(_ sentence: String?, now: Moment) {
        if let sentence {
            if !isHeld {
                // What failed before is no measure of what comes after: the budget does not run while held.
                failures = 0
                failingSince = nil
                dueAt = state == .updating ? now : nil
            } else if state != .updating {
                dueAt = nil
            }
            isHeld = true
            reason = sentence
        } else if isHeld {
            isHeld = false
            dueAt = now
            reason = nil
        }
    }

    /// Takes the attempt back: what has not been switched yet is given up, and what has is restored.
    mutating func recall(because sentence: String, now: Moment) {
        guard recalled == nil, !state.isEnded else { return }
        switch state {
        case .inspecting, .clearing, .copying, .creatingModel, .creatingConfig:
            end(.aborted, sentence, blame: .nobody, now: now)
        // A rollback is never rolled back; where it went is judged once it is there.
        case _ where isRollback: return
        case .updating, .awaiting:
            recalled = sentence
            dueAt = now
        case .testing, .soaking:
            recalled = sentence
            undo(because: sentence, blame: .nobody, now: now)
        case .restoring, .awaitingRestore, .verified, .failed, .errored, .aborted: return
        }
    }

    /// Takes in what happened and answers with the effects that are owed from then on.
    ///
    /// An event that the state does not expect (a doubled or late report) changes nothing.
    @discardableResult
    public mutating func apply(_ event: Event, now: Moment, pace: Pace) -> [Effect] {
        switch (state, event) {
        case (_, _) where state.isEnded: return []
        // Nothing is done while it soaks, so a failure is a late report, and must not shorten the soak.
        case (.soaking, .effectFailed): return []
        case (_, .effectFailed(let failure)): failed(failure, now: now, pace: pace)
        case (.inspecting, .inspected(let inspection)): inspected(inspection, now: now, pace: pace)
        case (.inspecting, .withdrawn(let sentence)): end(.aborted, sentence, blame: .nobody, now: now)
        case (.inspecting, .checkFailed(let blame, let sentence)),
            (.copying, .checkFailed(let blame, let sentence)):
            end(.failed, sentence, blame: blame, now: now)
        case (.clearing, .endpointDeleted): go(.inspecting, at: now + pace.tick)
        case (.copying, .artifactsCopied): go(.creatingModel, at: now)
        case (.creatingModel, .modelCreated(let name)):
            modelName = name
            go(.creatingConfig, at: now)
        case (.creatingConfig, .endpointConfigCreated(let name)):
            configName = name
            if let before, before.config == name {
                // A ledger that was lost made it before: it is live, and there is nothing to switch.
                after = before
                go(.testing, at: now)
            } else {
                go(.updating, at: now)
            }
        case (.updating, .endpointUpdateAccepted): go(.awaiting, at: now + pace.tick, because: recalled)
        case (.updating, .endpointSeen(let sight)) where recalled != nil || isHeld:
            sawUnasked(sight, now, pace)
        // It was being tested when it was taken back, and what its models answered is no less true.
        case (.restoring, .checkFailed(let blame, let sentence)) where recalled != nil:
            self.blame = blame
            reason = "\(reason ?? "taken back"); meanwhile \(sentence)"
        case (.restoring, .endpointUpdateAccepted): go(.awaitingRestore, at: now + pace.tick, because: reason)
        case (.awaiting, .endpointSeen(let sight)): saw(sight, now: now, pace: pace)
        case (.awaitingRestore, .endpointSeen(let sight)): sawRestore(sight, now: now, pace: pace)
        case (.testing, .modelsAnswered):
            verifiedAt = now
            if soak > .zero {
                go(.soaking, at: now + soak)
            } else {
                end(.verified, nil, blame: .nobody, now: now)
            }
        case (.testing, .checkFailed(let blame, let sentence)):
            undo(because: sentence, blame: blame, now: now)
        case (.soaking, .checkFailed(let blame, let sentence)):
            undo(because: sentence, blame: blame, now: now)
        case (.soaking, .soakCut): end(.verified, nil, blame: .nobody, now: now)
        case (.soaking, .soakEnded) where dueAt.map { $0 <= now } ?? false:
            end(.verified, nil, blame: .nobody, now: now)
        default: return []
        }
        return owed.map { [$0] } ?? []
    }

    private mutating func inspected(_ inspection: Inspection, now: Moment, pace: Pace) {
        guard let endpoint = inspection.endpoint else {
            before = nil
            return go(.copying, at: now)
        }
        guard inspection.isOurs else {
            return end(
                .failed,
                "endpoint \(self.endpoint) exists in account \(account) and was not made by Sluice (it has no "
                    + "tag sluice:endpoint). It is left as it is. Set `adopt: true` to take it over, delete it, or "
                    + "give the endpoint another name in the accounts folder, then retry this release.",
                blame: .nobody,
                now: now
            )
        }
        switch endpoint.kind {
        case .inService where reuses == endpoint.config:
            // Somebody else was quicker, and what is left is to see that it serves as it should.
            before = endpoint
            after = endpoint
            configName = reuses
            go(.testing, at: now)
        case .inService where reuses != nil:
            before = endpoint
            configName = reuses
            go(.updating, at: now)
        case .inService:
            before = endpoint
            go(.copying, at: now)
        case .inProgress where endpoint.status == "Deleting":
            // Nobody announces that a deletion has ended, so it is looked at as often as a switch is.
            reason =
                "endpoint \(self.endpoint) in account \(account) is being deleted, and is made anew once it is gone"
            dueAt = now + pace.tick
        case .inProgress:
            failed(
                Failure(
                    .inProgress,
                    "endpoint \(self.endpoint) in account \(account) is \(endpoint.status): somebody else is "
                        + "changing it, and SageMaker takes one change at a time"
                ),
                now: now,
                pace: pace
            )
        case .failed:
            go(.clearing, at: now)
        case .impaired:
            end(
                .failed,
                "endpoint \(self.endpoint) in account \(account) is \(endpoint.status), and SageMaker does not "
                    + "update it from there. Bring it back into service or delete it, then retry this release.",
                blame: .nobody,
                now: now
            )
        }
    }

    private mutating func saw(_ sight: EndpointSight, now: Moment, pace: Pace) {
        let why = sight.failureReason.map { "SageMaker's reason: \($0)" } ?? "SageMaker gave no reason"
        switch sight.kind {
        case .inProgress:
            go(.awaiting, at: now + pace.tick, because: recalled)
        case .inService where sight.config == configName:
            after = sight
            if let recalled {
                undo(because: recalled, blame: .nobody, now: now)
            } else {
                go(.testing, at: now)
            }
        case .inService where sight.config == before?.config:
            // A reply from before the update was accepted may still arrive: the endpoint has to have
            // changed since it was inspected for the old config to mean a rollback.
            guard let before, sight.modifiedAt > before.modifiedAt else { return dueAt = now + pace.tick }
            rolledBack(
                sight,
                "the update in account \(account) was rolled back to \(sight.config). \(why)",
                now,
                pace
            )
        case .inService:
            // The endpoint exists now, whoever changed it, so the switch is asked for by an update.
            before = before ?? sight
            lost(
                "account \(account) serves config \(sight.config), which neither this attempt nor the one before "
                    + "it asked for; asking for \(configName ?? "ours") again",
                next: .updating,
                now: now,
                pace: pace
            )
        case .failed:
            let sentence = "endpoint \(endpoint) in account \(account) ended \(sight.status). \(why)"
            if before == nil, sight.blamesAWS {
                lost(sentence, next: .clearing, now: now, pace: pace)
            } else if before == nil {
                undo(because: sentence, blame: .changes, now: now)
            } else {
                giveUp(sentence.then("SageMaker lets it only be deleted."), now: now)
            }
        case .impaired:
            after = sight
            undo(
                because: "endpoint \(endpoint) in account \(account) is \(sight.status). \(why)",
                blame: .changes,
                now: now
            )
        }
    }

    private mutating func rolledBack(_ sight: EndpointSight, _ sentence: String, _ now: Moment, _ pace: Pace)
    {
        if sight.blamesAWS {
            before = sight
            lost(sentence, next: .updating, now: now, pace: pace)
        } else if isRollback {
            giveUp(sentence, now: now)
        } else {
            end(
                recalled == nil ? .failed : .aborted,
                sentence,
                blame: recalled == nil ? .changes : .nobody,
                now: now
            )
        }
    }

    /// A switch that was recalled or held while it was being asked for: it may have begun or not.
    private mutating func sawUnasked(_ sight: EndpointSight, _ now: Moment, _ pace: Pace) {
        if sight.kind == .inProgress || sight.config == configName {
            go(.awaiting, at: sight.kind == .inProgress ? now + pace.tick : now, because: recalled)
        } else if let recalled {
            end(.aborted, "\(recalled), before anything was switched", blame: .nobody, now: now)
        } else {
            dueAt = nil
        }
    }

    /// Ends where only a person can say what the account serves.
    private mutating func giveUp(_ sentence: String, blame: Blame = .nobody, now: Moment) {
        needsPerson = true
        end(.errored, sentence, blame: blame, now: now)
    }

    /// The switch did not last, for a reason that passes: it is tried again after a pause.
    private mutating func lost(_ sentence: String, next: State, now: Moment, pace: Pace) {
        if let recalled { return end(.aborted, recalled.then(sentence), blame: .nobody, now: now) }
        lostSwitches += 1
        let since = losingSince ?? now
        losingSince = since
        switch pace.retry.decide(.transient, failures: lostSwitches, since: since, now: now) {
        case .again(let moment): go(next, at: moment, because: sentence)
        case .fail, .giveUp:
            let told = "\(sentence), after \(lostSwitches) tries"
            isRollback ? giveUp(told, now: now) : end(.errored, told, blame: .nobody, now: now)
        }
    }

    private mutating func sawRestore(_ sight: EndpointSight, now: Moment, pace: Pace) {
        // A reply from before the way back was accepted may still arrive, and says nothing about it.
        if let after, sight == after || sight.modifiedAt < after.modifiedAt { return dueAt = now + pace.tick }
        switch sight.kind {
        case .inProgress:
            go(.awaitingRestore, at: now + pace.tick, because: reason)
        case .inService where sight.config == before?.config:
            isRestored = true
            end(
                recalled == nil ? .failed : .aborted,
                (reason ?? "a check failed").then("\(before?.config ?? "") serves again."),
                blame: blame,
                now: now
            )
        case .inService, .failed, .impaired:
            giveUp(
                "\(reason ?? "a check failed"), and the way back failed too: endpoint \(endpoint) in account "
                    + "\(account) is \(sight.status) on \(sight.config). A person has to look.",
                blame: blame,
                now: now
            )
        }
    }

    /// A check said no after the switch: back to what was live, where there was anything.
    private mutating func undo(
        because sentence: String,
        blame: Blame,
        otherwise ending: State = .failed,
        now: Moment
    ) {
        if isRollback {
            return giveUp(
                sentence.then("It is a way back, and none is taken back itself."),
                blame: blame,
                now: now
            )
        }
        guard before != nil else {
            return end(
                recalled == nil ? ending : .aborted,
                sentence.then("There is nothing to go back to; the endpoint stays as it is."),
                blame: blame,
                now: now
            )
        }
        go(.restoring, at: now, because: sentence)
        self.blame = blame
    }

    private mutating func failed(_ failure: Failure, now: Moment, pace: Pace) {
        let isCounted = failure.kind != .interrupted && failure.kind != .inProgress
        if isCounted {
            failures += 1
            failingSince = failingSince ?? now
        } else if failure.kind == .inProgress {
            // AWS answered, so whatever failed before has passed, and the wait is not on its budget.
            failures = 0
            failingSince = nil
        }
        if state == .updating, failure.kind == .vanished, recalled != nil || isHeld || configName == reuses {
            return settleVanished(failure, now: now)
        }
        // A look changes nothing, so one that AWS refuses says nothing about the switch it looks for.
        let isLook = owed == .look
        let kind = isLook && failure.kind == .invalid ? Failure.Class.transient : failure.kind
        let isOnWayBack = state == .restoring || state == .awaitingRestore
        switch pace.retry.decide(kind, failures: failures, since: failingSince ?? now, now: now) {
        case .again(let moment):
            dueAt = moment
            if failure.kind != .interrupted {
                if isOnWayBack { obstacle = failure.sentence } else { reason = failure.sentence }
            }
        case .fail, .giveUp:
            let spent = kind == .invalid ? "" : " after \(failures) tries"
            let ending: State = kind == .invalid ? .failed : .errored
            if isOnWayBack {
                giveUp(
                    "\(reason ?? "a check failed"), and the way back failed\(spent): \(failure.sentence)",
                    blame: blame,
                    now: now
                )
            } else if isRollback {
                giveUp(failure.sentence + spent, now: now)
            } else if state == .testing {
                undo(because: failure.sentence + spent, blame: .nobody, otherwise: ending, now: now)
            } else {
                if state == .awaiting, before != nil { needsPerson = true }
                end(ending, failure.sentence + spent, blame: .nobody, now: now)
            }
        }
    }

    /// A recalled switch finds no endpoint: there was none and there will be none. A held one was not asked
    /// for. A rollback's config is gone: everything is made anew under the release's own prefix.
    private mutating func settleVanished(_ failure: Failure, now: Moment) {
        if let recalled {
            end(.aborted, "\(recalled), before anything was switched", blame: .nobody, now: now)
        } else if isHeld {
            dueAt = nil
        } else {
            configName = nil
            go(.copying, at: now, because: failure.sentence)
        }
    }

    private mutating func go(_ next: State, at moment: Moment, because sentence: String? = nil) {
        state = next
        dueAt = moment
        failures = 0
        failingSince = nil
        reason = sentence
        obstacle = nil
    }

    private mutating func end(_ next: State, _ sentence: String?, blame: Blame, now: Moment) {
        state = next
        // The account was to leave what it serves, and still does not: somebody has to look.
        if isRollback, next == .failed {
            state = .errored
            needsPerson = true
        }
        dueAt = nil
        endedAt = now
        reason = sentence
        self.blame = blame
    }
}

/// How quickly things are looked at and tried again.
public struct Pace: Hashable, Sendable {
    /// Between two looks at an endpoint that is changing, where no event says that it has.
    public var tick: Duration
    public var retry: RetryPolicy
    /// Between two looks at alarms that somebody waits for.
    public var alarmTick: Duration { tick * 4 }

    public init(tick: Duration = .seconds(15), retry: RetryPolicy = RetryPolicy()) {
        self.tick = tick
        self.retry = retry
    }
}
