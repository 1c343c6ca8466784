public import Foundation

/// One object, or one version of it.
public struct ObjectLocation: Sendable, Equatable {
    public let bucket: String
    public let key: String
    public let versionID: String?

    public init(bucket: String, key: String, versionID: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
    }
}

/// What HeadObject says of an object.
public struct ObjectHead: Sendable, Equatable {
    /// In bytes.
    public let size: Int64
    /// The ETag with its quotes, as conditions want it. It is no MD5 of the content.
    public let etag: String
    public let versionID: String?
    /// The SHA-256 of the whole content in hexadecimal, where S3 holds one.
    public let sha256: String?
    public let lastModified: Date?
}

/// What a copy came to.
public struct ObjectCopy: Sendable, Equatable {
    /// The copy's own ETag with its quotes; the source's may differ.
    public let etag: String
    public let versionID: String?
    /// The SHA-256 of the whole content in hexadecimal, as S3 computed it.
    public let sha256: String?
}
