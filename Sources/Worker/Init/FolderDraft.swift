/// What an accounts folder is to say, before it is written.
public struct FolderDraft: Sendable, Hashable {
    /// A deployment account. Where several are of one stage, the first one's variant is the stage's.
    public struct Account: Sendable, Hashable {
        public var name: String
        public var stage: String
        /// Twelve digits.
        public var account: String
        public var role: String
        public var executionRole: String
        /// The model prefix, as `s3://bucket/prefix/`.
        public var models: String
        /// What runs there; nil where nobody looked.
        public var variant: VariantDocument?

        /// An account set up by `deploy/deployment-account.yaml`.
        public init(
            name: String,
            stage: String,
            account: String,
            region: String,
            roleName: String,
            executionRoleName: String,
            bucketPrefix: String
        ) {
            self.name = name
            self.stage = stage
            self.account = account
            let names = ResourceNames(region: region, account: account)
            role = names.role(roleName)
            executionRole = names.role(executionRoleName)
            models = "s3://\(bucketPrefix)-\(account)-\(region)/models/"
        }

        /// Reads `[STAGE/]NAME=ACCOUNT_ID`; nil for anything else. Without a stage the name is its stage's too.
        public static func parts(_ text: String) -> (stage: String, name: String, account: String)? {
            let sides = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, AWSNames.isAccount(sides[1]) else { return nil }
            let path = sides[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard path.count <= 2, path.allSatisfy(isName) else { return nil }
            return (path[0], path[path.count - 1], sides[1])
        }

        private static func isName(_ text: String) -> Bool {
            text.wholeMatch(of: /[a-z0-9][a-z0-9\-]{0,62}/) != nil
        }
    }

    /// What the endpoint serves.
    public enum Models: Sendable, Hashable {
        /// The group of the one model.
        case single(group: String)
        /// Target model → group.
        case multi([String: String])
    }

    /// What each changed model is asked once.
    public struct Question: Sendable, Hashable {
        public var contentType: String
        public var body: String

        public init(contentType: String, body: String) {
            self.contentType = contentType
            self.body = body
        }
    }

    /// The registry's account, twelve digits.
    public var registry: String
    public var region: String
    public var queue: String
    public var externalId: String
    /// In the order that a release goes through their stages.
    public var accounts: [Account]
    public var endpoint: String
    public var models: Models
    public var variant: VariantDocument
    /// What a live endpoint runs, to be run from now on; nil for what the packages say.
    public var container: ContainerDocument?
    /// Names of the live container's environment that are not written down, because they look like secrets.
    public var withheld: [String] = []
    /// SenderId patterns; without any, releases go on by themselves.
    public var approvers: [String]
    /// Whether an endpoint that somebody else made is taken over.
    public var adopt = false
    /// Target models whose groups were guessed from their names.
    public var guessed: Set<String> = []
    public var question: Question?

    public init(
        registry: String,
        region: String,
        queue: String? = nil,
        externalId: String,
        accounts: [Account],
        endpoint: String,
        models: Models,
        variant: VariantDocument,
        approvers: [String],
        question: Question? = nil
    ) {
        self.registry = registry
        self.region = region
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        self.queue = queue ?? "https://sqs.\(region).\(suffix)/\(registry)/sluice"
        self.externalId = externalId
        self.accounts = accounts
        self.endpoint = endpoint
        self.models = models
        self.variant = variant
        self.approvers = approvers
        self.question = question
    }

    /// The stages in the order of their first accounts, each with its accounts.
    var stages: [(name: String, accounts: [Account])] {
        accounts.map(\.stage).unique.map { stage in (stage, accounts.filter { $0.stage == stage }) }
    }

    /// The registry and the accounts alone, for whoever has to get at them before there is a folder.
    ///
    /// - Parameter own: The account whose credentials are at hand, where no role has to be assumed.
    public func reachable(own: String) -> AccountsFolder {
        AccountsFolder(
            registry: RegistryDocument(account: registry, region: region, queue: queue),
            accounts: accounts.map { account in
                AccountDocument(
                    name: account.name,
                    account: account.account,
                    stage: account.stage,
                    region: region,
                    role: account.account == own ? nil : account.role,
                    externalId: externalId,
                    executionRole: account.executionRole,
                    models: S3Prefix(account.models) ?? S3Prefix(bucket: "", prefix: "")
                )
            },
            endpoints: []
        )
    }
}
