import AWS
import Foundation
import Promotion

/// Removes what Sluice made of one endpoint in one account.
///
/// Whatever does not say by its tag that Sluice made it is left alone: `sluice:endpoint` on the endpoint,
/// `sluice:release` on models and configs. Objects have no tags of Sluice's; those in a folder that is called
/// like a release, `<endpoint>.<ten hex digits>/` below the model prefix, are its own.
public struct Teardown: Sendable {
    public let endpoint: String
    public let account: AccountDocument
    let sessions: Sessions

    /// How long an endpoint may take to be gone; AWS takes minutes.
    static let patience = Duration.seconds(1800)

    /// - Parameter folder: It need not have the endpoint any more.
    public init(_ endpoint: String, in account: AccountDocument, by folder: AccountsFolder, as aws: OwnAWS)
        throws
    {
        self.endpoint = endpoint
        self.account = account
        let place = AccountsFolder(registry: folder.registry, accounts: [account], endpoints: [])
        sessions = aws.sessions(try Settings(place, only: [account.name]), called: "teardown")
    }

    /// What SageMaker calls the endpoint there.
    private var liveName: String { account.liveName(of: endpoint) }

    /// Lists what there is. Throws `TeardownRefused` where the endpoint is somebody else's or is being changed,
    /// and `AWSError`.
    public func look() async throws -> Inventory {
        let session = try await session()
        let sageMaker = SageMaker(session.client)
        var inventory = Inventory()
        if try await isThere(sageMaker) { inventory.items.append(.init(.endpoint, liveName)) }
        let beginning = Names.beginning(of: endpoint)
        for config in try await sageMaker.endpointConfigs(nameContains: beginning) {
            try await inventory.sort(.init(.config, config.name), isOurs(config, sageMaker))
        }
        for model in try await sageMaker.models(nameContains: beginning) {
            try await inventory.sort(.init(.model, model.name), isOurs(model, sageMaker))
        }
        for (prefix, keys) in try await artifacts(session).sorted(by: { $0.key < $1.key }) {
            inventory.items.append(.init(.artifacts, url(prefix), count: keys.count))
        }
        let uploads = Dictionary(grouping: try await uploads(session), by: \.key)
        for (key, uploads) in uploads.sorted(by: { $0.key < $1.key }) {
            inventory.items.append(.init(.upload, url(key), count: uploads.count))
        }
        return inventory
    }

    /// Removes what was listed, in its order, and says each thing once it is gone. What is gone already is no
    /// error, so whatever ended it in between, the next run goes on.
    public func remove(_ inventory: Inventory, saying: (Inventory.Item) -> Void) async throws {
        let session = try await session()
        let sageMaker = SageMaker(session.client)
        for item in inventory.items {
            switch item.kind {
            case .endpoint: try await removeEndpoint(sageMaker)
            case .config:
                try await ignoringMissing { try await sageMaker.deleteEndpointConfig(name: item.name) }
            case .model: try await ignoringMissing { try await sageMaker.deleteModel(name: item.name) }
            case .artifacts:
                try await S3(session.client).deleteObjects(
                    bucket: account.models.bucket,
                    keys: artifacts(session)[String(item.name.dropFirst(url("").count))] ?? [],
                    expectedOwner: account.account
                )
            case .upload:
                for upload in try await uploads(session) where url(upload.key) == item.name {
                    try await ignoringMissing {
                        try await S3(session.client).abortMultipartUpload(upload, owner: account.account)
                    }
                }
            }
            saying(item)
        }
    }

    /// The account as the worker gets at it, proven to be the one.
    private func session() async throws -> Sessions.Session {
        do {
            return try await sessions.session(account.name)
        } catch let error as FailureError {
            throw TeardownRefused(sentence: error.failure.sentence)
        }
    }

    private func isThere(_ sageMaker: SageMaker) async throws -> Bool {
        let found: EndpointDescription
        do {
            found = try await sageMaker.describeEndpoint(name: liveName)
        } catch let error as AWSError where error.isMissing {
            return false
        }
        guard try await sageMaker.listTags(arn: found.arn)[EndpointRoller.endpointTag] == endpoint else {
            throw TeardownRefused(
                sentence: "endpoint \(liveName) in account \(account.name) has no tag "
                    + "`\(EndpointRoller.endpointTag)`, so Sluice did not make it. Nothing of it is touched, nor "
                    + "what it may run on. Delete it by hand if it is to go"
            )
        }
        let changing: Set<EndpointStatus> = [.creating, .updating, .systemUpdating, .rollingBack]
        guard !changing.contains(found.status) else {
            throw TeardownRefused(
                sentence: "endpoint \(liveName) in account \(account.name) is being changed "
                    + "(\(found.status.rawValue)), and SageMaker deletes none that is. Run this again once it is "
                    + "in service"
            )
        }
        return true
    }

    private func isOurs(_ named: SageMaker.Named, _ sageMaker: SageMaker) async throws -> Bool? {
        do {
            let tag = try await sageMaker.listTags(arn: named.arn)[EndpointRoller.releaseTag]
            return tag.map(isRelease) ?? false
        } catch let error as AWSError where error.isMissing {
            return nil
        }
    }

    /// Whether a text is the id of a release of this endpoint.
    private func isRelease(_ text: some StringProtocol) -> Bool {
        text.hasPrefix("\(endpoint).")
            && String(text.dropFirst(endpoint.count + 1)).wholeMatch(of: /[0-9a-f]{10}/) != nil
    }

    /// The prefix of the release that a key lies below; nil for what is in no release's folder.
    private func release(of key: String) -> String? {
        let rest = key.dropFirst(account.models.prefix.count)
        guard let slash = rest.firstIndex(of: "/"), isRelease(rest[..<slash]) else { return nil }
        return "\(account.models.prefix)\(rest[...slash])"
    }

    private func url(_ key: String) -> String { "s3://\(account.models.bucket)/\(key)" }

    /// The keys below each release's prefix.
    private func artifacts(_ session: Sessions.Session) async throws -> [String: [String]] {
        let keys = try await S3(session.client).listObjects(
            bucket: account.models.bucket,
            prefix: "\(account.models.prefix)\(endpoint).",
            expectedOwner: account.account
        )
        let own = keys.compactMap { key in release(of: key).map { ($0, [key]) } }
        return Dictionary(own) { $0 + $1 }
    }

    private func uploads(_ session: Sessions.Session) async throws -> [MultipartUpload] {
        try await S3(session.client).listMultipartUploads(
            bucket: account.models.bucket,
            prefix: "\(account.models.prefix)\(endpoint).",
            expectedOwner: account.account
        ).filter { release(of: $0.key) != nil }
    }

    /// Asks for the deletion and waits until the endpoint is gone: a config must not go before.
    private func removeEndpoint(_ sageMaker: SageMaker) async throws {
        let timing = sessions.timing
        let begun = timing.elapsed()
        var pause = Duration.milliseconds(500)
        while true {
            do {
                let found = try await sageMaker.describeEndpoint(name: liveName)
                if found.status != .deleting { try await askForDeletion(sageMaker) }
            } catch let error as AWSError where error.isMissing {
                return
            }
            guard timing.elapsed() - begun < Self.patience else {
                throw TeardownRefused(
                    sentence:
                        "endpoint \(liveName) in account \(account.name) was asked to go and is still there. "
                        + "Nothing else was removed; run this again later"
                )
            }
            try await timing.sleep(pause)
            pause = min(pause * 2, .seconds(10))
        }
    }

    /// A reply that was lost, or an earlier request that is at work, shows with the next look.
    private func askForDeletion(_ sageMaker: SageMaker) async throws {
        do {
            try await sageMaker.deleteEndpoint(name: liveName)
        } catch let error as AWSError where error.kind == .unknownOutcome || error.kind == .inProgress {
            return
        } catch let error as AWSError where error.isMissing {
            return
        }
    }

    private func ignoringMissing(_ act: () async throws -> Void) async throws {
        do {
            try await act()
        } catch let error as AWSError where error.isMissing {
            return
        }
    }
}

extension Inventory {
    /// - Parameter isOurs: Nil for what is gone meanwhile.
    fileprivate mutating func sort(_ item: Item, _ isOurs: Bool?) {
        switch isOurs {
        case true?: items.append(item)
        case false?: stays.append(item)
        case nil: break
        }
    }
}

/// Why nothing is removed, or not the rest.
public struct TeardownRefused: Error, Sendable {
    public let sentence: String
}
