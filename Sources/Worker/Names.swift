import Native
import Promotion

/// What Sluice's things are called in an account.
enum Names {
    /// SageMaker's limit for the names of models and endpoint configs.
    private static let longest = 63

    /// The SageMaker model of a release: `<endpoint>-<10 hex>`.
    static func model(_ release: Release) throws -> String {
        try name(release.endpoint, "-\(release.digest.prefix(10))")
    }

    /// The model of one attempt, where the release's own name is taken by a model of other settings.
    static func model(_ release: Release, attempt: Int) throws -> String {
        try name(release.endpoint, "-\(release.digest.prefix(10))-\(attempt)")
    }

    /// The endpoint config of an attempt: `<endpoint>-<10 hex>-<attempt>`.
    static func config(_ release: Release, attempt: Int) throws -> String {
        try name(release.endpoint, "-\(release.digest.prefix(10))-\(attempt)")
    }

    /// An endpoint's name that leaves no room is cut and given eight hex digits of its own digest, so that
    /// two long names that begin alike never meet.
    private static func name(_ endpoint: String, _ suffix: String) throws -> String {
        if endpoint.count + suffix.count <= longest { return endpoint + suffix }
        let own = "-" + Digest.hex(try Digest.sha256(endpoint)).prefix(8)
        var head = endpoint.prefix(longest - suffix.count - own.count)
        while head.hasSuffix("-") { head.removeLast() }
        return head + own + suffix
    }

    /// What the names of all models and configs of an endpoint begin with.
    static func beginning(of endpoint: String) -> String {
        let suffix = "-0123456789-000000".count
        if endpoint.count + suffix <= longest { return endpoint + "-" }
        var head = endpoint.prefix(longest - suffix - "-01234567".count)
        while head.hasSuffix("-") { head.removeLast() }
        return String(head)
    }

    /// The URL under which a release's artifacts are in an account, with a slash at the end.
    static func prefix(_ release: Release, in account: AccountDocument) -> String {
        "\(account.models)\(release.id)/"
    }

    /// The URL that a release's SageMaker model loads from: all artifacts' prefix, or the one artifact.
    static func modelData(
        _ release: Release,
        of endpoint: EndpointDocument,
        in account: AccountDocument
    ) -> String {
        let prefix = prefix(release, in: account)
        return switch endpoint.serves {
        case .multiModel: prefix
        case .singleModel: prefix + EndpointDocument.singleTarget
        }
    }
}

/// An object's place, from its `s3://` URL.
struct S3URL: Hashable {
    let bucket: String
    let key: String

    init?(_ url: String) {
        guard url.hasPrefix("s3://") else { return nil }
        let rest = url.dropFirst("s3://".count)
        guard let slash = rest.firstIndex(of: "/"), slash != rest.startIndex else { return nil }
        bucket = String(rest[..<slash])
        key = String(rest[rest.index(after: slash)...])
        guard !key.isEmpty, !key.hasSuffix("/") else { return nil }
    }
}
