/// The checks of documents that are for whole organizational units, and of what endpoints are called.
extension FolderCheck {
    func checkUnits() {
        for (index, account) in accounts.enumerated() {
            guard let unit = account.unit else {
                checkName(of: account)
                continue
            }
            for other in accounts[..<index]
            where other.unit?.value == unit.value && other.region != nil
                && other.region?.value == account.region?.value
            {
                account.source.report(
                    "the accounts of \(unit.value) in \(account.region?.value ?? "") are there twice: "
                        + "\(other.source.path):\(other.unit?.line ?? 0) is for the same",
                    line: unit.line
                )
            }
        }
    }

    /// An account's name that a unit's document gives to another account would be two accounts'.
    private func checkName(of account: AccountDraft) {
        guard let name = account.name, let number = account.account, let region = account.region else {
            return
        }
        for other in accounts {
            guard let taken = other.document?.filled(named: name.value),
                taken.account != number.value || taken.region != region.value
            else { continue }
            account.source.report(
                "`\(name.value)` is what \(other.source.path):\(other.name?.line ?? 0) calls account \(taken.account) in "
                    + "\(taken.region): give this one another name",
                line: name.line
            )
        }
    }

    /// The name of the document for a whole unit that an account of this name would come from.
    func unit(of name: String) -> String? {
        accounts.compactMap(\.document).first { $0.filled(named: name) != nil }?.name
    }

    func checkLiveNames(of endpoint: EndpointDraft, in accounts: [[AccountDocument]]) {
        guard let name = endpoint.name else { return }
        for account in accounts.joined() {
            let live = Placeholder.filled(account.liveName(of: name.value))
            guard !AWSNames.isSageMakerName(live) else { continue }
            endpoint.source.report(
                "the endpoint would be called \(account.liveName(of: name.value).shown) in account `\(account.name)` (by "
                    + "its `endpointName`), and SageMaker takes names of at most 63 characters: shorten one of the two",
                line: name.line
            )
        }
    }
}
