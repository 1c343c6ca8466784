/// The checks of who hands releases over to whom, where accounts have workers of their own.
extension FolderCheck {
    func checkRelays() {
        for account in accounts {
            if let queue = account.queue, let registry = registries.first?.document,
                queue.value == registry.queue
            {
                account.source.report(
                    "`queue` is the registry's own: leave it out, and the registry's worker drives the account",
                    line: queue.line
                )
            }
        }
        for endpoint in endpoints {
            var relayed: (stage: String, account: String)?
            for (index, stage) in endpoint.stages.enumerated() {
                let drafts = drafts(of: stage)
                for account in drafts where index > 0 { check(account, after: relayed, in: endpoint) }
                checkNumbers(of: drafts)
                if let account = drafts.first(where: { $0.queue != nil }) {
                    relayed = (stage.name?.value ?? "", account.name?.value ?? "")
                }
            }
        }
    }

    private func drafts(of stage: StageDraft) -> [AccountDraft] {
        guard let named = stage.accounts else {
            return accounts.filter { $0.stage?.value == stage.name?.value }
        }
        return accounts.filter { account in named.contains { $0.value == account.name?.value } }
    }

    private func check(
        _ account: AccountDraft,
        after relayed: (stage: String, account: String)?,
        in endpoint: EndpointDraft
    ) {
        guard let name = account.name, let endpoint = endpoint.name else { return }
        if account.queue != nil, !account.hasUpstream {
            account.source.report(
                "account `\(name.value)` has a `queue` of its own and comes after another stage of "
                    + "`\(endpoint.value)`: say in `upstream` who may hand over to it",
                line: account.queue?.line ?? name.line
            )
        }
        if let relayed, !account.hasQueue {
            account.source.report(
                "account `\(name.value)` has no `queue`, but comes after stage `\(relayed.stage)` of "
                    + "`\(endpoint.value)`, whose account `\(relayed.account)` has a worker of its own, which could not "
                    + "hand over to it: give it a `queue` and `upstream`",
                line: name.line
            )
        }
    }

    /// Evidence names an account by its number, so that what has the same is verified together.
    private func checkNumbers(of accounts: [AccountDraft]) {
        for (index, account) in accounts.enumerated() {
            for other in accounts[..<index]
            where account.account != nil && account.account?.value == other.account?.value
                && account.queue?.value != other.queue?.value
            {
                account.source.report(
                    "account \(account.account?.value ?? "") is here and in "
                        + "\(other.source.path):\(other.account?.line ?? 0) with another `queue`, though both are of one "
                        + "stage: let one worker drive both",
                    line: account.queue?.line ?? account.account?.line ?? 0
                )
            }
        }
    }
}
