/// Everything the accounts folder says: the registry, the deployment accounts and the endpoints.
///
/// It is a value, read once at start. Whatever a document leaves out is filled in here, so nobody asks
/// twice what a default is.
public struct AccountsFolder: Hashable, Sendable {
    /// The registry models are promoted from.
    public var registry: RegistryDocument
    /// The deployment accounts, in order of their names. Those of organizational units are `{account}` until
    /// they are put in their place.
    public var accounts: [AccountDocument]
    /// The endpoints, in order of their names.
    public var endpoints: [EndpointDocument]
    /// The documents for whole units whose accounts are in their place.
    var expanded: [AccountDocument] = []

    public init(registry: RegistryDocument, accounts: [AccountDocument], endpoints: [EndpointDocument]) {
        self.registry = registry
        self.accounts = accounts
        self.endpoints = endpoints
    }

    /// The deployment account of that name. One of a unit need not be in its place: its name says which it is.
    public func account(named name: String) -> AccountDocument? {
        let account =
            accounts.first { $0.name == name } ?? accounts.lazy.compactMap { $0.filled(named: name) }.first
        return account.flatMap { $0.isTemplate ? nil : $0 }
    }

    /// The organizational unit that an account of this name would come from, where accounts are in their place.
    func unit(of name: String) -> String? {
        expanded.first { $0.filled(named: name) != nil }?.organizationalUnit
    }

    /// The endpoint of that name.
    public func endpoint(named name: String) -> EndpointDocument? {
        endpoints.first { $0.name == name }
    }
}
