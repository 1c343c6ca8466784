import AWS

extension OwnAWS {
    /// A folder with the accounts that its organizational units have now in their place, and what is to be said of
    /// the units. The accounts of a unit that cannot be used are left out.
    ///
    /// Throws `CancellationError`.
    public func expanded(_ folder: AccountsFolder) async throws -> (
        folder: AccountsFolder, findings: [Finding]
    ) {
        let organizations = Organizations(client, partitionOf: folder.registry.region)
        var units: Units = [:]
        var findings: [Finding] = []
        for unit in folder.units {
            switch try await see({ try await organizations.states(in: unit) }) {
            case .success(let accounts):
                units[unit] = accounts
                findings.append(Self.finding(unit, accounts))
            case .failure(let error): findings.append(Self.unread(unit, error))
            }
        }
        var rest = folder
        while true {
            do {
                rest.leaveOut(rest.units.filter { units[$0]?.values.contains(Units.active) != true })
                return (try rest.expanded(by: units), findings)
            } catch {
                let fix = "mend the documents of the unit, or give the account one of its own"
                findings.append(.missing("worker", "unit", "\(error)", fix: fix))
                units[error.unit] = nil
            }
        }
    }

    private static func finding(_ unit: String, _ accounts: [String: String]) -> Finding {
        let active = accounts.values.count { $0 == Units.active }
        let others = accounts.filter { $0.value != Units.active }.sorted { $0.key < $1.key }
        let rest = others.map { ", \($0.key) is \($0.value)" }.joined()
        guard active > 0 else {
            return .missing(
                "worker",
                "unit",
                "no account in \(unit) is active\(rest)",
                fix: "move accounts there, or name another unit: no worker begins with a unit that has none"
            )
        }
        return .ok("worker", "unit", "\(unit) has \(active) active account\(active == 1 ? "" : "s")\(rest)")
    }

    private static func unread(_ unit: String, _ error: AWSError) -> Finding {
        let fix =
            switch error.kind {
            case .denied:
                "\(Finding.add(.listingUnits, to: nil)); and, unless the worker runs in the management account, let the "
                    + "organization's delegation policy allow both actions to the worker's account"
            case .notFound: "mend `organizationalUnit` in the accounts folder: the id is in AWS Organizations"
            default: "see what it says"
            }
        return .missing("worker", "unit", "\(unit) cannot be read: \(error)", fix: fix)
    }
}

extension AccountsFolder {
    /// Without the accounts of some units, as if no document were for them.
    fileprivate mutating func leaveOut(_ units: [String]) {
        func isKept(_ account: AccountDocument) -> Bool {
            !account.isTemplate || !units.contains(account.organizationalUnit ?? "")
        }
        accounts.removeAll { !isKept($0) }
        for endpoint in endpoints.indices {
            for stage in endpoints[endpoint].stages.indices {
                endpoints[endpoint].stages[stage].accounts.removeAll { !isKept($0) }
            }
        }
    }
}
