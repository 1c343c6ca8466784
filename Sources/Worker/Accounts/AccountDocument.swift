public import Promotion

/// A `kind: account` document: one account and region that models are deployed to.
public struct AccountDocument: Hashable, Sendable {
    /// The name people and commands call it by.
    public var name: String
    /// Its twelve digits.
    public var account: String
    /// The stage it belongs to.
    public var stage: String
    /// The region its endpoints are in.
    public var region: String
    /// The role assumed to deploy; without one the worker's own credentials must be in this account.
    public var role: String?
    /// The external id given when the role is assumed.
    public var externalId: String?
    /// The role SageMaker runs the models with.
    public var executionRole: String
    /// Where this account's copies of the artifacts go.
    public var models: S3Prefix
    /// The ARN of the key that encrypts the copies; without one the bucket's own default does.
    public var kmsKey: String?
    /// Tags for what Sluice creates here, besides its own. Default: none.
    public var tags: [String: String]
    /// The URL of the queue that this account's own worker polls; without one the registry's worker drives it.
    public var queue: String?
    /// Who may hand releases over to it. Default: nobody.
    public var upstream: [SenderPattern]

    public init(
        name: String,
        account: String,
        stage: String,
        region: String,
        role: String? = nil,
        externalId: String? = nil,
        executionRole: String,
        models: S3Prefix,
        kmsKey: String? = nil,
        tags: [String: String] = [:],
        queue: String? = nil,
        upstream: [SenderPattern] = []
    ) {
        self.name = name
        self.account = account
        self.stage = stage
        self.region = region
        self.role = role
        self.externalId = externalId
        self.executionRole = executionRole
        self.models = models
        self.kmsKey = kmsKey
        self.tags = tags
        self.queue = queue
        self.upstream = upstream
    }
}
