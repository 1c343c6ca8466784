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
    /// The SHA-256 of its parts' SHA-256s in hexadecimal, where S3 holds that one.
    public let partsSHA256: String?
    public let lastModified: Date?
}

/// What a copy came to.
public struct ObjectCopy: Sendable, Equatable {
    /// The copy's own ETag with its quotes; the source's may differ.
    public let etag: String
    public let versionID: String?
    /// The SHA-256 of the whole content in hexadecimal, as S3 computed it.
    public let sha256: String?
    /// The SHA-256 of its parts' SHA-256s in hexadecimal, where it was copied in parts.
    public let partsSHA256: String?
}

/// An upload in parts that was begun.
public struct MultipartUpload: Sendable, Hashable {
    public let bucket: String
    public let key: String
    public let id: String

    public init(bucket: String, key: String, id: String) {
        self.bucket = bucket
        self.key = key
        self.id = id
    }
}

/// A part of an upload that is there.
public struct UploadedPart: Sendable, Equatable {
    /// From 1.
    public let number: Int
    /// With its quotes, as S3 wants it back.
    public let etag: String
    /// In bytes.
    public let size: Int64
    /// As S3 computed it; nil where the upload was begun without SHA-256.
    public let sha256: [UInt8]?
}
