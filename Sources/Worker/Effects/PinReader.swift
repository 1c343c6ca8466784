import AWS
import Ledger
import Promotion

/// Learns what an artifact is, as a deployment account sees it.
struct PinReader {
    /// The accounts whose buckets artifacts may come from.
    let owners: [String]
    let limits: CopyLimits
    let session: Sessions.Session

    /// Why an artifact cannot be released, as a sentence with what to do.
    struct Missing: Error {
        let sentence: String
    }

    /// What the artifact is, or why it cannot be released.
    func pin(_ version: ModelVersion) async throws -> Result<Pin, Missing> {
        guard let place = S3URL(version.artifact) else {
            return .failure(Missing(sentence: "\(version.package) names no artifact that can be copied"))
        }
        if let known = try await owned(version, place) { return known }
        return try await stranger(version, place)
    }

    /// What the bucket says to one who expects one of the known owners; nothing where all are denied.
    private func owned(_ version: ModelVersion, _ place: S3URL) async throws -> Result<Pin, Missing>? {
        for owner in owners {
            do {
                let head = try await S3(session.client).headObject(
                    bucket: place.bucket,
                    key: place.key,
                    expectedOwner: owner
                )
                guard head.size > 0 else {
                    return .failure(
                        Missing(
                            sentence:
                                "the artifact \(version.artifact) of \(version.package) is empty. Register the "
                                + "model again with its archive."
                        )
                    )
                }
                let partSize = limits.partSize(of: head.size)
                return .success(
                    Pin(
                        url: version.artifact,
                        owner: owner,
                        versionID: head.versionID,
                        etag: head.etag,
                        size: head.size,
                        partSize: partSize,
                        // A copy in parts cannot be compared with the whole.
                        sha256: partSize == nil ? head.sha256 : nil
                    )
                )
            } catch let error as AWSError where error.isMissing {
                return .failure(
                    Missing(
                        sentence:
                            "the artifact \(version.artifact) of \(version.package) does not exist. Register "
                            + "the model again with an archive that does."
                    )
                )
            } catch let error as AWSError where error.kind == .denied {
                continue
            }
        }
        return nil
    }

    /// A denial has two meanings here: another owner than expected, or a missing permission. Asking without
    /// an expected owner tells them apart. A permission that was granted meanwhile makes no stranger of the
    /// owner, so the known ones are asked for once more.
    private func stranger(_ version: ModelVersion, _ place: S3URL) async throws -> Result<Pin, Missing> {
        _ = try await S3(session.client).headObject(bucket: place.bucket, key: place.key)
        if let known = try await owned(version, place) { return known }
        return .failure(
            Missing(
                sentence:
                    "the bucket of \(version.artifact) does not belong to \(owners.joined(separator: " or ")), "
                    + "so \(version.package) is not released. If its owner may supply artifacts, add the account to "
                    + "`artifactOwners` of the registry."
            )
        )
    }
}
