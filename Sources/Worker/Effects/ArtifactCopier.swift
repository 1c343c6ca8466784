import AWS
import Ledger
import Promotion

/// Brings a release's artifacts under its own prefix in an account, byte for byte what was pinned.
///
/// Changed models come from the registry's bucket, unchanged ones from the prefix of the release before,
/// in the account's own bucket. Every copy is conditional on what is known of its source, and never
/// overwrites: an object that is there already is compared instead.
struct ArtifactCopier {
    let performer: Performer
    let work: Work

    /// CopyObject takes no more; larger artifacts need copies in parts.
    private static let largest: Int64 = 5 << 30

    private struct Job: Sendable {
        let target: String
        let pin: Pin
        let package: String
        let source: ObjectLocation
        let sourceETag: String
        let sourceOwner: String
    }

    private struct Done: Sendable {
        let job: Job
        let copy: ArtifactCopy
    }

    /// The sentence that ends an attempt because of one target model.
    private struct Refusal: Error {
        let target: String
        let sentence: String
    }

    func copy(learning facts: inout [Fact]) async throws -> Attempt.Event {
        let session = try await performer.sessions.session(work.attempt.account)
        var jobs: [Job] = []
        for target in work.release.models.keys.sorted() where work.copies[target] == nil {
            jobs.append(try job(target, session.account))
        }
        let results = await withTaskGroup(of: Result<Done, any Error>.self) { group in
            for job in jobs {
                group.addTask {
                    do { return .success(try await copy(job, session)) } catch { return .failure(error) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var failure: (any Error)?
        for result in results {
            switch result {
            case .success(let done):
                facts.append(.copy(done.copy))
                var pin = done.job.pin
                if pin.sha256 == nil {
                    pin.sha256 = done.copy.sha256
                    facts.append(.pin(package: done.job.package, pin))
                }
            case .failure(let refusal as Refusal):
                return .checkFailed(blame: .targets([refusal.target]), sentence: refusal.sentence)
            case .failure(let error):
                failure = error
            }
        }
        if let failure { throw failure }
        return .artifactsCopied
    }

    private func job(_ target: String, _ account: AccountDocument) throws -> Job {
        guard let version = work.release.models[target], let pin = work.pins[version.package] else {
            throw FailureError(.vanished, "the pin of \(target) is not in the ledger")
        }
        if !work.attempt.changes.contains(target), let copy = work.baseCopies[target],
            let place = S3URL(copy.url)
        {
            return Job(
                target: target,
                pin: pin,
                package: version.package,
                source: ObjectLocation(bucket: place.bucket, key: place.key, versionID: copy.versionID),
                sourceETag: copy.etag,
                sourceOwner: account.account
            )
        }
        guard let place = S3URL(pin.url) else {
            throw FailureError(.invalid, "the pin of \(target) names no object: \(pin.url)")
        }
        return Job(
            target: target,
            pin: pin,
            package: version.package,
            source: ObjectLocation(bucket: place.bucket, key: place.key, versionID: pin.versionID),
            sourceETag: pin.etag,
            sourceOwner: pin.owner
        )
    }

    private func copy(_ job: Job, _ session: Sessions.Session) async throws -> Done {
        let account = session.account
        let key = "\(account.models.prefix)\(work.release.id)/\(job.target)"
        let bucket = account.models.bucket
        guard job.pin.size <= Self.largest else {
            throw Refusal(
                target: job.target,
                sentence:
                    "the artifact \(job.pin.url) has \(job.pin.size) bytes, and artifacts above 5 GiB are not "
                    + "implemented yet"
            )
        }
        func done(_ etag: String, _ versionID: String?, _ sha256: String) -> Done {
            Done(
                job: job,
                copy: ArtifactCopy(
                    target: job.target,
                    url: "s3://\(bucket)/\(key)",
                    versionID: versionID,
                    etag: etag,
                    sha256: sha256
                )
            )
        }
        do {
            let reply = try await S3(session.client).copyObject(
                source: job.source,
                sourceETag: job.sourceETag,
                sourceOwner: job.sourceOwner,
                destination: (bucket: bucket, key: key),
                destinationOwner: account.account,
                kmsKeyARN: account.kmsKey,
                onlyIfAbsent: true
            )
            guard let sha256 = reply.sha256 else {
                throw FailureError(.transient, "S3 copied \(job.pin.url) without telling its SHA-256")
            }
            if let pinned = job.pin.sha256, pinned != sha256 { throw changed(job, "its SHA-256 is another") }
            return done(reply.etag, reply.versionID, sha256)
        } catch let error as AWSError where error.kind == .preconditionFailed {
            // Either something is under the key already, or the source is no longer what was pinned.
            guard let head = try await present(bucket, key, account, session) else {
                throw changed(job, "its ETag is no longer \(job.sourceETag)")
            }
            let isSame =
                head.size == job.pin.size && head.sha256 != nil
                && (job.pin.sha256 == nil || head.sha256 == job.pin.sha256)
            guard isSame, let sha256 = head.sha256 else {
                throw Refusal(
                    target: job.target,
                    sentence: "s3://\(bucket)/\(key) in account \(account.name) holds other bytes than "
                        + "\(job.pin.url). Remove that object, then retry this release."
                )
            }
            return done(head.etag, head.versionID, sha256)
        } catch let error as AWSError where error.isMissing {
            throw Refusal(
                target: job.target,
                sentence: "the artifact \(job.pin.url) is gone since it was pinned. Register the model again."
            )
        }
    }

    private func changed(_ job: Job, _ how: String) -> Refusal {
        Refusal(
            target: job.target,
            sentence:
                "the artifact \(job.pin.url) of \(job.package) has changed since it was pinned: \(how). What "
                + "was tested cannot be released any more; register the changed archive as a new version."
        )
    }

    private func present(
        _ bucket: String,
        _ key: String,
        _ account: AccountDocument,
        _ session: Sessions.Session
    ) async throws -> ObjectHead? {
        do {
            return try await S3(session.client).headObject(
                bucket: bucket,
                key: key,
                expectedOwner: account.account
            )
        } catch let error as AWSError where error.isMissing {
            return nil
        }
    }
}
