import AWS
import Promotion

extension FolderDraft {
    /// Takes from a live endpoint what it tells: what it serves, on what, in which container, with which role
    /// and from where. What the draft says already of the models stays.
    ///
    /// - Returns: A sentence for each account about what was found there.
    /// - Throws: `NothingFound` where no account has an endpoint that can be described, and `AWSError` or
    ///   `CredentialsError` where nobody can be asked.
    public mutating func take(from name: String, as aws: OwnAWS) async throws -> [String] {
        let own = try await STS(aws.client).callerIdentity().account
        let sessions = aws.sessions(try Settings(reachable(own: own)), called: "init")
        var sentences: [String] = []
        var read: [LiveEndpoint] = []
        for index in accounts.indices {
            let account = accounts[index].name
            do {
                let session = try await sessions.session(account)
                let found = try await LiveEndpoint.read(name, in: account, session.client)
                let isShared = accounts[..<index].contains { $0.shares(found.models) }
                accounts[index].take(found, models: isShared ? nil : found.models)
                sentences.append("\(account): \(found.summary)" + (isShared ? found.sharing : ""))
                read.append(found)
            } catch let error as CancellationError {
                throw error
            } catch {
                sentences.append("\(account): nothing was read: \(Failure(error).sentence)")
            }
        }
        guard let first = read.first else { throw NothingFound(endpoint: name, sentences: sentences) }
        try take(first, called: name)
        // One of them is enough, and one that is Sluice's is not taken over once more.
        adopt = name == endpoint && read.contains { !$0.isOurs }
        return sentences
    }

    private mutating func take(_ found: LiveEndpoint, called name: String) throws {
        variant = found.variant
        container = found.container
        withheld = found.withheld
        switch (found.serves, models) {
        case (.singleModel, .multi(let groups)) where groups.isEmpty:
            models = .single(group: found.group ?? "")
        case (.singleModel, .single), (.multiModel, .multi): break
        case (.singleModel, .multi), (.multiModel, .single):
            throw NothingFound(
                endpoint: name,
                sentences: [
                    "it is a \(found.serves.rawValue) endpoint: give "
                        + (found.serves == .multiModel ? "--model TARGET=GROUP" : "--model GROUP")
                ]
            )
        }
        guard case .multi(var groups) = models else { return }
        for target in found.targets where groups[target] == nil {
            guard let group = Self.guess(target) else { continue }
            groups[target] = group
            guessed.insert(target)
        }
        models = .multi(groups)
    }

    /// A group that may be what feeds a target: they are often called the same.
    private static func guess(_ target: String) -> String? {
        let file = target.split(separator: "/").last ?? ""
        let name = file.dropLast(".tar.gz".count)
            .split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.joined(separator: "-")
        return AWSNames.isSageMakerName(name) ? name : nil
    }
}

extension FolderDraft.Account {
    fileprivate mutating func take(_ found: LiveEndpoint, models place: S3Prefix?) {
        variant = found.variant
        executionRole = found.executionRole ?? executionRole
        models = place?.description ?? models
    }

    /// Whether the account's releases could meet those of another.
    fileprivate func shares(_ place: S3Prefix?) -> Bool {
        guard let place, let own = S3Prefix(models) else { return false }
        return own.overlaps(place)
    }
}

extension LiveEndpoint {
    fileprivate var summary: String {
        let machines = "\(variant.count) × \(variant.instance)"
        let made = isOurs ? "made by Sluice" : "not made by Sluice"
        let image = container.map { ", image \($0.image)" } ?? ""
        return "\(serves.rawValue) on \(machines), \(made)\(image)"
    }

    /// Why the place of its models is not taken over.
    fileprivate var sharing: String {
        "; its models are where another account's are (\(models?.description ?? "")), and each needs a prefix of its own"
    }
}

/// No account had an endpoint to read, or not one like this.
public struct NothingFound: Error, Sendable, CustomStringConvertible {
    public let endpoint: String
    public let sentences: [String]

    public var description: String {
        "nothing was written, because endpoint \(endpoint) does not tell what it would be: "
            + sentences.joined(separator: "; ")
    }
}
