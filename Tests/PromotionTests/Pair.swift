@testable import Promotion

/// Two workers with separate ledgers: one drives the first stage of an endpoint and the other a later one.
final class Pair {
    let upstream: Story
    let downstream: Story
    /// As whom the upstream worker hands over.
    static let worker = Sender("AROAUPSTREAM:sluice")

    /// - Parameters:
    ///   - stages: The names of the stages, of which `upstream` drives the first.
    ///   - stage: The one that `downstream` drives, the last unless another is said.
    ///   - accounts: The accounts of the first stage and their queues; the upstream worker drives those that
    ///     share the first one's.
    init(
        stages: [String] = ["staging", "prod"],
        downstream stage: String? = nil,
        upstream accounts: [(name: String, queue: String?)] = [("staging", nil)],
        soak: Duration = .zero,
        lag: Duration = .zero,
        tolerance: Int = 0,
        gate: GatePlan = GatePlan(approvals: 1, approvers: patterns("AIDAANNA", "AROATEAM:*"))
    ) {
        func places(hereIn here: String) -> [[Place]] {
            stages.map { stage in
                let named = stage == stages.first ? accounts : [(name: stage, queue: "queue-\(stage)")]
                return named.map { account in
                    Place(
                        stage: stage,
                        name: account.name,
                        account: Self.number(account.name),
                        queue: account.queue,
                        isHere: stage == here && (stage != stages.first || account.queue == accounts[0].queue)
                    )
                }
            }
        }
        let (first, last) = (stages[0], stage ?? stages[stages.count - 1])
        let place = stages.firstIndex(of: last) ?? 0
        let above = places(hereIn: first)
        let below = places(hereIn: last)
        let here = above[0].filter(\.isHere)
        upstream = Story(
            Self.plan(
                StagePlan(
                    name: first,
                    accounts: Dictionary(uniqueKeysWithValues: here.map { ($0.name, "s") }),
                    accepts: [.approved],
                    soak: soak,
                    failureTolerance: tolerance,
                    relay: Relay(here: here, after: above[1], nextGate: gate)
                ),
                composes: true
            )
        )
        downstream = Story(
            Self.plan(
                StagePlan(
                    name: last,
                    accounts: [last: "p"],
                    accepts: [.approved],
                    soak: .zero,
                    lag: lag,
                    gate: gate,
                    relay: Relay(
                        before: Array(below[..<place].joined()),
                        tolerance: [first: tolerance],
                        here: below[place],
                        after: place + 1 < stages.count ? below[place + 1] : [],
                        nextGate: place + 1 < stages.count ? gate : nil,
                        senders: [last: patterns("AROAUPSTREAM:*")]
                    )
                ),
                composes: false
            )
        )
    }

    private static func plan(_ stage: StagePlan, composes: Bool) -> EndpointPlan {
        EndpointPlan(
            name: "demand",
            targets: ["de": "de", "fr": "fr"],
            image: nil,
            stages: [stage],
            operators: patterns("AIDAOLGA"),
            composes: composes
        )
    }

    /// Twelve digits of an account's own.
    static func number(_ name: String) -> String {
        String(100_000_000_000 + name.utf8.reduce(0) { $0 * 31 % 1_000_000 + Int($1) })
    }

    var faults: [String] { upstream.faults + downstream.faults }
    /// The release that was handed over last.
    var id: String { upstream.world.handoffs.last?.handoff.release ?? "" }

    /// Approves a version, and verifies its release in the first stage.
    func verify(_ version: Version, in accounts: String...) {
        _ = upstream.approve(version)
        for account in accounts.isEmpty ? ["staging"] : accounts { _ = upstream.finish(account) }
        // Both have the registry's word.
        downstream.world.look(at: version, .approved)
        downstream.world.now = max(downstream.world.now, upstream.world.now)
    }

    /// Delivers a hand-off, the last one unless another is said.
    func handOver(
        _ index: Int? = nil,
        from sender: Sender = worker,
        decidedBy: String? = nil,
        changing change: (Handoff) -> Handoff = { $0 }
    ) -> String {
        guard let delivery = index.map({ upstream.world.handoffs[$0] }) ?? upstream.world.handoffs.last else {
            return "nothing is handed over"
        }
        let answer = downstream.world.receive(change(delivery.handoff), from: sender, decidedBy: decidedBy)
        return answer.isAccepted ? downstream.world.situation : "refused: \(answer.why)"
    }
}

extension Handoff {
    func with(stage: String? = nil, evidence: [Evidence]? = nil) -> Handoff {
        Handoff(
            release: release,
            digest: digest,
            stage: stage ?? self.stage,
            models: models,
            evidence: evidence ?? self.evidence
        )
    }
}

extension World {
    /// As the ledger does: what a version's status is, is known before it is decided about.
    mutating func receive(_ handoff: Handoff, from sender: Sender, decidedBy: String?) -> Answer {
        now = now + .seconds(1)
        let digest = Self.digest(of: Release.identity(endpoint: plan.name, models: handoff.models))
        var known: [String: Candidate] = [:]
        for (target, version) in handoff.models {
            known[version.package] = Candidate(
                target: target,
                package: version.package,
                version: 0,
                decidedAt: now,
                decidedBy: decidedBy,
                status: .approved,
                model: version
            )
        }
        let statuses = registry.map { ($0.key.package, $0.value) }
        return transact(named: handoff.release) { [known, now] state in
            state.learn(statuses: Dictionary(uniqueKeysWithValues: statuses))
            return state.take(
                Request(action: .handoff(handoff), sender: sender, reason: "verified upstream"),
                known: known,
                digest: digest,
                now: now
            )
        }
    }
}
