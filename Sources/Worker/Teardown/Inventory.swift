/// What Sluice made of an endpoint in an account, in the order it is removed.
public struct Inventory: Sendable, Hashable, Encodable {
    public enum Kind: String, Sendable, Encodable {
        case endpoint
        case config
        case model
        /// A release's folder below the model prefix.
        case artifacts
        /// A copy in parts that nobody completed.
        case upload
    }

    public struct Item: Sendable, Hashable, Encodable {
        public let kind: Kind
        /// A name, or an `s3://` URL.
        public let name: String
        /// How many objects a release's folder has, or uploads a key.
        public let count: Int?

        init(_ kind: Kind, _ name: String, count: Int? = nil) {
            self.kind = kind
            self.name = name
            self.count = count
        }

        /// The same for people.
        public var text: String {
            switch (kind, count) {
            case (.artifacts, let count?): "\(count) artifacts below \(name)"
            case (.upload, let count?): "\(count) unfinished uploads to \(name)"
            default: "\(kind.rawValue) \(name)"
            }
        }
    }

    public var items: [Item] = []
    /// What has a name of Sluice's and not its tag, and so stays.
    public var stays: [Item] = []
}
