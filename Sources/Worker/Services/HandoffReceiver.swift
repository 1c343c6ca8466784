import AWS
import Ledger
import Logging
import Promotion

/// Reads the packages and artifacts of what other workers hand over, with this worker's own access: what they
/// say of them has to be so.
struct HandoffReceiver: Loop {
    /// Between two looks for something handed over.
    static let interval = Duration.seconds(1)

    let settings: Settings
    let sessions: Sessions
    let reader: RegistryReader
    let ledger: Ledger
    let mailbox: Mailbox
    let log: Logger

    private var timing: Timing { sessions.timing }

    func loop() async {
        while !Task.isCancelled {
            do {
                for pending in try await ledger.handoffsToRead(now: timing.moment) {
                    try await judge(pending)
                }
            } catch {
                if Task.isCancelled { return }
                log.error("\(error)", metadata: ["step": "takeOver"])
            }
            try? await timing.sleep(Self.interval)
        }
    }

    private func judge(_ pending: PendingHandoff) async throws {
        let finding: HandoffFinding
        do {
            finding = try await read(pending.message)
        } catch {
            if Task.isCancelled { return }
            finding = .unread(Failure(error))
        }
        let answer = try await ledger.judge(pending, finding, now: timing.moment)
        let metadata: Logger.Metadata = [
            "release": "\(pending.message.handoff.release)", "stage": "\(pending.message.handoff.stage)",
            "step": "handoff",
        ]
        if let answer {
            log.info("\(answer.verdict): \(answer.why)", metadata: metadata)
            await mailbox.wake()
        } else if case .unread(let failure) = finding {
            log.warning("\(failure.sentence)", metadata: metadata)
        }
    }

    private func read(_ message: HandoffMessage) async throws -> HandoffFinding {
        guard let endpoint = settings.endpoint(message.endpoint),
            let account = endpoint.stage(named: message.handoff.stage)?.accounts
                .first(where: { settings.driven.contains($0.name) })
        else {
            return .different(
                "the accounts folder has no account of \(message.handoff.stage) that is driven here"
            )
        }
        let pins = PinReader(
            owners: settings.registry.artifactOwners,
            limits: CopyLimits(),
            session: try await sessions.session(account.name)
        )
        var sights: [PackageSight] = []
        for (target, version) in message.handoff.models.sorted(by: { $0.key < $1.key }) {
            let group = endpoint.models[target]?.name ?? ""
            let sight = try await reader.look(at: version.package, group: group)
            if let sentence = difference(version, sight, group, endpoint) { return .different(sentence) }
            switch try await pins.pin(version) {
            case .failure(let missing): return .different(missing.sentence)
            case .success(let pin):
                guard let handed = message.pins[target], pin.agrees(with: handed) else {
                    return .different(
                        "the artifact \(version.artifact) of \(version.package) is not what was handed over, as "
                            + "account \(account.name) sees it"
                    )
                }
            }
            sights.append(sight)
        }
        return .same(sights)
    }

    private func difference(
        _ version: ModelVersion,
        _ sight: PackageSight,
        _ group: String,
        _ endpoint: EndpointDocument
    ) -> String? {
        if sight.status == .deleted { return sight.problem }
        guard sight.group == group else {
            return "\(version.package) is not a version of group \(group), as the registry has it"
        }
        let image = endpoint.container?.image ?? sight.image
        guard image == version.image, sight.artifact == version.artifact else {
            return
                "\(version.package) has image \(image ?? "none") and artifact \(sight.artifact ?? "none") here, and was "
                + "handed over with \(version.image) and \(version.artifact)"
        }
        return nil
    }
}
