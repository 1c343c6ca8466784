import AWS
import Ledger
import Promotion

/// How a switch is asked for: what of the live fleet stays, and how the traffic moves.
struct SwitchTerms {
    /// Whether the live counts and weights are kept, so that an update does not undo autoscaling.
    var keepsCounts: Bool
    /// nil is SageMaker's own way: all at once and unwatched.
    var traffic: TrafficDocument?
}

extension EndpointRoller {
    /// Whether what served before is put back. That has no time to lose and nothing new to watch, so the
    /// traffic goes all at once.
    private var goesBack: Bool { work.attempt.isRollback || work.attempt.state == .restoring }

    /// Counts are kept always, unless the accounts folder now asks for another count than the live config was
    /// made with. The live config is looked at only where the settings are others than those it serves under.
    func terms() async throws -> SwitchTerms {
        if goesBack { return SwitchTerms(keepsCounts: true) }
        let stage = try stage
        let before = work.attempt.before
        guard work.servedSettings != work.attempt.settings, let before else {
            return SwitchTerms(keepsCounts: true, traffic: stage.traffic)
        }
        let live: EndpointConfigDescription
        do {
            live = try await sageMaker.describeEndpointConfig(name: before.config)
        } catch let error as AWSError where error.isMissing {
            // Somebody deleted the live config, and what cannot be compared must not stop the switch.
            return SwitchTerms(keepsCounts: false, traffic: stage.traffic)
        }
        if let sentence = silentFallback(stage, live) { throw FailureError(.invalid, sentence) }
        // Nobody asked for another count than that of an endpoint which is only being taken over.
        let isAdopting = endpoint.adopt && work.servedSettings == nil
        return SwitchTerms(
            keepsCounts: isAdopting || live.variants.first?.initialInstanceCount == stage.variant.count,
            traffic: stage.traffic
        )
    }

    /// Why SageMaker would move all traffic at once although it is asked for parts: it does so without a word
    /// where the variant's name changes.
    private func silentFallback(_ stage: StageDocument, _ live: EndpointConfigDescription) -> String? {
        guard let traffic = stage.traffic, traffic.shift != .allAtOnce, let variant = live.variants.first
        else { return nil }
        let name = variantName(stage.variant, live: variant)
        if name == variant.name { return nil }
        return
            "endpoint \(endpoint.name) in account \(account.name) has the variant \(variant.name) in its live config "
            + "\(live.name), and the accounts folder calls it \(name): SageMaker moves traffic in parts only "
            + "between variants of one name, and would move all of it at once without saying so. Write "
            + "`name: \(variant.name)` in the endpoint's `variant`, or `traffic: {allAtOnce: true}` in stage "
            + "\(stage.name), then retry this release."
    }

    /// What the variant is called: as the accounts folder says, but for an adopted endpoint as it is live where
    /// the folder leaves the default.
    func variantName(_ document: VariantDocument, live: EndpointVariant?) -> String {
        guard endpoint.adopt, document.name == VariantDocument.nameByDefault, let live else {
            return document.name
        }
        return live.name
    }
}

extension DeploymentConfig {
    init(_ traffic: TrafficDocument) {
        let routing: Routing =
            switch traffic.shift {
            case .allAtOnce: .allAtOnce
            case .canary(let percent): .canary(percent: percent)
            case .linear(let percent): .linear(percent: percent)
            }
        self.init(
            routing: routing,
            waitSeconds: Self.seconds(traffic.wait),
            terminationWaitSeconds: Self.seconds(traffic.terminationWait),
            maximumExecutionSeconds: traffic.maximumExecution.map(Self.seconds),
            alarms: traffic.alarms
        )
    }

    /// In SageMaker's unit; a part of a second counts as a whole one, so that nothing is watched for less.
    private static func seconds(_ duration: Duration) -> Int {
        Int((duration.wholeMilliseconds + 999) / 1000)
    }
}
