import Native
public import Promotion

/// A release that is still to be handed over to another account's worker.
public struct OwedHandoff: Hashable, Sendable {
    public let id: String
    public let release: String
    /// The account it goes to, by its name in the accounts folder, and the stage.
    public let account: String
    public let stage: String
    public let queue: String
    /// The message, the same for every try.
    public let body: String
    public let failures: Int
}

/// Handing releases on: what is owed is written with the decision, and sent afterwards.
extension Ledger {
    func evidence(for release: String, in transaction: any Transaction) throws -> [Evidence] {
        try transaction.rows(
            "SELECT * FROM evidence WHERE release = ? ORDER BY verified_at, stage, account",
            release
        ).map { row in
            Evidence(
                account: try row.text("account"),
                stage: try row.text("stage"),
                verifiedAt: Self.moment(try row.integer("verified_at")),
                checks: try Self.decode(row.text("checks")),
                sender: try row.optionalText("sender")
            )
        }
    }

    /// Writes the evidence of releases where it changed, or where they were opened anew.
    func saveEvidence(
        _ state: EndpointState,
        before: EndpointState,
        in transaction: any Transaction,
        now: Moment
    ) throws {
        for release in state.releases where state.plan.isShared {
            let evidence = state.evidence[release.id] ?? []
            let isSame = before.releases.first { $0.id == release.id }?.opening == release.opening
            if isSame, evidence == before.evidence[release.id] ?? [] { continue }
            try transaction.run("DELETE FROM evidence WHERE release = ?", release.id)
            for entry in evidence {
                try transaction.run(
                    """
                    INSERT INTO evidence (release, stage, account, verified_at, checks, sender, at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                    release.id,
                    entry.stage,
                    entry.account,
                    entry.verifiedAt.milliseconds,
                    try Self.encode(entry.checks),
                    entry.sender,
                    now.milliseconds
                )
            }
        }
    }

    /// Writes down a hand-off in the transaction that decides it, whole, so that it is sent whatever happens.
    func owe(_ delivery: Handoff.Delivery, in transaction: any Transaction, now: Moment) throws {
        guard let queue = delivery.to.queue,
            let release = try release("WHERE id = ?", [delivery.handoff.release], in: transaction).first
        else { return }
        let name = "\(release.id) \(delivery.opening) \(delivery.to.stage) \(delivery.to.name)"
        let id = Digest.hex(try Digest.sha256(name))
        let message = HandoffBody(
            delivery.handoff,
            pins: try pins(of: release, in: transaction),
            requestID: id
        )
        try transaction.run(
            """
            INSERT INTO handoffs (id, release, stage, account, queue, body, at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO NOTHING
            """,
            id,
            release.id,
            delivery.to.stage,
            delivery.to.name,
            queue,
            try Self.encode(message),
            now.milliseconds,
            now.milliseconds
        )
    }

    /// What was taken back is not handed over any more, where that has not happened yet.
    func dropHandoffs(of release: Release, in transaction: any Transaction, now: Moment) throws {
        let dropped = try transaction.run(
            "DELETE FROM handoffs WHERE release = ? AND sent_at IS NULL",
            release.id
        )
        guard dropped > 0 else { return }
        try journal(
            "event",
            "handoffDropped",
            endpoint: release.endpoint,
            release: release.id,
            release.reason ?? "aborted",
            in: transaction,
            now: now
        )
    }

    /// What is to be handed over now, in the order in which it was decided.
    public func handoffsDue(now: Moment) async throws -> [OwedHandoff] {
        try await store.read { transaction in
            try transaction.rows(
                "SELECT * FROM handoffs WHERE due_at <= ? ORDER BY at, id LIMIT 10",
                now.milliseconds
            ).map { row in
                OwedHandoff(
                    id: try row.text("id"),
                    release: try row.text("release"),
                    account: try row.text("account"),
                    stage: try row.text("stage"),
                    queue: try row.text("queue"),
                    body: try row.text("body"),
                    failures: Int(try row.integer("failures"))
                )
            }
        }
    }

    /// Records that the queue has taken a hand-off. Whoever was killed before sends it once more, which its
    /// receiver sees.
    public func handedOver(_ owed: OwedHandoff, message: String, now: Moment) async throws {
        try await store.write { transaction in
            let isFirst = try transaction.run(
                "UPDATE handoffs SET due_at = NULL, trouble = NULL, sent_at = ? WHERE id = ? AND sent_at IS NULL",
                now.milliseconds,
                owed.id
            )
            guard isFirst == 1 else { return }
            let endpoint = try release("WHERE id = ?", [owed.release], in: transaction).first?.endpoint
            try journal(
                "effect",
                "handoffSent",
                endpoint: endpoint,
                release: owed.release,
                account: owed.account,
                stage: owed.stage,
                "message \(message) to \(owed.queue)",
                in: transaction,
                now: now
            )
        }
    }

    /// A hand-off is never given up, and `status` says what keeps it.
    public func couldNotHandOver(_ owed: OwedHandoff, _ failure: Failure, now: Moment) async throws {
        try await store.write { transaction in
            try transaction.run(
                "UPDATE handoffs SET failures = ?, trouble = ?, due_at = ? WHERE id = ? AND sent_at IS NULL",
                owed.failures + 1,
                failure.sentence,
                (now + pause(after: owed.failures + 1)).milliseconds,
                owed.id
            )
            return
        }
    }

    func pause(after failures: Int) -> Duration {
        min(pace.retry.base * (1 << min(failures - 1, 20)), pace.retry.ceiling)
    }
}

/// A hand-off as the message on the queue has it. The names are a contract.
private struct HandoffBody: Encodable {
    struct Model: Encodable {
        let package: String
        let image: String
        let url: String
        let pin: PinBody?
    }

    struct PinBody: Encodable {
        let url: String
        let owner: String
        let versionId: String?
        let etag: String
        let size: Int64
        let partSize: Int64?
        let sha256: String?
    }

    struct EvidenceBody: Encodable {
        let account: String
        let stage: String
        let verifiedAt: String
        let checks: [String]
    }

    let sluice = 1
    let action = "handoff"
    let release: String
    let digest: String
    let stage: String
    let models: [String: Model]
    let evidence: [EvidenceBody]
    let requestId: String

    init(_ handoff: Handoff, pins: [String: Pin], requestID: String) {
        release = handoff.release
        digest = handoff.digest
        stage = handoff.stage
        models = handoff.models.mapValues { version in
            Model(
                package: version.package,
                image: version.image,
                url: version.artifact,
                pin: pins[version.package].map { pin in
                    PinBody(
                        url: pin.url,
                        owner: pin.owner,
                        versionId: pin.versionID,
                        etag: pin.etag,
                        size: pin.size,
                        partSize: pin.partSize,
                        sha256: pin.sha256
                    )
                }
            )
        }
        evidence = handoff.evidence.map { entry in
            EvidenceBody(
                account: entry.account,
                stage: entry.stage,
                verifiedAt: Ledger.text(entry.verifiedAt),
                checks: entry.checks
            )
        }
        requestId = requestID
    }
}
