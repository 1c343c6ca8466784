import AWS
import Ledger
import Logging
import Promotion

/// Removes from the accounts what old releases left there and nobody may need again: artifacts, models,
/// endpoint configs, and uploads that no attempt goes on with.
///
/// One account at a time and never in the way of a rollout: whatever fails is logged and tried again the
/// next time.
struct Pruner: Loop {
    /// A worker that starts has better things to do first.
    static let delay = Duration.seconds(60)
    static let interval = Duration.seconds(3600)
    /// A call of a worker that was killed may arrive late, so an upload is looked for until then.
    static let straggling = Duration.seconds(3600)

    let settings: Settings
    let ledger: Ledger
    let sessions: Sessions
    /// Woken when a release has ended.
    let mailbox: Mailbox
    let log: Logger

    func loop() async {
        await mailbox.wait(for: Self.delay)
        while !Task.isCancelled {
            await runOnce()
            await mailbox.wait(for: Self.interval)
        }
    }

    func runOnce() async {
        for endpoint in settings.share.endpoints {
            for account in endpoint.stages.flatMap(\.accounts).map(\.name) {
                for act in [abortUploads, prune] {
                    do {
                        try await act(endpoint, account)
                    } catch {
                        if Task.isCancelled { return }
                        log.warning(
                            "what old releases left in account \(account) was not all removed: \(Failure(error).sentence)",
                            metadata: [
                                "endpoint": "\(endpoint.name)", "account": "\(account)", "step": "prune",
                            ]
                        )
                    }
                }
            }
        }
    }

    /// Gives up the uploads that copies in parts left of attempts that have ended.
    private func abortUploads(_ endpoint: EndpointDocument, in account: String) async throws {
        for left in try await ledger.abandonedUploads(of: endpoint.name, in: account) {
            guard let place = S3URL(left.url) else { continue }
            let session = try await sessions.session(account)
            let s3 = S3(session.client)
            let owner = session.account.account
            let uploads = try await s3.listMultipartUploads(
                bucket: place.bucket,
                prefix: place.key,
                expectedOwner: owner
            ).filter { $0.key == place.key }
            if uploads.isEmpty {
                if sessions.timing.moment - left.begunAt > Self.straggling { try await ledger.forget(left) }
                continue
            }
            // What a new attempt has begun meanwhile was in no list before the ledger knew of it.
            guard try await ledger.abandonedUploads(of: endpoint.name, in: account).contains(left) else {
                continue
            }
            for upload in uploads { try await s3.abortMultipartUpload(upload, owner: owner) }
            log.info(
                "gave up \(uploads.count) unfinished uploads to \(left.url)",
                metadata: ["release": "\(left.release)", "account": "\(account)", "step": "pruned"]
            )
        }
    }

    private func prune(_ endpoint: EndpointDocument, in account: String) async throws {
        let leftovers = try await ledger.leftovers(of: endpoint.name, in: account, keep: endpoint.keep)
        guard !leftovers.isEmpty else { return }
        let session = try await sessions.session(account)
        for leftover in leftovers {
            // SageMaker lets a config be deleted that an endpoint runs on, and the endpoint is never well again.
            let live = try await liveConfigs(endpoint.name, session)
            guard try await ledger.giveUp(leftover, keep: endpoint.keep, live: live) else { continue }
            let text = try await remove(leftover, session)
            try await ledger.pruned(leftover, text, now: sessions.timing.moment)
            log.info(
                "\(text)",
                metadata: [
                    "release": "\(leftover.release.id)", "account": "\(account)", "step": "pruned",
                ]
            )
        }
    }

    private func liveConfigs(_ endpoint: String, _ session: Sessions.Session) async throws -> Set<String> {
        do {
            let found = try await SageMaker(session.client).describeEndpoint(
                name: session.account.liveName(of: endpoint)
            )
            return Set([found.configName, found.pendingConfigName].compactMap(\.self))
        } catch let error as AWSError where error.isMissing {
            return []
        }
    }

    /// The artifacts first: the less time between giving them up and removing them, the better.
    private func remove(_ leftover: Leftover, _ session: Sessions.Session) async throws -> String {
        let release = leftover.release
        let account = session.account
        let s3 = S3(session.client)
        let sageMaker = SageMaker(session.client)
        let prefix = "\(account.models.prefix)\(release.id)/"
        let keys = try await s3.listObjects(
            bucket: account.models.bucket,
            prefix: prefix,
            expectedOwner: account.account
        )
        try await s3.deleteObjects(
            bucket: account.models.bucket,
            keys: keys,
            expectedOwner: account.account
        )
        var removed = ["\(keys.count) artifacts below s3://\(account.models.bucket)/\(prefix)"]
        let models =
            try [Names.model(release)] + leftover.attempts.map { try Names.model(release, attempt: $0) }
        for name in models {
            let isRemoved = try await removes(name, of: release, sageMaker) {
                try await sageMaker.describeModel(name: name).arn
            } delete: {
                try await sageMaker.deleteModel(name: name)
            }
            if isRemoved { removed.append("model \(name)") }
        }
        for name in try leftover.attempts.map({ try Names.config(release, attempt: $0) }) {
            let isRemoved = try await removes(name, of: release, sageMaker) {
                try await sageMaker.describeEndpointConfig(name: name).arn
            } delete: {
                try await sageMaker.deleteEndpointConfig(name: name)
            }
            if isRemoved { removed.append("config \(name)") }
        }
        return "removed " + removed.joined(separator: ", ")
    }

    /// Deletes what is there under a name, if its tag says that it is the release's.
    private func removes(
        _ name: String,
        of release: Release,
        _ sageMaker: SageMaker,
        arn: () async throws -> String,
        delete: () async throws -> Void
    ) async throws -> Bool {
        do {
            let tags = try await sageMaker.listTags(arn: try await arn())
            guard tags[EndpointRoller.releaseTag] == release.id else {
                log.warning(
                    "\(name) has the name of something of ours and not its tag, so it stays",
                    metadata: ["release": "\(release.id)", "step": "prune"]
                )
                return false
            }
            try await delete()
            return true
        } catch let error as AWSError where error.isMissing {
            return false
        }
    }
}
