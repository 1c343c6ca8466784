/// Which accounts organizational units have: unit → account → its state, such as `ACTIVE`.
public typealias Units = [String: [String: String]]

/// Putting the accounts of organizational units in the place of the documents that are for all of them.
extension AccountsFolder {
    /// The organizational units whose accounts are still to be put in their place, in order of their ids.
    public var units: [String] {
        Set(accounts.filter(\.isTemplate).compactMap(\.organizationalUnit)).sorted()
    }

    /// The endpoints that are deployed to accounts of a unit, by their names.
    public func endpoints(in unit: String) -> [String] {
        endpoints.filter { endpoint in
            endpoint.stages.flatMap(\.accounts).contains { $0.organizationalUnit == unit }
        }.map(\.name)
    }

    /// The folder with every active account of the units in place of the units' documents.
    ///
    /// An account with a document of its own for the same region keeps that one.
    ///
    /// - Throws: `UnitsError` where a unit is not among these or has no active account, where two documents are
    ///   for the same account and region, where two accounts would share a prefix, or where a stage has none left.
    public func expanded(by units: Units) throws(UnitsError) -> AccountsFolder {
        let own = Set(accounts.filter { !$0.isTemplate }.map(Place.init))
        var accounts: [String: [AccountDocument]] = [:]
        for template in self.accounts where template.isTemplate {
            let unit = template.organizationalUnit ?? ""
            guard let found = units[unit] else {
                throw UnitsError(unit: unit, "it is not known yet which accounts are in \(unit)")
            }
            let active = found.filter { $0.value == Units.active }.keys.sorted()
            guard !active.isEmpty else {
                throw UnitsError(unit: unit, "no account in \(unit) is active" + Self.others(found))
            }
            accounts[template.name] = active.map(template.filled).filter { !own.contains(Place($0)) }
        }
        var folder = self
        folder.expanded = self.accounts.filter(\.isTemplate)
        folder.accounts = Self.replaced(self.accounts, by: accounts)
        try folder.checkApart()
        for endpoint in folder.endpoints.indices {
            for stage in folder.endpoints[endpoint].stages.indices {
                let named = folder.endpoints[endpoint].stages[stage].accounts
                folder.endpoints[endpoint].stages[stage].accounts = Self.replaced(named, by: accounts)
                try folder.endpoints[endpoint].checkStaffed(stage, before: named)
            }
        }
        return folder
    }

    private static func replaced(
        _ documents: [AccountDocument],
        by accounts: [String: [AccountDocument]]
    ) -> [AccountDocument] {
        documents.flatMap { accounts[$0.name] ?? [$0] }.sorted { $0.name < $1.name }
    }

    private static func others(_ found: [String: String]) -> String {
        let others = found.sorted { $0.key < $1.key }.map { "\($0.key) is \($0.value)" }
        return others.isEmpty ? ": there is none in it" : ": \(others.joined(separator: ", "))"
    }

    /// What the files were checked for, which accounts that nobody wrote down may go against.
    private func checkApart() throws(UnitsError) {
        var places: [Place: AccountDocument] = [:]
        var buckets: [String: [AccountDocument]] = [:]
        for account in accounts {
            if let other = places.updateValue(account, forKey: Place(account)) {
                let units = [other, account].compactMap(\.organizationalUnit)
                throw UnitsError(
                    unit: units.last ?? "",
                    "account \(account.account) in \(account.region) is there twice, as \(other.name) and as "
                        + "\(account.name) (\(units.joined(separator: " and ")))"
                )
            }
            if let other = buckets[account.models.bucket]?.first(where: { $0.models.overlaps(account.models) }
            ) {
                throw UnitsError(
                    unit: [other, account].compactMap(\.organizationalUnit).last ?? "",
                    "the `models` of \(account.name), \(account.models), are shared with \(other.name)"
                )
            }
            buckets[account.models.bucket, default: []].append(account)
        }
    }

    private struct Place: Hashable {
        let account: String
        let region: String

        init(_ document: AccountDocument) {
            account = document.account
            region = document.region
        }
    }
}

extension EndpointDocument {
    /// A stage without accounts would be passed over, with its gate.
    fileprivate func checkStaffed(_ stage: Int, before: [AccountDocument]) throws(UnitsError) {
        guard stages[stage].accounts.isEmpty, let unit = before.compactMap(\.organizationalUnit).last else {
            return
        }
        throw UnitsError(
            unit: unit,
            "every active account in \(unit) has a document of its own, which leaves none for \(stages[stage].name) of "
                + "\(name): name them there, or take the stage out"
        )
    }
}

extension Units {
    /// The state of an account that can be deployed to.
    static let active = "ACTIVE"
}

/// The accounts of an organizational unit are not such as could be deployed to.
public struct UnitsError: Error, Hashable, CustomStringConvertible {
    /// The unit's id.
    public let unit: String
    public let description: String

    init(unit: String, _ description: String) {
        self.unit = unit
        self.description = description
    }
}
