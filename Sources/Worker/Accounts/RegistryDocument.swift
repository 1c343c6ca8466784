/// The `kind: registry` document: where models come from and where the worker hears about them.
public struct RegistryDocument: Hashable, Sendable {
    /// The twelve digits of the account that owns the model package groups.
    public var account: String
    /// The region of the model package groups.
    public var region: String
    /// The role assumed to read the registry; without one the worker's own credentials do.
    public var role: String?
    /// The external id given when the role is assumed.
    public var externalId: String?
    /// The URL of the queue the registry's events arrive on.
    public var queue: String
    /// The accounts whose buckets artifacts may come from. Default: the registry's alone.
    public var artifactOwners: [String]
    /// The name or ARN of the event bus that receives Sluice's own events; none are sent without one.
    public var events: String?

    public init(
        account: String,
        region: String,
        role: String? = nil,
        externalId: String? = nil,
        queue: String,
        artifactOwners: [String]? = nil,
        events: String? = nil
    ) {
        self.account = account
        self.region = region
        self.role = role
        self.externalId = externalId
        self.queue = queue
        self.artifactOwners = artifactOwners ?? [account]
        self.events = events
    }
}
