extension AccountsFolder {
    /// Reads every `*.yaml` below a folder, or throws everything that is wrong with them.
    ///
    /// The problems' paths begin the way the folder's does.
    public static func load(_ folder: String) throws(AccountsError) -> AccountsFolder {
        let problems = ProblemList()
        let loader = AccountsLoader(problems: problems)
        let loaded = loader.load(folder)
        guard let loaded, problems.problems.isEmpty else { throw AccountsError(problems: problems.problems) }
        return loaded
    }
}

/// Reads the documents one by one and then checks them against each other.
private struct AccountsLoader {
    let problems: ProblemList

    func load(_ folder: String) -> AccountsFolder? {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let files = FolderListing(folder: folder, problems: problems).files()
        if !problems.problems.isEmpty { problems.noteUnread() }
        var registries: [RegistryDraft] = []
        var accounts: [AccountDraft] = []
        var endpoints: [EndpointDraft] = []
        for file in files {
            switch file.text.flatMap({ draft($0, from: file.source) }) {
            case .registry(let draft): registries.append(draft)
            case .account(let draft): accounts.append(draft)
            case .endpoint(let draft): endpoints.append(draft)
            case nil: problems.noteUnread()
            }
        }
        let check = FolderCheck(
            folder: folder,
            problems: problems,
            registries: registries,
            accounts: accounts,
            endpoints: endpoints
        )
        return check.run()
    }

    private enum Draft {
        case registry(RegistryDraft)
        case account(AccountDraft)
        case endpoint(EndpointDraft)
    }

    /// One file's document; nothing where it is unknown of which kind it is.
    private func draft(_ text: String, from source: Source) -> Draft? {
        guard let root = YAMLReader.read(text, from: source), let kind = kind(of: root, in: source) else {
            return nil
        }
        switch kind {
        case "registry": return Section(root, as: .registry, in: source).map { .registry(RegistryDraft($0)) }
        case "account": return Section(root, as: .account, in: source).map { .account(AccountDraft($0)) }
        default: return Section(root, as: .endpoint, in: source).map { .endpoint(EndpointDraft($0)) }
        }
    }

    private func kind(of root: YAMLValue, in source: Source) -> String? {
        guard case .mapping(let mapping) = root.content else {
            if case .broken = root.content { return nil }
            source.report("a document must be a mapping with a `kind`, but is \(root.found)", line: root.line)
            return nil
        }
        let kinds = ["registry", "account", "endpoint"]
        guard let entry = mapping.entries.first(where: { $0.key == "kind" }) else {
            if mapping.isComplete {
                source.report(
                    "`kind` is missing: it must be `registry`, `account` or `endpoint`",
                    line: root.line
                )
            }
            return nil
        }
        let grammar = Grammar<String>("`registry`, `account` or `endpoint`") { scalar throws(Complaint) in
            if kinds.contains(scalar.text) { return scalar.text }
            guard let nearest = Spelling.nearest(to: scalar.text, in: kinds) else { return nil }
            throw Complaint("is \(scalar.text.shown); did you mean `\(nearest)`?")
        }
        return source.read(entry.value, called: "`kind`", grammar)?.value
    }
}
