public import Ledger

/// Whether an endpoint may be taken down in an account without a worker making it again.
public enum TeardownPermit {
    /// What the ledger shows of the endpoint, if it could be read.
    public enum Sight: Sendable {
        case seen(EndpointView?)
        /// Why it could not.
        case unseen(String)
    }

    /// Why it may not, and what to do; nil where it may.
    ///
    /// A worker reads the accounts folder once, so what is taken out of the folder is out of a worker only when
    /// that was started again: the sentence says so, because nobody else can know.
    ///
    /// - Parameter folder: With the accounts of organizational units in their place where they are known, so that
    ///   one that has left its unit counts as taken out.
    public static func obstacle(
        to endpoint: String,
        in account: AccountDocument,
        by folder: AccountsFolder,
        ledger: Sight
    ) -> String? {
        if case .seen(let view?) = ledger,
            let work = view.underWay.first(where: { $0.account == account.name })
        {
            return
                "\(work.release) is under way in \(account.name) (\(work.state)). Wait until it has ended, or "
                + "hold it and wait for that, then run this again"
        }
        guard let stage = folder.endpoint(named: endpoint)?.stage(ofAccount: account.name) else { return nil }
        let held: Bool? =
            switch ledger {
            case .seen(let view): view?.holds.contains { $0.stage == nil || $0.stage == stage.name } ?? false
            case .unseen: nil
            }
        if held == true { return nil }
        let looked =
            if case .unseen(let why) = ledger { " (whether it is held nobody can say: \(why))" } else { "" }
        let leave =
            account.organizationalUnit.map { "move the account out of \($0)" }
            ?? "take \(account.name) out of the endpoint's stages"
        return
            "the accounts folder deploys \(endpoint) to \(account.name), so a worker would make it again with "
            + "the next release\(looked). To take it down for good, \(leave), or take the endpoint out of the "
            + "folder, and start the workers again. To take it down for a "
            + "while: `sluice hold \(endpoint) --stage \(stage.name) --reason …`. Then run this again"
    }

    /// What has to be known where it may; nil where there is nothing.
    public static func caution(
        on endpoint: String,
        in account: AccountDocument,
        by folder: AccountsFolder
    ) -> String? {
        guard folder.endpoint(named: endpoint)?.stage(ofAccount: account.name) != nil else {
            if let unit = account.organizationalUnit, folder.endpoint(named: endpoint) != nil {
                return
                    "\(account.name) is no active account of \(unit) any more; should it be one again, the next "
                    + "release makes \(endpoint) again."
            }
            return "A worker that has not been started since \(endpoint) left the folder would make it again."
        }
        return
            "\(endpoint) is held, and still in the accounts folder: after `sluice resume` the next release makes "
            + "it again, and so does a way back from a version that the registry rejects, which waits for no hold."
    }
}
