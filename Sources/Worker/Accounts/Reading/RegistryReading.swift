/// A registry document as far as it could be read, with the lines that checks across documents blame.
struct RegistryDraft {
    let source: Source
    let line: Int
    /// Absent where something that was reported is in its way.
    let document: RegistryDocument?

    init(_ section: Section) {
        source = section.source
        line = section.line
        let account = section.value("account", .account)
        let region = section.value("region", .region)
        let role = section.value("role", .role)
        let externalId = section.value("externalId", .externalId)
        let queue = section.value("queue", .queue)
        let owners = section.list("artifactOwners", of: .account)
        let events = section.value("events", .eventBus)
        section.checkAccount(of: role, "role", is: account)
        // Whoever reads the registry through a role may poll a queue of their own account, but without
        // one the worker is in the registry's account and so is its queue.
        if let queue, let account, !section.isStated("role"),
            let owner = AWSNames.account(ofQueue: queue.value), owner != account.value
        {
            source.report(
                "`queue` is in account \(owner), but `account` is \(account.value) and there is no `role` "
                    + "to read it from elsewhere",
                line: queue.line
            )
        }
        guard let account, let region, let queue else {
            document = nil
            return
        }
        document = RegistryDocument(
            account: account.value,
            region: region.value,
            role: role?.value,
            externalId: externalId?.value,
            queue: queue.value,
            artifactOwners: owners?.map(\.value),
            events: events?.value
        )
    }
}

extension Section {
    /// Reports a role of another account than the document's own.
    func checkAccount(of role: Located<String>?, _ key: String, is account: Located<String>?) {
        guard let role, let account, let owner = AWSNames.account(ofRole: role.value), owner != account.value
        else { return }
        source.report("`\(key)` is in account \(owner), but `account` is \(account.value)", line: role.line)
    }
}
