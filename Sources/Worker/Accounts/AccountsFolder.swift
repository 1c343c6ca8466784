/// Everything the accounts folder says: the registry, the deployment accounts and the endpoints.
///
/// It is a value, read once at start. Whatever a document leaves out is filled in here, so nobody asks
/// twice what a default is.
public struct AccountsFolder: Hashable, Sendable {
    /// The registry models are promoted from.
    public var registry: RegistryDocument
    /// The deployment accounts, in order of their names.
    public var accounts: [AccountDocument]
    /// The endpoints, in order of their names.
    public var endpoints: [EndpointDocument]

    public init(registry: RegistryDocument, accounts: [AccountDocument], endpoints: [EndpointDocument]) {
        self.registry = registry
        self.accounts = accounts
        self.endpoints = endpoints
    }

    /// The deployment account of that name.
    public func account(named name: String) -> AccountDocument? {
        accounts.first { $0.name == name }
    }

    /// The endpoint of that name.
    public func endpoint(named name: String) -> EndpointDocument? {
        endpoints.first { $0.name == name }
    }
}
