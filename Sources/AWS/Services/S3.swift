import Foundation
import Native

/// The calls made to Amazon S3.
///
/// All of them throw `AWSError`, or `CancellationError`.
/// See the [Amazon S3 API Reference](https://docs.aws.amazon.com/AmazonS3/latest/API/).
public struct S3: Sendable {
    let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// What an object is, without its content.
    ///
    /// An object that is not there is `denied`, not `notFound`, to a caller without `s3:ListBucket`.
    ///
    /// - Parameter expectedOwner: The account the bucket must belong to; another one's is `denied`.
    public func headObject(
        bucket: String,
        key: String,
        versionID: String? = nil,
        expectedOwner: String? = nil
    ) async throws -> ObjectHead {
        var call = AWSCall(.headObject, subject: "s3://\(bucket)/\(key)")
        call.method = "HEAD"
        call.bucket = bucket
        call.path = Self.path(key)
        if let versionID { call.query = [("versionId", versionID)] }
        call.headers = [HTTPHeader("x-amz-checksum-mode", "ENABLED")]
        call.headers.add("x-amz-expected-bucket-owner", expectedOwner)
        return try await client.send(call) { response in
            guard let size = response.header("Content-Length").flatMap({ Int64($0) }),
                let etag = response.header("ETag")
            else { throw TruncatedReply() }
            return ObjectHead(
                size: size,
                etag: etag,
                versionID: response.header("x-amz-version-id"),
                sha256: Self.sha256(
                    response.header("x-amz-checksum-sha256"),
                    type: response.header("x-amz-checksum-type")
                ),
                partsSHA256: Self.partsSHA256(
                    response.header("x-amz-checksum-sha256"),
                    type: response.header("x-amz-checksum-type")
                ),
                lastModified: response.header("Last-Modified").flatMap(HTTPDate.secondsSince1970).map {
                    Date(timeIntervalSince1970: Double($0))
                }
            )
        }
    }

    /// The region a bucket is in; nil where S3 does not say.
    ///
    /// A bucket of another region than the client's may be `invalid`, with the code `HTTP 301`.
    ///
    /// See [HeadBucket](https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html).
    ///
    /// - Parameter expectedOwner: The account the bucket must belong to; another one's is `denied`.
    public func headBucket(_ bucket: String, expectedOwner: String? = nil) async throws -> String? {
        var call = AWSCall(.headBucket, subject: "s3://\(bucket)")
        call.method = "HEAD"
        call.bucket = bucket
        call.headers.add("x-amz-expected-bucket-owner", expectedOwner)
        return try await client.send(call) { $0.header("x-amz-bucket-region") }
    }

    /// The content of a small object.
    ///
    /// An object that is not there is `denied`, not `notFound`, to a caller without `s3:ListBucket`.
    ///
    /// - Parameter maximumBytes: A larger one is `unreadable`, with the code `ReplyTooLarge`.
    public func getObject(bucket: String, key: String, maximumBytes: Int) async throws -> [UInt8] {
        var call = AWSCall(.getObject, subject: "s3://\(bucket)/\(key)")
        call.method = "GET"
        call.bucket = bucket
        call.path = Self.path(key)
        call.timeouts = HTTPTimeouts(connect: .seconds(5), total: nil, idle: .seconds(60))
        call.maximumResponseBytes = maximumBytes
        return try await client.send(call) { $0.body }
    }

    /// Copies an object of at most 5 GB within S3 and has S3 compute its SHA-256.
    ///
    /// Metadata is copied, tags are not; encryption is the destination bucket's own unless `kmsKeyARN` says otherwise.
    ///
    /// - Parameters:
    ///   - sourceETag: What the source must still be, else `preconditionFailed`.
    ///   - sourceOwner: The account the source's bucket must belong to, else `denied`.
    ///   - destinationOwner: The account the destination's bucket must belong to, else `denied`.
    ///   - onlyIfAbsent: Whether an object already at the destination makes the copy `preconditionFailed`.
    public func copyObject(
        source: ObjectLocation,
        sourceETag: String? = nil,
        sourceOwner: String? = nil,
        destination: (bucket: String, key: String),
        destinationOwner: String? = nil,
        kmsKeyARN: String? = nil,
        onlyIfAbsent: Bool
    ) async throws -> ObjectCopy {
        var call = AWSCall(.copyObject, subject: "s3://\(destination.bucket)/\(destination.key)")
        call.method = "PUT"
        call.bucket = destination.bucket
        call.path = Self.path(destination.key)
        call.timeouts = Self.copying
        call.headers = [
            HTTPHeader("x-amz-copy-source", Self.copySource(source)),
            HTTPHeader("x-amz-checksum-algorithm", "SHA256"),
            // Tags would be copied along, which takes two permissions more, and copies in parts have none.
            HTTPHeader("x-amz-tagging-directive", "REPLACE"),
        ]
        call.headers.add("x-amz-copy-source-if-match", sourceETag)
        call.headers.add("x-amz-source-expected-bucket-owner", sourceOwner)
        call.headers.add("x-amz-expected-bucket-owner", destinationOwner)
        if onlyIfAbsent { call.headers.add("If-None-Match", "*") }
        call.headers.add(kmsKeyARN: kmsKeyARN)
        return try await client.send(call) { response in
            let result = try Self.copyResult(response)
            return ObjectCopy(
                etag: result.etag,
                versionID: response.header("x-amz-version-id"),
                sha256: Self.sha256(result.sha256, type: result.checksumType),
                partsSHA256: nil
            )
        }
    }

    /// The body of a 200, which may be an error: S3 says 200 before it has copied anything.
    static func copyResult(_ response: HTTPResponse) throws -> CopyResult {
        guard let body = try? AWSXML.decode(CopyBody.self, from: response.body) else {
            throw TruncatedReply()
        }
        if let etag = body.etag {
            return CopyResult(etag: etag, sha256: body.checksumSHA256, checksumType: body.checksumType)
        }
        guard let code = body.code else { throw TruncatedReply() }
        throw HiddenError(
            reply: ErrorReply(
                // What SDKs take it for: an error of the service, unless its code says otherwise.
                status: 500,
                code: code,
                message: body.message ?? "",
                requestID: body.requestID ?? ErrorReply.requestID(response)
            )
        )
    }

    struct CopyResult {
        let etag: String
        let sha256: String?
        let checksumType: String?
    }

    /// `CopyObjectResult`, `CopyPartResult`, `CompleteMultipartUploadResult` or `Error`.
    private struct CopyBody: Decodable {
        let etag: String?
        let checksumSHA256: String?
        let checksumType: String?
        let code: String?
        let message: String?
        let requestID: String?

        private enum CodingKeys: String, CodingKey {
            case etag = "ETag"
            case checksumSHA256 = "ChecksumSHA256"
            case checksumType = "ChecksumType"
            case code = "Code"
            case message = "Message"
            case requestID = "RequestId"
        }
    }

    /// S3 answers at once and sends white space while it copies.
    static let copying = HTTPTimeouts(connect: .seconds(5), total: nil, idle: .seconds(300))

    static func path(_ key: String) -> String {
        "/\(URIEncoding.encode(key, keepingSlashes: true))"
    }

    /// The version id is not encoded: S3 takes it literally.
    static func copySource(_ source: ObjectLocation) -> String {
        let path = URIEncoding.encode("\(source.bucket)/\(source.key)", keepingSlashes: true)
        return source.versionID.map { "\(path)?versionId=\($0)" } ?? path
    }

    /// The hexadecimal form of a base64 SHA-256 of the whole object; nil for a checksum of parts' checksums,
    /// which ends in the number of parts.
    static func sha256(_ base64: String?, type: String?) -> String? {
        guard let base64, type == nil || type == "FULL_OBJECT", let data = Data(base64Encoded: base64),
            data.count == 32
        else { return nil }
        return Digest.hex(Array(data))
    }
}

extension [HTTPHeader] {
    mutating func add(_ name: String, _ value: String?) {
        if let value { append(HTTPHeader(name, value)) }
    }

    mutating func add(kmsKeyARN: String?) {
        guard let kmsKeyARN else { return }
        add("x-amz-server-side-encryption", "aws:kms")
        add("x-amz-server-side-encryption-aws-kms-key-id", kmsKeyARN)
    }
}
