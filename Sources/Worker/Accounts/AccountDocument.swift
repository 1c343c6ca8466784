public import Promotion

/// A `kind: account` document: one account and region that models are deployed to, or all accounts of an
/// organizational unit.
///
/// What is for a whole unit has `{account}` where each account's twelve digits go, and nothing is deployed by it
/// before `AccountsFolder.expanded(by:)` has put them there.
public struct AccountDocument: Hashable, Sendable {
    /// The name people and commands call it by.
    public var name: String
    /// Its twelve digits; `{account}` for a whole unit.
    public var account: String
    /// The organizational unit whose accounts it is for, or came from.
    public var organizationalUnit: String?
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
    /// What endpoints are called there, with `{endpoint}` for the name of the endpoint's document, and
    /// `{account}`. Default: the document's name alone.
    public var endpointName: String
    /// Tags for what Sluice creates here, besides its own. Default: none.
    public var tags: [String: String]
    /// The URL of the queue that this account's own worker polls; without one the registry's worker drives it.
    public var queue: String?
    /// Who may hand releases over to it. Default: nobody.
    public var upstream: [SenderPattern]

    public init(
        name: String,
        account: String,
        organizationalUnit: String? = nil,
        stage: String,
        region: String,
        role: String? = nil,
        externalId: String? = nil,
        executionRole: String,
        models: S3Prefix,
        kmsKey: String? = nil,
        endpointName: String = AccountDocument.endpointNameByDefault,
        tags: [String: String] = [:],
        queue: String? = nil,
        upstream: [SenderPattern] = []
    ) {
        self.name = name
        self.account = account
        self.organizationalUnit = organizationalUnit
        self.stage = stage
        self.region = region
        self.role = role
        self.externalId = externalId
        self.executionRole = executionRole
        self.models = models
        self.kmsKey = kmsKey
        self.endpointName = endpointName
        self.tags = tags
        self.queue = queue
        self.upstream = upstream
    }

    /// What stands for an account's twelve digits, and for an endpoint's name.
    static let anyAccount = "{account}"
    static let anyEndpoint = "{endpoint}"
    public static let endpointNameByDefault = anyEndpoint

    /// Whether it is for a whole unit.
    public var isTemplate: Bool { account == Self.anyAccount }

    /// What SageMaker calls an endpoint there.
    ///
    /// - Parameter endpoint: The name of the endpoint's document.
    public func liveName(of endpoint: String) -> String {
        endpointName.replacing(Self.anyEndpoint, with: endpoint).replacing(Self.anyAccount, with: account)
    }

    /// The account of these twelve digits, of a document for a whole unit.
    func filled(with account: String) -> AccountDocument {
        func fill(_ text: String) -> String { text.replacing(Self.anyAccount, with: account) }
        var document = self
        document.name = fill(name)
        document.account = account
        document.role = role.map(fill)
        document.executionRole = fill(executionRole)
        document.models = S3Prefix(bucket: fill(models.bucket), prefix: fill(models.prefix))
        document.kmsKey = kmsKey.map(fill)
        document.endpointName = fill(endpointName)
        document.tags = tags.mapValues(fill)
        return document
    }

    /// The account that a name is of, among those that a document for a whole unit may be for.
    func filled(named name: String) -> AccountDocument? {
        guard isTemplate, let place = self.name.firstRange(of: Self.anyAccount) else { return nil }
        let account = name.dropFirst(self.name.distance(from: self.name.startIndex, to: place.lowerBound))
            .prefix(12)
        guard AWSNames.isAccount(String(account)) else { return nil }
        let document = filled(with: String(account))
        return document.name == name ? document : nil
    }
}
