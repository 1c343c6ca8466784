/// A place in S3 that objects are put below, written `s3://bucket/prefix/`.
public struct S3Prefix: Hashable, Sendable, CustomStringConvertible {
    /// The bucket's name.
    public var bucket: String
    /// The start of every key below it: empty, or ending in a slash.
    public var prefix: String

    public init(bucket: String, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix
    }

    /// Reads `s3://bucket/prefix/`, with or without the slash at the end; nil for anything else.
    public init?(_ url: String) {
        guard let match = url.wholeMatch(of: /s3:\/\/([^\/]+)(?:\/(.*?))?\/?/), AWSNames.isBucket(match.1)
        else {
            return nil
        }
        let path = match.2.map(String.init) ?? ""
        guard path.isEmpty || AWSNames.isRelativePath(path) else { return nil }
        self.init(bucket: String(match.1), prefix: path.isEmpty ? "" : path + "/")
    }

    /// The URL, always with its slash at the end.
    public var description: String { "s3://\(bucket)/\(prefix)" }

    /// Whether something put below one of the two may lie below the other as well.
    public func overlaps(_ other: S3Prefix) -> Bool {
        bucket == other.bucket && (prefix.hasPrefix(other.prefix) || other.prefix.hasPrefix(prefix))
    }
}
