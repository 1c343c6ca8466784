/// The checks that need more than one document, over what could be read of them.
struct FolderCheck {
    let folder: String
    let problems: ProblemList
    let registries: [RegistryDraft]
    let accounts: [AccountDraft]
    let endpoints: [EndpointDraft]

    /// Reports what is wrong and returns the folder, of which nobody may make use if anything was.
    func run() -> AccountsFolder? {
        checkRegistries()
        checkAccounts()
        checkUnits()
        checkNames()
        checkRelays()
        let documents = endpoints.map { endpoint in
            let stages = endpoint.stages.map { accounts(of: $0, in: endpoint) }
            checkVolumeKeys(of: endpoint, in: stages)
            checkTolerances(of: endpoint, in: stages)
            checkLiveNames(of: endpoint, in: stages)
            return endpoint.document(accounts: stages)
        }
        checkGroups()
        guard problems.problems.isEmpty, let registry = registries.first?.document else { return nil }
        let folder = AccountsFolder(
            registry: registry,
            accounts: accounts.compactMap(\.document).sorted { $0.name < $1.name },
            endpoints: documents.compactMap { $0 }.sorted { $0.name < $1.name }
        )
        // A document that is dropped without a word would be an account or an endpoint nobody looks after.
        precondition(folder.accounts.count == accounts.count && folder.endpoints.count == endpoints.count)
        return folder
    }

    private func checkRegistries() {
        guard let first = registries.first else {
            if !problems.hasUnread {
                problems.report(
                    "has no document of `kind: registry`: it needs exactly one",
                    file: folder,
                    line: nil
                )
            }
            return
        }
        for other in registries.dropFirst() {
            other.source.report(
                "a second registry: there is exactly one, and \(first.source.path):\(first.line) is one already",
                line: other.line
            )
        }
    }

    private func checkAccounts() {
        for (index, account) in accounts.enumerated() {
            for other in accounts[..<index] {
                if let name = account.name, let first = other.name, name.value == first.value {
                    account.source.report(
                        "account `\(name.value)` is there twice: \(other.source.path):\(first.line) has the name already",
                        line: name.line
                    )
                }
                if let number = account.account, let region = account.region, let first = other.account,
                    number.value == first.value, region.value == other.region?.value
                {
                    account.source.report(
                        "account \(number.value) in \(region.value) is there twice: "
                            + "\(other.source.path):\(first.line) is the same",
                        line: number.line
                    )
                }
                if let models = account.models, let first = other.models, models.value.overlaps(first.value) {
                    account.source.report(
                        "`models` is `\(models.value)`, which \(other.source.path):\(first.line) shares with "
                            + "`\(first.value)`: every account document needs a prefix of its own",
                        line: models.line
                    )
                }
            }
        }
    }

    private func checkNames() {
        var places: [String: String] = [:]
        for endpoint in endpoints {
            guard let name = endpoint.name else { continue }
            // SageMaker takes names that differ in case alone for one.
            if let first = places[name.value.lowercased()] {
                endpoint.source.report(
                    "endpoint `\(name.value)` is there twice: \(first) has the name already",
                    line: name.line
                )
            } else {
                places[name.value.lowercased()] = "\(endpoint.source.path):\(name.line)"
            }
        }
    }

    /// The accounts a stage names, or else all there are of it.
    private func accounts(of stage: StageDraft, in endpoint: EndpointDraft) -> [AccountDocument] {
        guard let name = stage.name else { return [] }
        if let named = stage.accounts {
            return named.compactMap { account(named: $0, of: name.value, in: endpoint) }.sorted {
                $0.name < $1.name
            }
        }
        let all = accounts.filter { $0.stage?.value == name.value }
        if all.isEmpty, !problems.hasUnread, accounts.allSatisfy({ $0.stage != nil }) {
            let stages = Set(accounts.compactMap(\.stage?.value)).sorted()
            let hint = Spelling.hint(for: name.value, in: stages, listing: "the accounts' stages are")
            endpoint.source.report("no account has the stage `\(name.value)`\(hint)", line: name.line)
        }
        return all.compactMap(\.document).sorted { $0.name < $1.name }
    }

    private func account(
        named name: Located<String>,
        of stage: String,
        in endpoint: EndpointDraft
    ) -> AccountDocument? {
        guard let account = accounts.first(where: { $0.name?.value == name.value }) else {
            if let unit = unit(of: name.value) {
                endpoint.source.report(
                    "account `\(name.value)` is one of those of `\(unit)`, which a stage has all of: name \"\(unit)\", or "
                        + "give the account a document of its own",
                    line: name.line
                )
            } else if !problems.hasUnread, accounts.allSatisfy({ $0.name != nil }) {
                let names = accounts.compactMap(\.name?.value).sorted()
                let hint = Spelling.hint(for: name.value, in: names, listing: "there are")
                endpoint.source.report("there is no account `\(name.value)`\(hint)", line: name.line)
            }
            return nil
        }
        if let own = account.stage, own.value != stage {
            endpoint.source.report(
                "account `\(name.value)` is of stage `\(own.value)` (\(account.source.path):\(own.line)), not of `\(stage)`",
                line: name.line
            )
        }
        return account.document
    }

    private func checkVolumeKeys(of endpoint: EndpointDraft, in accounts: [[AccountDocument]]) {
        for (stage, accounts) in zip(endpoint.stages, accounts) {
            guard let key = stage.volumeKmsKey, let arn = AWSNames.arn(key.value, of: "kms") else { continue }
            for account in accounts where account.region != arn.region {
                endpoint.source.report(
                    "`volumeKmsKey` is in \(arn.region), but account `\(account.name)` is in \(account.region), and "
                        + "volumes are encrypted with keys of their own region: give the stage a key from there",
                    line: key.line
                )
            }
        }
    }

    /// A stage in which every account may fail would let anything pass.
    private func checkTolerances(of endpoint: EndpointDraft, in accounts: [[AccountDocument]]) {
        for (stage, accounts) in zip(endpoint.stages, accounts) {
            guard let tolerance = stage.failureTolerance, tolerance.value > 0, !accounts.isEmpty,
                tolerance.value >= accounts.count, !problems.hasUnread,
                !accounts.contains(where: \.isTemplate)
            else { continue }
            let count = accounts.count == 1 ? "one account" : "\(accounts.count) accounts"
            endpoint.source.report(
                "`failureTolerance` is \(tolerance.value), but stage `\(stage.name?.value ?? "")` has \(count): it "
                    + "has to be less, or nothing would be verified there",
                line: tolerance.line
            )
        }
    }

    /// A group that is not the registry's would never send an event here.
    private func checkGroups() {
        guard registries.count == 1, let registry = registries.first?.document else { return }
        for endpoint in endpoints {
            for group in endpoint.models.values {
                guard let arn = group.value.arn.flatMap({ AWSNames.arn($0, of: "sagemaker") }),
                    arn.account != registry.account || arn.region != registry.region
                else { continue }
                endpoint.source.report(
                    "the group is in account \(arn.account), \(arn.region), but the registry is in "
                        + "\(registry.account), \(registry.region)",
                    line: group.line
                )
            }
        }
    }
}
