extension S3 {
    /// The id of no upload.
    public static let unknownUpload = "sluice-doctor-asks-for-none"

    /// Asks whether an object could be written, and writes none: an upload is completed that does not exist, which
    /// S3 refuses for want of the permission to write or, past that, of the upload.
    ///
    /// Throws `AWSError`, of kind `denied` where a write would be.
    ///
    /// - Parameter expectedOwner: The account the bucket must belong to; another one's is `denied`.
    public func probeWriting(bucket: String, key: String, expectedOwner: String? = nil) async throws {
        let none = MultipartUpload(bucket: bucket, key: key, id: Self.unknownUpload)
        let part = UploadedPart(number: 1, etag: "\"00000000000000000000000000000000\"", size: 1, sha256: nil)
        do {
            _ = try await completeMultipartUpload(none, parts: [part], owner: expectedOwner)
        } catch let error as AWSError where error.code == "NoSuchUpload" {}
    }
}
