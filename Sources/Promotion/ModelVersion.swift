/// The approval status of a model package in the SageMaker Model Registry.
public enum ApprovalStatus: String, Sendable, Codable, Hashable {
    case approved = "Approved"
    case rejected = "Rejected"
    case pending = "PendingManualApproval"
    /// The package is gone from the registry.
    case deleted = "Deleted"
}

/// One version of a model as a release names it: the package, and what the package serves with.
public struct ModelVersion: Hashable, Sendable, Codable {
    /// The ARN of the versioned model package.
    public let package: String
    /// The container image, or an empty string where the package names none that can be used.
    public let image: String
    /// The `s3://` URL of the artifact, or an empty string where the package names none.
    public let artifact: String

    public init(package: String, image: String, artifact: String) {
        self.package = package
        self.image = image
        self.artifact = artifact
    }

    /// The version number at the end of the package's ARN, for people; the whole ARN where there is none.
    public var shortName: String {
        let parts = package.split(separator: "/")
        return parts.count >= 2 ? "\(parts[parts.count - 2]) version \(parts[parts.count - 1])" : package
    }
}

/// What an artifact was when a release first looked at it. It is learned once and never changed, so
/// that production can only receive the bytes that staging tested.
public struct Pin: Hashable, Sendable, Codable {
    /// The `s3://` URL of the artifact.
    public let url: String
    /// The account that owns the artifact's bucket.
    public let owner: String
    /// The object's version id, where its bucket keeps versions.
    public let versionID: String?
    /// The object's ETag with its quotes, as S3 gave it.
    public let etag: String
    /// The object's size in bytes.
    public let size: Int64
    /// The size of the parts it is copied in, the last of which may be smaller; nil where it is copied whole.
    /// S3 tells of what is copied in parts the SHA-256 of the parts' SHA-256s, so that copies can be compared
    /// only where all are made in the same parts.
    public let partSize: Int64?
    /// The SHA-256 of the whole object in hex, or of its parts' SHA-256s where it is copied in parts. Where S3
    /// holds none, the first copy's reply supplies it.
    public var sha256: String?

    public init(
        url: String,
        owner: String,
        versionID: String?,
        etag: String,
        size: Int64,
        partSize: Int64? = nil,
        sha256: String?
    ) {
        self.url = url
        self.owner = owner
        self.versionID = versionID
        self.etag = etag
        self.size = size
        self.partSize = partSize
        self.sha256 = sha256
    }
}
