import Foundation
import Native

/// Copying in parts, for what is too large or too slow to be copied whole.
///
/// See [Copying an object using multipart upload](
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html).
extension S3 {
    /// Begins an upload in parts, each of which gets a SHA-256 of S3's own.
    ///
    /// Encryption is the bucket's own unless `kmsKeyARN` says otherwise. Nothing of a source's metadata comes
    /// along. A lost reply may leave an upload behind, so it is `unknownOutcome`: look before beginning another.
    public func createMultipartUpload(
        bucket: String,
        key: String,
        expectedOwner: String? = nil,
        kmsKeyARN: String? = nil
    ) async throws -> MultipartUpload {
        struct Output: Decodable {
            let uploadID: String

            private enum CodingKeys: String, CodingKey { case uploadID = "UploadId" }
        }
        var call = AWSCall(.createMultipartUpload, subject: "s3://\(bucket)/\(key)").notRepeatable()
        call.bucket = bucket
        call.path = Self.path(key)
        call.query = [("uploads", "")]
        call.headers = [
            HTTPHeader("x-amz-checksum-algorithm", "SHA256"), HTTPHeader("x-amz-checksum-type", "COMPOSITE"),
        ]
        call.headers.add("x-amz-expected-bucket-owner", expectedOwner)
        call.headers.add(kmsKeyARN: kmsKeyARN)
        let output = try await client.send(call) { try AWSXML.decode(Output.self, from: $0.body) }
        return MultipartUpload(bucket: bucket, key: key, id: output.uploadID)
    }

    /// Copies a range of a source's bytes, first and last included, as one part of an upload. A part that is
    /// there already is replaced.
    ///
    /// An upload that is there no longer is `notFound(.other)`, a source `notFound(.object)`.
    ///
    /// - Parameters:
    ///   - sourceETag: What the source must still be, else `preconditionFailed`.
    ///   - sourceOwner: The account the source's bucket must belong to, else `denied`.
    ///   - owner: The account the upload's bucket must belong to, else `denied`.
    public func copyPart(
        _ number: Int,
        of upload: MultipartUpload,
        bytes: ClosedRange<Int64>,
        source: ObjectLocation,
        sourceETag: String,
        sourceOwner: String? = nil,
        owner: String? = nil
    ) async throws -> UploadedPart {
        var call = call(.uploadPartCopy, upload, "PUT", owner)
        call.timeouts = Self.copying
        call.query.append(("partNumber", "\(number)"))
        call.headers += [
            HTTPHeader("x-amz-copy-source", Self.copySource(source)),
            HTTPHeader("x-amz-copy-source-range", "bytes=\(bytes.lowerBound)-\(bytes.upperBound)"),
            HTTPHeader("x-amz-copy-source-if-match", sourceETag),
        ]
        call.headers.add("x-amz-source-expected-bucket-owner", sourceOwner)
        return try await client.send(call) { response in
            let result = try Self.copyResult(response)
            return UploadedPart(
                number: number,
                etag: result.etag,
                size: Int64(bytes.count),
                sha256: Self.digest(result.sha256)
            )
        }
    }

    /// The parts of an upload that are there, in order.
    public func listParts(of upload: MultipartUpload, owner: String? = nil) async throws -> [UploadedPart] {
        struct Output: Decodable {
            struct Part: Decodable {
                let number: Int
                let etag: String
                let size: Int64
                let sha256: String?

                private enum CodingKeys: String, CodingKey {
                    case number = "PartNumber"
                    case etag = "ETag"
                    case size = "Size"
                    case sha256 = "ChecksumSHA256"
                }
            }

            let parts: [Part]?
            let isTruncated: Bool?
            let next: String?

            private enum CodingKeys: String, CodingKey {
                case parts = "Part"
                case isTruncated = "IsTruncated"
                case next = "NextPartNumberMarker"
            }
        }
        var parts: [UploadedPart] = []
        var marker: String?
        repeat {
            var call = call(.listParts, upload, "GET", owner)
            if let marker { call.query.append(("part-number-marker", marker)) }
            let page = try await client.send(call) { try AWSXML.decode(Output.self, from: $0.body) }
            parts += (page.parts ?? []).map {
                UploadedPart(number: $0.number, etag: $0.etag, size: $0.size, sha256: Self.digest($0.sha256))
            }
            marker = page.isTruncated == true ? page.next : nil
        } while marker != nil
        return parts
    }

    /// The uploads to keys below a prefix that are neither completed nor aborted; of one key the latest is last.
    public func listMultipartUploads(
        bucket: String,
        prefix: String,
        expectedOwner: String? = nil
    ) async throws -> [MultipartUpload] {
        struct Output: Decodable {
            struct Upload: Decodable {
                let key: String
                let id: String

                private enum CodingKeys: String, CodingKey {
                    case key = "Key"
                    case id = "UploadId"
                }
            }

            let uploads: [Upload]?
            let isTruncated: Bool?
            let nextKey: String?
            let nextID: String?

            private enum CodingKeys: String, CodingKey {
                case uploads = "Upload"
                case isTruncated = "IsTruncated"
                case nextKey = "NextKeyMarker"
                case nextID = "NextUploadIdMarker"
            }
        }
        var uploads: [MultipartUpload] = []
        var marker: [(String, String)]?
        repeat {
            var call = AWSCall(.listMultipartUploads, subject: "s3://\(bucket)/\(prefix)")
            call.method = "GET"
            call.bucket = bucket
            call.query = [("uploads", ""), ("prefix", prefix)] + (marker ?? [])
            call.headers.add("x-amz-expected-bucket-owner", expectedOwner)
            let page = try await client.send(call) { try AWSXML.decode(Output.self, from: $0.body) }
            uploads += (page.uploads ?? []).map { MultipartUpload(bucket: bucket, key: $0.key, id: $0.id) }
            marker = nil
            if page.isTruncated == true, let key = page.nextKey, let id = page.nextID {
                marker = [("key-marker", key), ("upload-id-marker", id)]
            }
        } while marker != nil
        return uploads
    }

    /// Makes the object of an upload's parts, if nothing is under its key, and of exactly that many bytes.
    ///
    /// An object that is there already makes it `preconditionFailed`. Where a reply was lost, an upload that
    /// is there no longer, `notFound(.other)`, may be one that was completed: look at the object.
    public func completeMultipartUpload(
        _ upload: MultipartUpload,
        parts: [UploadedPart],
        owner: String? = nil
    ) async throws -> ObjectCopy {
        var call = call(.completeMultipartUpload, upload, "POST", owner)
        call.timeouts = Self.copying
        call.headers += [
            HTTPHeader("Content-Type", "application/xml"), HTTPHeader("If-None-Match", "*"),
            HTTPHeader("x-amz-mp-object-size", "\(parts.map(\.size).reduce(0, +))"),
        ]
        let list = parts.map { part in
            let sum = part.sha256.map {
                "<ChecksumSHA256>\(Data($0).base64EncodedString())</ChecksumSHA256>"
            }
            return "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(Self.escaped(part.etag))</ETag>"
                + "\(sum ?? "")</Part>"
        }
        call.body = Array(
            ("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "\(list.joined())</CompleteMultipartUpload>").utf8
        )
        return try await client.send(call) { response in
            let result = try Self.copyResult(response)
            return ObjectCopy(
                etag: result.etag,
                versionID: response.header("x-amz-version-id"),
                sha256: nil,
                partsSHA256: Self.partsSHA256(result.sha256, type: result.checksumType)
            )
        }
    }

    /// Gives an upload up, with all of its parts. One that is not there counts as given up.
    public func abortMultipartUpload(_ upload: MultipartUpload, owner: String? = nil) async throws {
        do {
            try await client.send(call(.abortMultipartUpload, upload, "DELETE", owner)) { _ in }
        } catch let error as AWSError where error.code == "NoSuchUpload" {}
    }

    /// What S3 calls the SHA-256 of an object made of these parts: that of their SHA-256s, in hexadecimal.
    /// nil where one of them has none.
    public static func partsSHA256(of parts: [UploadedPart]) throws -> String? {
        let sums = parts.compactMap(\.sha256)
        guard sums.count == parts.count else { return nil }
        return Digest.hex(try Digest.sha256(sums.flatMap(\.self)))
    }

    /// The hexadecimal form of a checksum of parts' checksums, which may end in the number of parts; nil for
    /// one of the whole object.
    static func partsSHA256(_ text: String?, type: String?) -> String? {
        guard let text, type == nil || type == "COMPOSITE" else { return nil }
        let halves = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 || type == "COMPOSITE" else { return nil }
        return digest(halves.first.map(String.init)).map(Digest.hex)
    }

    private static func digest(_ base64: String?) -> [UInt8]? {
        guard let base64, let data = Data(base64Encoded: base64), data.count == 32 else { return nil }
        return Array(data)
    }

    private func call(
        _ operation: AWSOperation,
        _ upload: MultipartUpload,
        _ method: String,
        _ owner: String?
    ) -> AWSCall {
        var call = AWSCall(operation, subject: "s3://\(upload.bucket)/\(upload.key)")
        call.method = method
        call.bucket = upload.bucket
        call.path = Self.path(upload.key)
        call.query = [("uploadId", upload.id)]
        call.headers.add("x-amz-expected-bucket-owner", owner)
        return call
    }
}
