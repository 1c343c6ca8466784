import Promotion

extension EndpointDocument {
    /// The settings in force for this endpoint in an account, as one text that is the same for the same
    /// settings whatever order or layout the files have; the worker hashes it.
    ///
    /// It holds whatever would change what is rolled out, how it is judged or who may approve it. How the
    /// worker gets into the account (`role`, `externalId`) and who may operate the endpoint change none
    /// of that, so they do not void an approval.
    public func settingsDigestInput(account: AccountDocument) -> String {
        let stage = stage(ofAccount: account.name)
        var settings: [String: CanonicalJSON] = [
            "name": .text(name),
            "models": .texts(models.mapValues(\.description)),
            "smoke": .list(smoke.map(Self.canonical)),
            "account": Self.canonical(account),
        ]
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
        return .object(object)
    }

    private static func canonical(_ stage: StageDocument) -> CanonicalJSON {
        .object([
            "name": .text(stage.name),
            "accepts": .list(stage.accepts.map(\.rawValue).sorted().map(CanonicalJSON.text)),
            "soak": .duration(stage.soak),
            "variant": .object([
                "name": .text(stage.variant.name),
                "instance": .text(stage.variant.instance),
                "count": .integer(stage.variant.count),
            ]),
            "gate": .object([
                "approvals": .integer(stage.gate.approvals),
                "approvers": .list(stage.gate.approvers.map(\.text).sorted().map(CanonicalJSON.text)),
                "expires": .duration(stage.gate.expires),
            ]),
        ])
    }

    private static func canonical(_ smoke: SmokeTest) -> CanonicalJSON {
        var object: [String: CanonicalJSON] = [:]
        if case .requests(let requests) = smoke.question {
            object["contentType"] = .text(requests.contentType)
            if case .bytes(let bytes) = requests.body {
                object["body"] = .text(String(decoding: bytes, as: UTF8.self))
            }
            object["expect"] = .list(requests.expect.map(canonical))
        }
        object["target"] = smoke.target.map(CanonicalJSON.text)
        object["within"] = smoke.within.map(CanonicalJSON.duration)
        return .object(object)
    }

    private static func canonical(_ expectation: SmokeTest.Expectation) -> CanonicalJSON {
        var object: [String: CanonicalJSON] = [:]
        if case .pointer(let pointer) = expectation.place { object["pointer"] = .text(pointer) }
        switch expectation.check {
        case .equals(.text(let text)): object["equals"] = .text(text)
        case .equals(.number(let number)): object["equals"] = .number(number)
        case .equals(.flag(let flag)): object["equals"] = .flag(flag)
        case .between(let low, let high): object["between"] = .list([.number(low), .number(high)])
        }
        return .object(object)
    }
}
