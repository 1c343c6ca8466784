import Testing

@testable import Promotion

/// Attempts as transcripts: one line per event, with the state it leads to and the effect then owed.
@Suite struct AttemptTests {
    @Test func firstDeployment() {
        let it = AttemptScript()
        #expect(it.line == "inspecting: inspect")
        #expect(it.inspects(first: true) == "copying: copyArtifacts")
        #expect(it.hears(.artifactsCopied) == "creatingModel: createModel")
        #expect(it.hears(.modelCreated(name: "model")) == "creatingConfig: createEndpointConfig")
        #expect(it.hears(.endpointConfigCreated(name: "new")) == "updating: createEndpoint new")
        #expect(it.hears(.endpointUpdateAccepted) == "awaiting: look in 15s")
        #expect(it.sees(.inProgress, on: "new") == "awaiting: look in 15s")
        #expect(it.sees(.inService, on: "new") == "testing: invoke de")
        #expect(it.attempt.verifiedAt == nil)
        #expect(it.hears(.modelsAnswered(evidence: ""), after: .seconds(5)) == "verified")
        #expect(it.attempt.verifiedAt == second(1035))
        #expect(it.attempt.endedAt == second(1035))
        #expect(it.attempt.modelName == "model")
        #expect(it.attempt.dueAt == nil)
    }

    @Test func updateWithSoak() {
        let it = AttemptScript(soak: .minutes(10))
        #expect(it.inspects() == "copying: copyArtifacts")
        #expect(it.hears(.artifactsCopied) == "creatingModel: createModel")
        #expect(it.hears(.modelCreated(name: "model")) == "creatingConfig: createEndpointConfig")
        #expect(it.hears(.endpointConfigCreated(name: "new")) == "updating: updateEndpoint new")
        #expect(it.hears(.endpointUpdateAccepted) == "awaiting: look in 15s")
        #expect(it.sees(.inService, on: "new") == "testing: invoke de")
        #expect(it.hears(.modelsAnswered(evidence: "")) == "soaking: wait in 600s")
        #expect(it.attempt.verifiedAt == second(1015))
        // A clock that rings too early, a wake and a late report do not shorten the soak.
        #expect(it.hears(.soakEnded, after: .minutes(9)) == "ignored")
        it.attempt.wake(now: it.now)
        #expect(it.fails(.interrupted) == "ignored")
        #expect(it.fails(.invalid) == "ignored")
        #expect(it.line == "soaking: wait in 60s")
        #expect(it.hears(.soakEnded, after: .minutes(1)) == "verified")
    }

    /// A release that only carries settings through changes no version, and is tested whole.
    @Test func testsWhatItIsToldToTest() {
        let it = AttemptScript.reaching(.updating)
        it.attempt = Attempt(
            release: "demand.1",
            endpoint: "demand",
            account: "staging",
            stage: "staging",
            number: 1,
            opening: 1,
            settings: "s2",
            soak: .zero,
            changes: [],
            tests: ["de", "fr"],
            base: nil,
            now: it.now
        )
        for event in [
            Attempt.Event.inspected(Inspection(endpoint: AttemptScript.old, isOurs: true)), .artifactsCopied,
            .modelCreated(name: "model"), .endpointConfigCreated(name: "new"), .endpointUpdateAccepted,
        ] { _ = it.hears(event) }
        #expect(it.sees(.inService, on: "new") == "testing: invoke de,fr")
    }

    @Test(arguments: Attempt.State.allCases)
    func doubledAndLateEventsChangeNothing(state: Attempt.State) {
        let expected: [Attempt.State: Set<String>] = [
            .inspecting: ["inspected", "withdrawn", "checkFailed"],
            .clearing: ["endpointDeleted"],
            .copying: ["artifactsCopied", "checkFailed"],
            .creatingModel: ["modelCreated"],
            .creatingConfig: ["endpointConfigCreated"],
            .updating: ["endpointUpdateAccepted"],
            .awaiting: ["endpointInService"],
            .testing: ["modelsAnswered", "checkFailed"],
            .soaking: ["soakEnded", "soakCut", "checkFailed"],
            .restoring: ["endpointUpdateAccepted"],
            .awaitingRestore: ["endpointInService"],
        ]
        let events: [Attempt.Event] = [
            .inspected(Inspection(endpoint: nil, isOurs: true)), .endpointDeleted, .artifactsCopied,
            .modelCreated(name: "m"), .endpointConfigCreated(name: "c"), .endpointUpdateAccepted,
            .endpointSeen(sight(.inService, on: "new", at: second(3000))), .modelsAnswered(evidence: ""),
            .checkFailed(blame: .nobody, sentence: "no"), .withdrawn(sentence: "gone"), .soakEnded, .soakCut,
        ]
        for event in events {
            let it = Self.anyway(to: state)
            #expect(it.attempt.state == state)
            it.now = it.now + .hours(1)
            let isIgnored = it.hears(event) == "ignored"
            #expect(isIgnored == !(expected[state] ?? []).contains(event.name), "\(event.name) in \(state)")
        }
        let ended = Self.anyway(to: state)
        if state.isEnded { #expect(ended.fails(.transient) == "ignored") }
    }

    /// An attempt in the state, whatever the way.
    static func anyway(to state: Attempt.State) -> AttemptScript {
        switch state {
        case .verified:
            let it = AttemptScript.reaching(.testing, soak: .zero)
            _ = it.hears(.modelsAnswered(evidence: ""))
            return it
        case .failed, .errored, .aborted:
            let it = AttemptScript()
            it.pace.retry.budget = .zero
            let event: Attempt.Event =
                switch state {
                case .failed: .checkFailed(blame: .nobody, sentence: "no")
                case .aborted: .withdrawn(sentence: "gone")
                default: .effectFailed(Failure(.denied, "denied"))
                }
            _ = it.hears(event)
            return it
        default: return AttemptScript.reaching(state)
        }
    }

    // MARK: Before the switch

    @Test func aPackageThatIsNoGoodFails() {
        let it = AttemptScript()
        #expect(
            it.hears(.checkFailed(blame: .targets(["de"]), sentence: "de has two containers")) == "failed"
        )
        #expect(it.attempt.blame == .targets(["de"]))
        #expect(it.attempt.reason == "de has two containers")
        #expect(it.attempt.dueAt == nil)
    }

    @Test func aWithdrawnVersionAborts() {
        let it = AttemptScript()
        #expect(it.hears(.withdrawn(sentence: "de1 is Rejected")) == "aborted")
        #expect(it.attempt.blame == .nobody)
    }

    @Test func somebodyElsesEndpointIsLeftAlone() {
        let it = AttemptScript()
        #expect(it.hears(.inspected(Inspection(endpoint: AttemptScript.old, isOurs: false))) == "failed")
        #expect(it.attempt.blame == .nobody)
        #expect(it.attempt.reason?.contains("was not made by Sluice") == true)
    }

    /// A foreign endpoint is not deleted even where it has failed.
    @Test func somebodyElsesFailedEndpointIsLeftAlone() {
        let it = AttemptScript()
        let failed = sight(.failed, on: "theirs", at: second(1))
        #expect(it.hears(.inspected(Inspection(endpoint: failed, isOurs: false))) == "failed")
    }

    @Test func ourOwnFailedEndpointIsDeletedAndMadeAnew() {
        let it = AttemptScript()
        let failed = sight(.failed, on: "old", at: second(1))
        #expect(
            it.hears(.inspected(Inspection(endpoint: failed, isOurs: true))) == "clearing: deleteEndpoint"
        )
        #expect(it.hears(.endpointDeleted) == "inspecting: inspect in 15s")
        let deleting = sight(.inProgress, on: "old", at: second(1))
        #expect(
            it.hears(.inspected(Inspection(endpoint: deleting, isOurs: true))) == "inspecting: inspect in 60s"
        )
        #expect(it.inspects(first: true) == "copying: copyArtifacts")
        #expect(it.attempt.before == nil)
    }

    @Test func anEndpointOutOfServiceIsRefused() {
        let it = AttemptScript()
        let impaired = sight(.impaired, on: "old", at: second(1))
        #expect(it.hears(.inspected(Inspection(endpoint: impaired, isOurs: true))) == "failed")
        #expect(it.attempt.blame == .nobody)
    }

    /// Somebody else's change may take a day and costs no budget, also not that of a failure before it.
    @Test func anEndpointUnderChangeIsWaitedFor() {
        let it = AttemptScript()
        let busy = Attempt.Event.inspected(
            Inspection(endpoint: sight(.inProgress, on: "old", at: second(1)), isOurs: true)
        )
        #expect(it.fails(.throttled) == "inspecting: inspect in 1s")
        #expect(it.hears(busy) == "inspecting: inspect in 60s")
        #expect(it.attempt.reason?.contains("somebody else is changing it") == true)
        #expect(it.hears(busy, after: .hours(30)) == "inspecting: inspect in 60s")
        #expect(it.attempt.failures == 0)
        #expect(it.fails(.throttled) == "inspecting: inspect in 1s")
    }

    @Test func changedBytesFail() {
        let it = AttemptScript.reaching(.copying)
        #expect(
            it.hears(.checkFailed(blame: .targets(["de"]), sentence: "de changed since it was pinned"))
                == "failed"
        )
        #expect(it.attempt.blame == .targets(["de"]))
    }

    // MARK: Failures of effects

    @Test(arguments: [
        Attempt.State.inspecting, .clearing, .copying, .creatingModel, .creatingConfig, .updating, .awaiting,
    ])
    func aSpentBudgetErrs(state: Attempt.State) {
        let it = AttemptScript.reaching(state)
        #expect(it.fails(.denied).hasPrefix("\(state.rawValue): "))
        #expect(it.attempt.reason == "it did not work")
        #expect(it.fails(.denied, after: .hours(23)).hasSuffix(" in 2s"))
        #expect(it.fails(.denied, after: .hours(2)) == "errored")
        #expect(it.attempt.reason == "it did not work after 3 tries")
        #expect(it.attempt.blame == .nobody)
        // Once the switch was asked for and its end was not seen, nobody knows what the account serves.
        #expect(it.attempt.needsPerson == (state == .awaiting))
    }

    @Test(arguments: [
        Attempt.State.inspecting, .clearing, .copying, .creatingModel, .creatingConfig, .updating,
    ])
    func whatAWSWillNeverAcceptFails(state: Attempt.State) {
        let it = AttemptScript.reaching(state)
        #expect(it.fails(.invalid) == "failed")
        #expect(it.attempt.reason == "it did not work")
        #expect(it.attempt.blame == .nobody)
        #expect(!it.attempt.needsPerson)
    }

    @Test func interruptedAndInProgressAreNotCounted() {
        let it = AttemptScript.reaching(.updating)
        for _ in 1...50 {
            #expect(it.fails(.interrupted, after: .hours(1)) == "updating: updateEndpoint new")
            #expect(it.fails(.inProgress, after: .hours(1)) == "updating: updateEndpoint new in 60s")
        }
        #expect(it.attempt.failures == 0)
        #expect(it.fails(.throttled) == "updating: updateEndpoint new in 1s")
    }

    /// Success of a step forgets its failures: the next step has a budget of its own.
    @Test func everyStepHasItsOwnBudget() {
        let it = AttemptScript.reaching(.copying)
        #expect(it.fails(.transient) == "copying: copyArtifacts in 1s")
        #expect(it.fails(.transient, after: .seconds(1)) == "copying: copyArtifacts in 2s")
        #expect(it.hears(.artifactsCopied, after: .hours(20)) == "creatingModel: createModel")
        #expect(it.fails(.transient, after: .hours(5)) == "creatingModel: createModel in 1s")
    }

    /// An endpoint may be invisible for a moment after CreateEndpoint, however often that was throttled.
    @Test func failuresOfTheRequestDoNotCountAgainstTheLook() {
        let it = AttemptScript.reaching(.updating, first: true)
        for _ in 1...9 { _ = it.fails(.throttled, after: .minutes(10)) }
        #expect(it.hears(.endpointUpdateAccepted) == "awaiting: look in 15s")
        #expect(it.fails(.vanished) == "awaiting: look in 1s")
        #expect(it.attempt.failures == 1)
    }

    /// A look that succeeds forgets those that failed.
    @Test func aLookThatSucceedsEndsTheFailures() {
        let it = AttemptScript.reaching(.awaiting)
        for _ in 1...30 {
            #expect(it.fails(.transient, after: .hours(1)) == "awaiting: look in 1s")
            #expect(it.sees(.inProgress, on: "old") == "awaiting: look in 15s")
        }
    }

    /// A look changes nothing, so one that AWS refuses says nothing about the switch it looks for.
    @Test(arguments: [Attempt.State.awaiting, .awaitingRestore])
    func aLookThatIsRefusedIsTriedAgain(state: Attempt.State) {
        let it = AttemptScript.reaching(state)
        #expect(it.fails(.invalid) == "\(state.rawValue): look in 1s")
        #expect(it.fails(.invalid, after: .hours(24)) == "errored")
        #expect(it.attempt.needsPerson)
    }

    @Test func anEndpointThatIsGoneErrs() {
        let it = AttemptScript.reaching(.awaiting)
        for _ in 1...8 { #expect(it.fails(.vanished).hasPrefix("awaiting: look in ")) }
        #expect(it.fails(.vanished) == "errored")
        #expect(it.attempt.needsPerson)
    }

    // MARK: The switch

    /// SageMaker ends a failed update in service on the old config, with no reason given.
    @Test func aSilentRollbackIsAFailure() {
        let it = AttemptScript.reaching(.awaiting)
        #expect(it.sees(.inService, on: "old", at: 1500) == "failed")
        #expect(it.attempt.blame == .changes)
        #expect(
            it.attempt.reason
                == "the update in account staging was rolled back to old. SageMaker gave no reason"
        )
    }

    @Test func aReplyFromBeforeTheUpdateIsNoRollback() {
        let it = AttemptScript.reaching(.awaiting)
        #expect(it.sees(.inService, on: "old", at: 100) == "awaiting: look in 15s")
        #expect(it.sees(.inService, on: "new", at: 1500) == "testing: invoke de")
    }

    @Test func aLackOfCapacityIsTriedAgainUntilTheBudgetIsSpent() {
        let it = AttemptScript.reaching(.awaiting)
        let reason = "Unable to provision requested ML compute capacity"
        #expect(
            it.sees(.inService, on: "old", at: 1500, because: reason) == "updating: updateEndpoint new in 1s"
        )
        #expect(it.attempt.blame == .nobody)
        #expect(it.hears(.endpointUpdateAccepted) == "awaiting: look in 15s")
        // The reply of the first rollback arrives once more, and is not a second one.
        #expect(it.sees(.inService, on: "old", at: 1500, because: reason).hasPrefix("awaiting: look"))
        #expect(
            it.sees(.inService, on: "old", at: 1600, because: reason, after: .hours(12))
                == "updating: updateEndpoint new in 2s"
        )
        #expect(it.hears(.endpointUpdateAccepted) == "awaiting: look in 15s")
        #expect(it.sees(.inProgress, on: "old", at: 1700) == "awaiting: look in 15s")
        #expect(it.sees(.inService, on: "old", at: 1800, because: reason, after: .hours(13)) == "errored")
        #expect(it.attempt.blame == .nobody)
        #expect(!it.attempt.needsPerson)
        #expect(it.attempt.reason?.hasSuffix("after 3 tries") == true)
    }

    /// A first deployment that found no capacity leaves an endpoint that can only be deleted.
    @Test func aFirstDeploymentWithoutCapacityIsClearedAndTriedAgain() {
        let it = AttemptScript.reaching(.awaiting, first: true)
        let reason = "InsufficientInstanceCapacity"
        #expect(it.sees(.failed, on: "new", because: reason) == "clearing: deleteEndpoint in 1s")
        #expect(it.hears(.endpointDeleted, after: .seconds(1)) == "inspecting: inspect in 15s")
        #expect(it.inspects(first: true) == "copying: copyArtifacts")
        #expect(it.hears(.artifactsCopied) == "creatingModel: createModel")
        #expect(it.hears(.modelCreated(name: "model")) == "creatingConfig: createEndpointConfig")
        #expect(it.hears(.endpointConfigCreated(name: "new")) == "updating: createEndpoint new")
        #expect(it.hears(.endpointUpdateAccepted) == "awaiting: look in 15s")
        #expect(it.sees(.failed, on: "new", because: reason, after: .hours(25)) == "errored")
        #expect(it.attempt.blame == .nobody)
    }

    @Test func aStrayConfigIsPutRight() {
        let it = AttemptScript.reaching(.awaiting)
        #expect(it.sees(.inService, on: "stray") == "updating: updateEndpoint new in 1s")
        #expect(it.attempt.reason?.contains("serves config stray") == true)
        #expect(it.attempt.before?.config == "old")
        #expect(it.hears(.endpointUpdateAccepted) == "awaiting: look in 15s")
        #expect(it.sees(.inService, on: "new") == "testing: invoke de")
    }

    /// After a first deployment the endpoint exists, so putting a stray config right is an update.
    @Test func aStrayConfigOfAFirstDeploymentIsUpdated() {
        let it = AttemptScript.reaching(.awaiting, first: true)
        #expect(it.sees(.inService, on: "stray") == "updating: updateEndpoint new in 1s")
    }

    @Test func aStrayConfigThatKeepsComingBackSpendsTheBudget() {
        let it = AttemptScript.reaching(.awaiting)
        #expect(it.sees(.inService, on: "stray") == "updating: updateEndpoint new in 1s")
        #expect(it.hears(.endpointUpdateAccepted, after: .hours(25)) == "awaiting: look in 15s")
        #expect(it.sees(.inService, on: "stray") == "errored")
    }

    @Test func aFirstDeploymentThatFailsStays() {
        let it = AttemptScript.reaching(.awaiting, first: true)
        #expect(it.sees(.failed, on: "new", because: "the container did not pass the ping check") == "failed")
        #expect(it.attempt.blame == .changes)
        #expect(it.attempt.reason?.contains("There is nothing to go back to") == true)
        #expect(!it.attempt.needsPerson)
    }

    @Test func anUpdateThatEndsFailedNeedsAPerson() {
        let it = AttemptScript.reaching(.awaiting)
        #expect(it.sees(.failed, on: "old") == "errored")
        #expect(it.attempt.needsPerson)
    }

    @Test func anImpairedEndpointIsRestored() {
        let it = AttemptScript.reaching(.awaiting)
        #expect(it.sees(.impaired, on: "new") == "restoring: updateEndpoint old")
        #expect(it.attempt.blame == .changes)
        let first = AttemptScript.reaching(.awaiting, first: true)
        #expect(first.sees(.impaired, on: "new") == "failed")
    }

    // MARK: The checks and the way back

    @Test func aFailedCheckRestoresWhatWasLive() {
        let it = AttemptScript.reaching(.testing)
        #expect(
            it.hears(.checkFailed(blame: .targets(["de"]), sentence: "de answers wrong"))
                == "restoring: updateEndpoint old"
        )
        #expect(it.attempt.reason == "de answers wrong")
        #expect(it.hears(.endpointUpdateAccepted) == "awaitingRestore: look in 15s")
        // The reply on which the checks ran arrives once more, and is no failure of the way back.
        #expect(it.sees(.inService, on: "new", at: 2000) == "awaitingRestore: look in 15s")
        #expect(it.sees(.inProgress, on: "new", at: 2100) == "awaitingRestore: look in 15s")
        #expect(it.sees(.inService, on: "old", at: 2200) == "failed")
        #expect(it.attempt.isRestored)
        #expect(it.attempt.blame == .targets(["de"]))
        #expect(it.attempt.reason == "de answers wrong. old serves again.")
        #expect(!it.attempt.needsPerson)
    }

    @Test func aFailedCheckOfAFirstDeploymentStays() {
        let it = AttemptScript.reaching(.testing, first: true)
        #expect(it.hears(.checkFailed(blame: .targets(["de"]), sentence: "de answers wrong")) == "failed")
        #expect(it.attempt.blame == .targets(["de"]))
        #expect(!it.attempt.isRestored)
        #expect(it.attempt.reason?.contains("There is nothing to go back to") == true)
    }

    @Test func aTestThatCannotBeAskedRestores() {
        let it = AttemptScript.reaching(.testing)
        #expect(it.fails(.denied) == "testing: invoke de in 1s")
        #expect(it.fails(.denied, after: .hours(24)) == "restoring: updateEndpoint old")
        #expect(it.attempt.blame == .nobody)
        let first = AttemptScript.reaching(.testing, first: true)
        first.pace.retry.budget = .zero
        #expect(first.fails(.denied) == "errored")
        let refused = AttemptScript.reaching(.testing, first: true)
        #expect(refused.fails(.invalid) == "failed")
    }

    @Test func whatIsSaidOfAFailureHasOneFullStop() {
        for sentence in ["Ask for less", "Ask for less."] {
            let it = AttemptScript.reaching(.testing, first: true)
            _ = it.hears(.checkFailed(blame: .nobody, sentence: sentence))
            #expect(
                it.attempt.reason
                    == "Ask for less. There is nothing to go back to; the endpoint stays as it is."
            )
        }
    }

    /// What a model answered is known, even if a person was quicker than its answer.
    @Test func aCheckThatFailsAfterItWasTakenBackIsBelieved() {
        let it = AttemptScript.reaching(.testing)
        it.attempt.recall(because: "Bert rolled it back", now: it.now)
        #expect(it.line == "restoring: updateEndpoint old")
        let wrong = Attempt.Event.checkFailed(blame: .targets(["de"]), sentence: "de answers wrong")
        #expect(it.hears(wrong) == "restoring: updateEndpoint old")
        _ = it.hears(.endpointUpdateAccepted)
        #expect(it.sees(.inService, on: "old", at: 2500) == "aborted")
        #expect(it.attempt.blame == .targets(["de"]))
        #expect(it.attempt.reason == "Bert rolled it back; meanwhile de answers wrong. old serves again.")
    }

    @Test(arguments: [EndpointSight.Kind.inService, .failed, .impaired])
    func aWayBackThatFailsNeedsAPerson(kind: EndpointSight.Kind) {
        let it = AttemptScript.reaching(.awaitingRestore)
        #expect(it.sees(kind, on: "new", at: 2500) == "errored")
        #expect(it.attempt.needsPerson)
        #expect(!it.attempt.isRestored)
        #expect(it.attempt.blame == .targets(["de"]))
        #expect(it.attempt.reason?.contains("de answers wrong, and the way back failed too") == true)
    }

    @Test func aWayBackThatIsRefusedNeedsAPerson() {
        let it = AttemptScript.reaching(.restoring)
        #expect(it.fails(.invalid) == "errored")
        #expect(it.attempt.needsPerson)
    }

    @Test(arguments: [Attempt.State.restoring, .awaitingRestore])
    func aWayBackThatSpendsItsBudgetNeedsAPerson(state: Attempt.State) {
        let spent = AttemptScript.reaching(state)
        #expect(spent.fails(.denied).hasSuffix(" in 1s"))
        // What failed first is what people must read, so a retry does not write over it.
        #expect(spent.attempt.reason == "de answers wrong")
        #expect(spent.fails(.denied, after: .hours(24)) == "errored")
        #expect(spent.attempt.needsPerson)
        #expect(
            spent.attempt.reason?.hasPrefix("de answers wrong, and the way back failed after 2 tries") == true
        )
    }

    // MARK: Waking

    @Test func aWakeMakesTheLookDueAtOnce() {
        let it = AttemptScript.reaching(.awaiting)
        #expect(it.line == "awaiting: look in 15s")
        it.attempt.wake(now: it.now)
        #expect(it.line == "awaiting: look")
        let ended = Self.anyway(to: .failed)
        ended.attempt.wake(now: ended.now)
        #expect(ended.attempt.dueAt == nil)
    }

    /// The same event over and over is no reason to look over and over.
    @Test func aFloodOfWakesIsALookASecond() {
        let it = AttemptScript.reaching(.awaiting)
        it.attempt.wake(now: it.now)
        #expect(it.line == "awaiting: look")
        for _ in 1...3 {
            #expect(it.sees(.inProgress, on: "", after: .zero) == "awaiting: look in 15s")
            for _ in 1...100 { it.attempt.wake(now: it.now) }
            #expect(it.line == "awaiting: look in 1s")
            it.now = it.now + .seconds(1)
        }
    }
}
