import AWS
import Ledger
import Logging
import Promotion

/// Brings a release's artifacts under its own prefix in an account, byte for byte what was pinned.
///
/// Changed models come from the registry's bucket, unchanged ones from the prefix of the release before,
/// in the account's own bucket. Every copy is conditional on what is known of its source, and never
/// overwrites: an object that is there already is compared instead. Large artifacts are copied in parts.
struct ArtifactCopier {
    let performer: Performer
    let work: Work

    /// Where a copy goes.
    private struct Place: Sendable {
        let bucket: String
        let key: String

        var url: String { "s3://\(bucket)/\(key)" }
    }

    private struct Done: Sendable {
        let job: CopyJob
        let copy: ArtifactCopy
    }

    /// The sentence that ends an attempt because of one target model.
    private struct Refusal: Error {
        let target: String
        let sentence: String
    }

    func copy(learning facts: inout [Fact]) async throws -> Attempt.Event {
        let session = try await performer.sessions.session(work.attempt.account)
        var jobs: [CopyJob] = []
        for target in work.release.models.keys.sorted() where work.copies[target] == nil {
            jobs.append(try CopyJob(of: target, in: session.account, work))
        }
        let results = await withTaskGroup(of: [Result<Done, any Error>].self) { group in
            for job in jobs where !job.isInParts {
                group.addTask { await copy(allOf: [job], session) }
            }
            // One after another: each of them has several calls under way by itself.
            let large = jobs.filter(\.isInParts)
            group.addTask { await copy(allOf: large, session) }
            return await group.reduce(into: []) { $0 += $1 }
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

    /// Copies one after another, until one fails.
    private func copy(allOf jobs: [CopyJob], _ session: Sessions.Session) async -> [Result<Done, any Error>] {
        var results: [Result<Done, any Error>] = []
        for job in jobs {
            do {
                results.append(.success(try await copy(job, session)))
            } catch {
                return results + [.failure(error)]
            }
        }
        return results
    }

    private func copy(_ job: CopyJob, _ session: Sessions.Session) async throws -> Done {
        let account = session.account
        let place = Place(
            bucket: account.models.bucket,
            key: "\(account.models.prefix)\(work.release.id)/\(job.target)"
        )
        do {
            let reply: ObjectCopy
            if let partSize = job.pin.partSize {
                // What takes hours is not begun only to find at the end that it was done before.
                if let head = try await present(place, session) {
                    return try compare(head, job, place, account)
                }
                reply = try await copyInParts(of: partSize, job, place, session)
            } else {
                reply = try await S3(session.client).copyObject(
                    source: job.source,
                    sourceETag: job.sourceETag,
                    sourceOwner: job.sourceOwner,
                    destination: (bucket: place.bucket, key: place.key),
                    destinationOwner: account.account,
                    kmsKeyARN: account.kmsKey,
                    onlyIfAbsent: true
                )
            }
            guard let sha256 = job.isInParts ? reply.partsSHA256 : reply.sha256 else {
                throw FailureError(.transient, "S3 copied \(job.pin.url) without telling its SHA-256")
            }
            if let pinned = job.pin.sha256, pinned != sha256 { throw changed(job, Self.otherSum) }
            return done(job, place, reply.etag, reply.versionID, sha256)
        } catch let error as AWSError where error.kind == .preconditionFailed {
            // Either something is under the key already, or the source is no longer what was pinned.
            guard let head = try await present(place, session) else {
                throw changed(job, "its ETag is no longer \(job.sourceETag)")
            }
            return try compare(head, job, place, account)
        } catch let error as AWSError where error.code == "NoSuchUpload" {
            // It was completed, and the reply was lost or somebody else's, or it was given up.
            guard let head = try await present(place, session) else {
                throw FailureError(
                    .transient,
                    "the upload of \(job.pin.url) to \(place.url) in account \(account.name) is gone, so the copy "
                        + "begins anew"
                )
            }
            return try compare(head, job, place, account)
        } catch let error as AWSError where error.isMissing {
            throw Refusal(
                target: job.target,
                sentence: "the artifact \(job.pin.url) is gone since it was pinned. Register the model again."
            )
        }
    }

    private func copyInParts(
        of partSize: Int64,
        _ job: CopyJob,
        _ place: Place,
        _ session: Sessions.Session
    ) async throws -> ObjectCopy {
        guard try await performer.ledger.beginUpload(place.url, under: work.claim, now: performer.now) else {
            throw Self.stopped
        }
        do {
            return try await MultipartCopy(
                s3: S3(session.client),
                source: job.source,
                sourceETag: job.sourceETag,
                sourceOwner: job.sourceOwner,
                bucket: place.bucket,
                key: place.key,
                owner: session.account.account,
                kmsKey: session.account.kmsKey,
                size: job.pin.size,
                partSize: partSize,
                pinned: job.pin.sha256,
                atOnce: performer.limits.atOnce
            ) { done, all in
                let text = "copied \(done) of \(all) parts of \(job.pin.url) to \(place.url)"
                performer.log.info(
                    "\(text)",
                    metadata: [
                        "release": "\(work.release.id)", "account": "\(work.attempt.account)",
                        "attempt": "\(work.attempt.number)", "step": "copying",
                    ]
                )
                guard
                    try await performer.ledger.progress(
                        "copying",
                        text,
                        under: work.claim,
                        now: performer.now
                    )
                else { throw Self.stopped }
            }
            .copy(resuming: work.isRepeated)
        } catch is MultipartCopy.Difference {
            throw changed(job, Self.otherSum)
        }
    }

    private static let otherSum = "its SHA-256 is another"
    /// Nothing is recorded of it any longer: the attempt has ended, or somebody else goes on with it.
    private static let stopped = FailureError(.interrupted, "the attempt went on without this worker")

    private func done(
        _ job: CopyJob,
        _ place: Place,
        _ etag: String,
        _ versionID: String?,
        _ sha256: String
    ) -> Done {
        Done(
            job: job,
            copy: ArtifactCopy(
                target: job.target,
                url: place.url,
                versionID: versionID,
                etag: etag,
                sha256: sha256
            )
        )
    }

    /// An object that is under the key already counts as the copy if it holds the same bytes.
    private func compare(
        _ head: ObjectHead,
        _ job: CopyJob,
        _ place: Place,
        _ account: AccountDocument
    ) throws -> Done {
        let sum = job.isInParts ? head.partsSHA256 : head.sha256
        guard head.size == job.pin.size, let sum, job.pin.sha256 == nil || job.pin.sha256 == sum else {
            throw Refusal(
                target: job.target,
                sentence: "\(place.url) in account \(account.name) holds other bytes than "
                    + "\(job.pin.url). Remove that object, then retry this release."
            )
        }
        return done(job, place, head.etag, head.versionID, sum)
    }

    private func changed(_ job: CopyJob, _ how: String) -> Refusal {
        Refusal(
            target: job.target,
            sentence:
                "the artifact \(job.pin.url) of \(job.package) has changed since it was pinned: \(how). What "
                + "was tested cannot be released any more; register the changed archive as a new version."
        )
    }

    private func present(_ place: Place, _ session: Sessions.Session) async throws -> ObjectHead? {
        do {
            return try await S3(session.client).headObject(
                bucket: place.bucket,
                key: place.key,
                expectedOwner: session.account.account
            )
        } catch let error as AWSError where error.isMissing {
            return nil
        }
    }
}
