import Foundation

extension FolderDraft {
    /// The files of the folder, by name.
    public var files: [String: String] {
        var files = ["registry.yaml": registryText, "\(fileName(endpoint)).yaml": endpointText]
        for (index, account) in accounts.enumerated() {
            let isTaken = files["\(account.name).yaml"] != nil
            files["\(isTaken ? "account-" : "")\(account.name).yaml"] = text(
                of: account,
                explains: index == 0
            )
        }
        return files
    }

    /// `registry.yaml` is another document, and what is no name is no path either.
    private func fileName(_ endpoint: String) -> String {
        guard AWSNames.isSageMakerName(endpoint) else { return "endpoint" }
        return endpoint.lowercased() == "registry" ? "endpoint-\(endpoint)" : endpoint
    }

    private var registryText: String {
        """
        # Where models come from. There is exactly one document of this kind.
        # Every file below this folder is one document; `sluice check` tells what is wrong with them, all at once.
        kind: registry

        # The account that owns the model package groups: twelve digits, in quotes.
        account: "\(registry)"
        region: \(region)

        # The queue that the registry's events arrive on, and people's approvals (deploy/registry.yaml makes it).
        queue: \(YAML.scalar(queue))

        # The accounts whose buckets artifacts may come from, so that a package cannot bring in somebody else's.
        artifactOwners: ["\(registry)"]

        # Optional: the event bus that receives Sluice's own events.
        # events: default

        """
    }

    private func text(of account: Account, explains: Bool) -> String {
        let head =
            explains
            ? "# One account and region that models are deployed to. Another region of it is another document."
            : "# The keys are explained in \(accounts[0].name).yaml."
        func note(_ text: String) -> String { explains ? "\n# \(text)\n" : "" }
        return """
            \(head)
            kind: account
            \(note("What commands and messages call it."))\
            name: \(YAML.scalar(account.name))
            account: "\(account.account)"
            \(note("The stage it belongs to. Endpoints go through stages, and a stage may have many accounts."))\
            stage: \(YAML.scalar(account.stage))
            region: \(region)
            \(note("The role the worker assumes to deploy here, and the external id its trust policy asks for."))\
            role: \(account.role)
            externalId: \(YAML.scalar(externalId))
            \(note("The role SageMaker reads the models with. The deployment role has to be allowed to pass it on."))\
            executionRole: \(account.executionRole)
            \(note("Every release gets a folder of its own below this prefix."))\
            models: \(YAML.scalar(account.models))

            # Optional: tags for what Sluice creates here, and the key that encrypts the copies.
            # tags: {cost-centre: ml}
            # kmsKey: arn:aws:kms:\(region):\(account.account):key/11111111-2222-3333-4444-555555555555

            """
    }
}

/// Text that YAML reads as the same text again.
enum YAML {
    /// The text as it is where it cannot be anything else, and in quotes otherwise.
    static func scalar(_ text: String) -> String {
        let isPlain = text.wholeMatch(of: /[A-Za-z][A-Za-z0-9._\/\-]*(:\/\/[A-Za-z0-9._\/\-]+)?/) != nil
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"]
        return isPlain && !words.contains(text.lowercased()) ? text : quoted(text)
    }

    /// In double quotes, where YAML takes the escapes that JSON has.
    static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    /// A mapping on one line, in the order of its keys.
    static func mapping(_ values: [String: String]) -> String {
        let pairs = values.sorted { $0.key < $1.key }.map { "\(scalar($0.key)): \(quoted($0.value))" }
        return "{\(pairs.joined(separator: ", "))}"
    }
}
