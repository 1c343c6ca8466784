import Promotion

/// An account document as far as it could be read, with the lines that checks across documents blame.
struct AccountDraft {
    let source: Source
    let name: Located<String>?
    let account: Located<String>?
    let unit: Located<String>?
    let stage: Located<String>?
    let region: Located<String>?
    let models: Located<S3Prefix>?
    /// The queue that its own worker polls.
    let queue: Located<String>?
    /// Whether it says who may hand over to it, if only with a value that was reported.
    let hasUpstream: Bool
    let hasQueue: Bool
    /// Absent where something that was reported is in its way.
    let document: AccountDocument?

    init(_ section: Section) {
        source = section.source
        let isUnit = section.value("organizationalUnit") != nil
        section.checkChoice(of: "account", "organizationalUnit")
        account = section.value("account", .account)
        unit = section.value("organizationalUnit", .organizationalUnit)
        name = section.value("name", .plainName.filled(isUnit))
        stage = section.value("stage", .plainName)
        region = section.value("region", .region)
        models = section.value("models", .models(isUnit))
        queue = isUnit ? nil : section.value("queue", .queue)
        hasQueue = section.isStated("queue")
        hasUpstream = section.isStated("upstream")
        let upstream = section.list("upstream", of: .sender)
        section.checkRelay(isUnit: isUnit)
        let role = section.value("role", .role.filled(isUnit))
        let externalId = section.value("externalId", .externalId)
        let executionRole = section.value("executionRole", .role.filled(isUnit))
        let kmsKey = section.value("kmsKey", .key.filled(isUnit, everywhere: false))
        let endpointName = section.value("endpointName", .endpointName)
        let tags = section.tags()
        if isUnit {
            section.checkPlace(of: role, "role")
            section.checkPlace(of: executionRole, "executionRole")
            if !section.isStated("role") {
                source.report(
                    "`role` is missing: the worker has to assume one in each account of the unit",
                    line: section.line
                )
            }
        }
        section.checkAccount(of: role, "role", is: account)
        section.checkAccount(of: executionRole, "executionRole", is: account)
        if let kmsKey, let region, let arn = AWSNames.arn(Placeholder.filled(kmsKey.value), of: "kms"),
            arn.region != region.value
        {
            source.report(
                "`kmsKey` is in \(arn.region), but S3 encrypts with keys of its own region, which is \(region.value)",
                line: kmsKey.line
            )
        }
        guard let name, account != nil || unit != nil, let stage, let region, let models, let executionRole
        else {
            document = nil
            return
        }
        document = AccountDocument(
            name: name.value,
            account: account?.value ?? AccountDocument.anyAccount,
            organizationalUnit: unit?.value,
            stage: stage.value,
            region: region.value,
            role: role?.value,
            externalId: externalId?.value,
            executionRole: executionRole.value,
            models: models.value,
            kmsKey: kmsKey?.value,
            endpointName: endpointName?.value ?? AccountDocument.endpointNameByDefault,
            tags: tags,
            queue: queue?.value,
            upstream: upstream?.map(\.value) ?? []
        )
    }
}

extension Section {
    /// Whether the account has a worker of its own, and who may hand over to it.
    fileprivate func checkRelay(isUnit: Bool) {
        if isUnit, value("queue") != nil {
            source.report(
                "`queue` does not go with `organizationalUnit`: an account with a worker of its own needs a document "
                    + "of its own, which then counts in place of the unit's",
                line: line(of: "queue")
            )
        }
        if value("upstream") != nil, !isStated("queue") {
            source.report(
                "`upstream` says who may hand over to this account's own worker, but there is no `queue` that it "
                    + "polls: give one, or leave `upstream` out",
                line: line(of: "upstream")
            )
        }
    }

    /// AWS takes fifty tags, of which Sluice's own need two.
    private static let tagsAtMost = 48

    fileprivate func tags() -> [String: String] {
        guard let entries = entries("tags") else { return [:] }
        if entries.count > Self.tagsAtMost {
            source.report(
                "`tags` has \(entries.count) entries, but at most \(Self.tagsAtMost) fit",
                line: line(of: "tags")
            )
        }
        let tags = texts(entries, keys: .tagName, values: .tagValue)
        for entry in entries {
            for prefix in ["aws:", "sluice:"] where entry.key.lowercased().hasPrefix(prefix) {
                source.report(
                    "\(entry.key.shown) begins with `\(prefix)`, which is not yours to set",
                    line: entry.line
                )
            }
        }
        return tags
    }

    /// A mapping of texts, its keys and values both checked.
    func texts(
        _ entries: [YAMLValue.Entry],
        keys: Grammar<String>,
        values: Grammar<String>
    ) -> [String: String] {
        var texts: [String: String] = [:]
        for entry in entries {
            let scalar = YAMLValue.Scalar(text: entry.key, kind: .text, isQuoted: true)
            let key = YAMLValue(line: entry.line, content: .scalar(scalar))
            guard let key = source.read(key, called: "the name \(entry.key.shown)", keys),
                let value = source.read(entry.value, called: entry.key.shown, values)
            else { continue }
            texts[key.value] = value.value
        }
        return texts
    }
}
