import AWS
import Ledger
import Promotion

/// One artifact to be copied: what it is, and where from.
struct CopyJob: Sendable {
    let target: String
    let pin: Pin
    let package: String
    let source: ObjectLocation
    let sourceETag: String
    let sourceOwner: String

    /// A changed model comes from where it was pinned, an unchanged one from the release before.
    init(of target: String, in account: AccountDocument, _ work: Work) throws {
        guard let version = work.release.models[target], let pin = work.pins[version.package] else {
            throw FailureError(.vanished, "the pin of \(target) is not in the ledger")
        }
        self.target = target
        self.pin = pin
        package = version.package
        if !work.attempt.changes.contains(target), let copy = work.baseCopies[target],
            let place = S3URL(copy.url)
        {
            source = ObjectLocation(bucket: place.bucket, key: place.key, versionID: copy.versionID)
            sourceETag = copy.etag
            sourceOwner = account.account
            return
        }
        guard let place = S3URL(pin.url) else {
            throw FailureError(.invalid, "the pin of \(target) names no object: \(pin.url)")
        }
        source = ObjectLocation(bucket: place.bucket, key: place.key, versionID: pin.versionID)
        sourceETag = pin.etag
        sourceOwner = pin.owner
    }

    var isInParts: Bool { pin.partSize != nil }
}
