import Native
public import Promotion

/// Finding out what comes next without deciding it.
extension Ledger {
    /// Looks ahead for the endpoints of the plans that the ledger was opened with.
    public func outlook(on endpoint: String? = nil, now: Moment) async throws -> [Outlook] {
        try await store.read { transaction in
            try plans.values.filter { endpoint == nil || $0.name == endpoint }.sorted { $0.name < $1.name }
                .map { try outlook($0, in: transaction, now: now) }
        }
    }

    private func outlook(
        _ plan: EndpointPlan,
        in transaction: any Transaction,
        now: Moment
    ) throws -> Outlook {
        func nothing(_ verdict: Outlook.Verdict, _ text: String, over: [Outlook.PassedOver] = []) -> Outlook {
            Outlook(
                endpoint: plan.name,
                verdict: verdict,
                text: text,
                release: nil,
                number: nil,
                models: [:],
                stages: [],
                passedOver: over
            )
        }
        guard try transaction.row("SELECT 1 AS known FROM endpoints WHERE name = ?", plan.name) != nil else {
            return nothing(.unknown, "no worker has run on this ledger since the endpoint is in the folder")
        }
        var state = try state(of: plan, including: [], in: transaction)
        let opened = state.releases.filter(\.isOpen).max { $0.opening < $1.opening }
        guard let wanted = plan.composes ? state.wanted : opened?.models ?? [:] else {
            return nothing(.unknown, "a version that should serve has not been looked at in the registry yet")
        }
        let over = plan.composes ? try passedOver(state, wanted, in: transaction) : []
        let first = plan.stages.first?.name ?? "its first stage"
        if wanted.isEmpty, !plan.composes {
            return nothing(
                .nothing,
                "nothing to do: releases are handed over to \(first), and none is under way"
            )
        }
        guard !wanted.isEmpty else {
            return nothing(.nothing, "nothing to do: no version is acceptable to \(first)", over: over)
        }
        state.learn(statuses: try statuses(of: wanted.values.map(\.package), in: transaction))
        let digest = Digest.hex(try Digest.sha256(Release.identity(endpoint: plan.name, models: wanted)))
        let known = try release("WHERE endpoint = ? AND digest = ?", [plan.name, digest], in: transaction)
            .first
        let (verdict, text) = Self.verdict(state, wanted, digest: digest, known: known, now: now)
        let open = known.flatMap { $0.isOpen ? $0 : nil }
        return Outlook(
            endpoint: plan.name,
            verdict: verdict,
            text: text,
            release: "\(plan.name).\(digest.prefix(10))",
            number: known?.number ?? state.releaseCount + 1,
            models: wanted.mapValues(\.package),
            stages: plan.stages.indices.map { index in
                Outlook.Stage(
                    stage: plan.stages[index].name,
                    accounts: Self.accounts(of: plan.stages[index], state, wanted),
                    gate: Self.gate(index, state, wanted, open: open, now: now),
                    traffic: plan.stages[index].traffic
                )
            },
            passedOver: over
        )
    }

    /// What would become of the wanted set, found out by letting the core do it to a copy.
    private static func verdict(
        _ state: EndpointState,
        _ wanted: [String: ModelVersion],
        digest: String,
        known: Release?,
        now: Moment
    ) -> (Outlook.Verdict, String) {
        func opens(_ state: EndpointState) -> Bool {
            var next = state
            next.compose(wanted, digest: digest, known: known, now: now)
            return next.openingCount > state.openingCount
        }
        let name = state.plan.name
        if let known, known.isOpen {
            let place = known.state == .waiting ? "waits at the gate of" : "rolls in"
            return (.underWay, "release \(known.number) of this set \(place) \(known.stop.stage)")
        }
        if let known, state.servesEverywhere(known) {
            return (
                .nothing,
                "nothing to do: every account serves release \(known.number), which is this set, under the "
                    + "settings in force"
            )
        }
        if let rolling = state.releases.first(where: { $0.state == .rolling && $0.position == 0 }) {
            return (
                .folds,
                "release \(rolling.number) rolls in \(rolling.stop.stage); what comes next is decided when it "
                    + "has left it"
            )
        }
        guard state.canCompose else {
            return (
                .folds, "an account of the first stage goes back; what comes next is decided when it is there"
            )
        }
        var settled = state
        settled.settle(now: now)
        if opens(settled) {
            let how = known.map { "release \($0.number) is opened again" } ?? "a new release is composed"
            return (.composes, "\(how) as soon as the worker looks")
        }
        guard opens(state.asked) else { return (.nothing, "nothing to do: no stage takes a release") }
        if let known, let ending = known.state.ending, ending != .released, ending != .superseded {
            return (
                .needsPerson,
                "release \(known.number) of this set ended \(ending.rawValue): \(known.reason ?? "no reason"). "
                    + "`sluice retry \(known.id)` opens it again"
            )
        }
        let isServed = state.plan.stages.flatMap(\.accounts.keys).allSatisfy {
            state.serving[$0]?.models == wanted
        }
        return (
            .needsPerson,
            (isServed
                ? "every account serves this set, and only settings differ"
                : "no decision asks for it: the accounts folder says something else than what serves, or a "
                    + "version in use was withdrawn")
                + "; the next release carries it through, and `sluice deploy \(name)` makes one"
        )
    }

    private static func accounts(
        of stage: StagePlan,
        _ state: EndpointState,
        _ wanted: [String: ModelVersion]
    ) -> [Outlook.Account] {
        stage.accounts.sorted { $0.key < $1.key }.map { account, settings in
            let serving = state.serving[account]
            let served = serving?.models ?? [:]
            return Outlook.Account(
                name: account,
                release: serving?.release,
                since: serving.map { text($0.since) },
                changes: Set(served.keys).union(wanted.keys).sorted().compactMap { target in
                    served[target] == wanted[target]
                        ? nil
                        : Outlook.Change(
                            target: target,
                            from: served[target]?.package,
                            to: wanted[target]?.package
                        )
                },
                settings: serving.map { $0.settings == settings ? .unchanged : .changed } ?? .new
            )
        }
    }

    /// The versions that would serve if nothing were in their way: later decisions that are barred, and
    /// higher versions that the first stage does not accept.
    private func passedOver(
        _ state: EndpointState,
        _ wanted: [String: ModelVersion],
        in transaction: any Transaction
    ) throws -> [Outlook.PassedOver] {
        var passedOver: [Outlook.PassedOver] = []
        for (target, group) in state.plan.targets.sorted(by: { $0.key < $1.key }) {
            let candidates = state.candidates.filter { $0.target == target }
            let chosen = candidates.first { $0.package == wanted[target]?.package }
            for bar in state.bars where bar.target == target {
                let barred = candidates.first { $0.package == bar.package }
                if let barred, let chosen, barred.decidedAt < chosen.decidedAt { continue }
                passedOver.append(
                    .init(
                        target: target,
                        package: bar.package,
                        why: "barred: \(bar.reason)",
                        at: Self.text(bar.at)
                    )
                )
            }
            let rows = try transaction.rows(
                "SELECT arn, status FROM packages WHERE package_group = ? AND version > ? ORDER BY version",
                group,
                chosen?.version ?? 0
            )
            for row in rows {
                let (package, status) = (try row.text("arn"), try row.text("status"))
                let isAccepted = ApprovalStatus(rawValue: status).map(state.plan.accepts.contains) ?? false
                guard !isAccepted,
                    !passedOver.contains(where: { $0.target == target && $0.package == package })
                else { continue }
                let words = state.plan.accepts.map(\.rawValue).sorted().joined(separator: " or ")
                let stage = state.plan.stages.first?.name ?? "the first stage"
                let why = "\(status) in the registry; \(stage) accepts \(words)"
                passedOver.append(.init(target: target, package: package, why: why, at: nil))
            }
        }
        return passedOver
    }
}
