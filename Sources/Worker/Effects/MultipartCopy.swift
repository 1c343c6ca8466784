import AWS
import Promotion

/// Copies one large artifact in parts, and goes on with what an earlier try left.
///
/// Nothing need be remembered for that: S3 lists the uploads under a key, and their parts.
struct MultipartCopy: Sendable {
    let s3: S3
    let source: ObjectLocation
    let sourceETag: String
    let sourceOwner: String
    let bucket: String
    let key: String
    /// The account that the destination's bucket belongs to.
    let owner: String
    let kmsKey: String?
    let size: Int64
    let partSize: Int64
    /// The SHA-256 of the parts' SHA-256s, where it is known already.
    let pinned: String?
    let atOnce: Int
    /// Told how many of how many parts are there, ten times at the most; what it throws ends the copy.
    let report: @Sendable (_ done: Int, _ all: Int) async throws -> Void

    /// The parts are not those that were pinned.
    struct Difference: Error {}

    /// S3 told no SHA-256 of a part.
    private struct Unverifiable: Error, CustomStringConvertible {
        let url: String

        var description: String {
            "S3 copied parts to \(url) without telling their SHA-256, so they are copied anew"
        }
    }

    private var count: Int { Int((size + partSize - 1) / partSize) }

    private func bytes(ofPart number: Int) -> ClosedRange<Int64> {
        Int64(number - 1) * partSize...min(Int64(number) * partSize, size) - 1
    }

    /// - Parameter resuming: Whether an upload under the key may be one that this attempt began. Any other is
    ///   given up, since nobody knows what its parts were copied from.
    func copy(resuming: Bool) async throws -> ObjectCopy {
        let found = try await s3.listMultipartUploads(bucket: bucket, prefix: key, expectedOwner: owner)
            .filter { $0.key == key }
        let kept = resuming ? found.last : nil
        for upload in found where upload != kept {
            try await s3.abortMultipartUpload(upload, owner: owner)
        }
        let upload: MultipartUpload
        var parts: [Int: UploadedPart] = [:]
        if let kept {
            upload = kept
            for part in try await s3.listParts(of: kept, owner: owner) where isWhole(part) {
                parts[part.number] = part
            }
        } else {
            upload = try await s3.createMultipartUpload(
                bucket: bucket,
                key: key,
                expectedOwner: owner,
                kmsKeyARN: kmsKey
            )
        }
        do {
            return try await complete(upload, try await copyMissing(parts, of: upload))
        } catch {
            // Where this fails, the pruner does it.
            if Self.endsUpload(error) { try? await s3.abortMultipartUpload(upload, owner: owner) }
            throw error
        }
    }

    private func isWhole(_ part: UploadedPart) -> Bool {
        (1...count).contains(part.number) && part.size == Int64(bytes(ofPart: part.number).count)
            && part.sha256 != nil
    }

    /// Copies the parts that are not there. After a failure none is begun, but those under way are let come
    /// to their end, so that the next try has less to do.
    private func copyMissing(
        _ there: [Int: UploadedPart],
        of upload: MultipartUpload
    ) async throws -> [UploadedPart] {
        var parts = there
        var missing = (1...count).filter { there[$0] == nil }.makeIterator()
        var failure: (any Error)?
        await withTaskGroup(of: Result<UploadedPart, any Error>.self) { group in
            for _ in 0..<atOnce {
                guard let number = missing.next() else { break }
                group.addTask { await result(ofCopying: number, to: upload) }
            }
            while let copied = await group.next() {
                do {
                    let part = try copied.get()
                    let told = parts.count * 10 / count
                    parts[part.number] = part
                    if parts.count * 10 / count > told { try await report(parts.count, count) }
                    if failure == nil, let number = missing.next() {
                        group.addTask { await result(ofCopying: number, to: upload) }
                    }
                } catch {
                    if Self.endsUpload(error) { group.cancelAll() }
                    failure = failure ?? error
                }
            }
        }
        if let failure { throw failure }
        return parts.values.sorted { $0.number < $1.number }
    }

    private func result(
        ofCopying number: Int,
        to upload: MultipartUpload
    ) async -> Result<UploadedPart, any Error> {
        do {
            return .success(
                try await s3.copyPart(
                    number,
                    of: upload,
                    bytes: bytes(ofPart: number),
                    source: source,
                    sourceETag: sourceETag,
                    sourceOwner: sourceOwner,
                    owner: owner
                )
            )
        } catch {
            return .failure(error)
        }
    }

    private func complete(_ upload: MultipartUpload, _ parts: [UploadedPart]) async throws -> ObjectCopy {
        guard let sum = try S3.partsSHA256(of: parts) else {
            throw Unverifiable(url: "s3://\(bucket)/\(key)")
        }
        // Before it is an object, so that other bytes than those tested are never under the key.
        if let pinned, pinned != sum { throw Difference() }
        do {
            let copy = try await s3.completeMultipartUpload(upload, parts: parts, owner: owner)
            if let told = copy.partsSHA256, told != sum { throw Difference() }
            return copy
        } catch let error as AWSError where error.code.hasPrefix("InvalidPart") {
            // Another worker, which took this one for dead, has copied a part once more.
            throw FailureError(.transient, "\(error). The parts are looked at once more")
        }
    }

    /// Whether nobody can go on with the upload: what was asked is refused, or S3 wants all of it anew.
    private static func endsUpload(_ error: any Error) -> Bool {
        switch error {
        case is Difference, is Unverifiable: true
        case let error as AWSError:
            error.isMissing || [.preconditionFailed, .conflict, .invalid].contains(error.kind)
        default: false
        }
    }
}
