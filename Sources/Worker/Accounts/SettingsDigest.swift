import Promotion

extension EndpointDocument {
    /// The settings in force for this endpoint in an account, as one text that is the same for the same
    /// settings whatever order or layout the files have; the worker hashes it.
    ///
    /// It holds whatever would change what is rolled out, how it is judged or who may approve it. How the
    /// worker gets into the account (`role`, `externalId`) and who may operate the endpoint change none
    /// of that, so they do not void an approval; nor do how much is kept, how often people are reminded and
    /// what a rejection brings about later, or how many accounts are entered at a time. Whatever has its default is left out, so that a setting that
    /// is new to Sluice voids nothing that was approved before.
    public func settingsDigestInput(account: AccountDocument) -> String {
        let stage = stage(ofAccount: account.name)
        var settings: [String: CanonicalJSON] = [
            "name": .text(name),
            "models": .texts(models.mapValues(\.description)),
            "smoke": .list(smoke.map(Self.canonical)),
            "account": Self.canonical(account),
        ]
        if serves != .multiModel { settings["serves"] = .text(serves.rawValue) }
        if adopt { settings["adopt"] = .flag(adopt) }
        if onModelFailure != .fail { settings["onModelFailure"] = .text(onModelFailure.rawValue) }
        if let container {
            settings["container"] = .object([
                "image": .text(container.image), "environment": .texts(container.environment),
            ])
        }
        if let stage {
            settings["stage"] = Self.canonical(stage)
            // A gate asks that the stages before it verified the release, so which they are is a setting.
            settings["after"] = .list(stages.prefix { $0.name != stage.name }.map { .text($0.name) })
        }
        return CanonicalJSON.object(settings).description
    }

    private static func canonical(_ account: AccountDocument) -> CanonicalJSON {
        var object: [String: CanonicalJSON] = [
            "name": .text(account.name),
            "account": .text(account.account),
            "region": .text(account.region),
            "executionRole": .text(account.executionRole),
            "models": .text(account.models.description),
            "tags": .texts(account.tags),
        ]
        object["kmsKey"] = account.kmsKey.map(CanonicalJSON.text)
        if account.endpointName != AccountDocument.endpointNameByDefault {
            object["endpointName"] = .text(account.endpointName)
        }
        return .object(object)
    }

    private static func canonical(_ stage: StageDocument) -> CanonicalJSON {
        var variant: [String: CanonicalJSON] = [
            "name": .text(stage.variant.name),
            "instance": .text(stage.variant.instance),
            "count": .integer(stage.variant.count),
        ]
        variant["volumeKmsKey"] = stage.variant.volumeKmsKey.map(CanonicalJSON.text)
        var object: [String: CanonicalJSON] = [
            "name": .text(stage.name),
            "accepts": .list(stage.accepts.map(\.rawValue).sorted().map(CanonicalJSON.text)),
            "soak": .duration(stage.soak),
            "variant": .object(variant),
            "gate": canonical(stage.gate),
        ]
        if stage.failureTolerance != 0 { object["failureTolerance"] = .integer(stage.failureTolerance) }
        if stage.lag != .zero { object["lag"] = .duration(stage.lag) }
        object["traffic"] = stage.traffic.map(canonical)
        return .object(object)
    }

    private static func canonical(_ traffic: TrafficDocument) -> CanonicalJSON {
        var object: [String: CanonicalJSON] = [
            "type": .text(traffic.shift.type),
            "wait": .duration(traffic.wait),
            "alarms": .list(traffic.alarms.sorted().map(CanonicalJSON.text)),
            "terminationWait": .duration(traffic.terminationWait),
        ]
        object["maximumExecution"] = traffic.maximumExecution.map(CanonicalJSON.duration)
        switch traffic.shift {
        case .allAtOnce: break
        case .canary(let percent), .linear(let percent): object["percent"] = .integer(percent)
        }
        return .object(object)
    }
}
