import Foundation
import Native

/// Signature version 4 in the `Authorization` header, for one service in one region.
///
/// See [Create a signed AWS API request](https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
struct SigV4: Sendable {
    let service: String
    let region: String
    let keys: SigningKeys

    /// The headers to add to a request so that it is signed.
    ///
    /// - Parameters:
    ///   - path: The path as it is sent, percent-encoded.
    ///   - query: The query as it is sent, percent-encoded, without its question mark.
    ///   - headers: The headers that are sent; all are signed but those a proxy may change.
    ///   - payload: The SHA-256 of the body where it is known, or the word that stands in its place.
    func sign(
        method: String,
        authority: String,
        path: String,
        query: String,
        headers: [HTTPHeader],
        body: [UInt8],
        credentials: Credentials,
        at date: Date,
        payload known: String? = nil
    ) throws(DigestError) -> [HTTPHeader] {
        let time = Self.timestamp(date)
        let payload: String
        if let known { payload = known } else { payload = Digest.hex(try Digest.sha256(body)) }
        var added = [HTTPHeader("X-Amz-Date", time)]
        if let token = credentials.sessionToken { added.append(HTTPHeader("X-Amz-Security-Token", token)) }
        if service == "s3" { added.append(HTTPHeader("X-Amz-Content-SHA256", payload)) }

        let signed = Self.canonicalHeaders(headers + added + [HTTPHeader("Host", authority)])
        let names = signed.map(\.name).joined(separator: ";")
        let request = [
            method, canonicalPath(path), Self.canonicalQuery(query),
            signed.map { "\($0.name):\($0.value)\n" }.joined(), names, payload,
        ].joined(separator: "\n")

        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let toSign = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(Digest.hex(try Digest.sha256(request)))"
        let key = try keys.key(
            secret: credentials.secretAccessKey,
            day: day,
            region: region,
            service: service
        )
        let signature = Digest.hex(try Digest.hmacSHA256(key: key, message: toSign))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(names), Signature=\(signature)"
        return added + [HTTPHeader("Authorization", authorization)]
    }

    /// S3 signs the path as it is sent; the others remove dots and empty segments and encode it once more.
    private func canonicalPath(_ path: String) -> String {
        guard service != "s3" else { return path }
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let end = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
        return URIEncoding.encode("/\(segments.joined(separator: "/"))\(end)", keepingSlashes: true)
    }

    /// The pairs sorted by their bytes; a name without a value gets an equals sign.
    private static func canonicalQuery(_ query: String) -> String {
        guard !query.isEmpty else { return "" }
        let pairs = query.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: Array(parts[0].utf8), value: parts.count > 1 ? Array(parts[1].utf8) : [])
        }
        let sorted = pairs.sorted { first, second in
            first.name == second.name
                ? first.value.lexicographicallyPrecedes(second.value)
                : first.name.lexicographicallyPrecedes(second.name)
        }
        let equals = [UInt8(ascii: "=")]
        return sorted.map { String(decoding: $0.name + equals + $0.value, as: UTF8.self) }
            .joined(separator: "&")
    }

    /// One entry for each name, sorted by name (not by line: `a-b` would come before `a:`), the values of a
    /// repeated name joined in the order they are sent, runs of white space made one space.
    private static func canonicalHeaders(_ headers: [HTTPHeader]) -> [(name: String, value: String)] {
        var lines: [(name: String, value: String)] = []
        lines.reserveCapacity(headers.count)
        for header in headers {
            let name = header.name.lowercased()
            guard !unsigned.contains(name) else { continue }
            let value = trimmed(header.value)
            if let index = lines.firstIndex(where: { $0.name == name }) {
                lines[index].value += ",\(value)"
            } else {
                lines.append((name, value))
            }
        }
        return lines.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static func trimmed(_ value: String) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        // Most values have no white space at all, and need no copy.
        guard value.utf8.contains(where: isSpace) else { return value }
        let words = value.utf8.split(whereSeparator: isSpace)
        return words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }

    private static let unsigned: Set<String> = [
        "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    /// `20260102T030405Z`.
    private static func timestamp(_ date: Date) -> String {
        let style = Date.ISO8601FormatStyle(
            dateSeparator: .omitted,
            dateTimeSeparator: .standard,
            timeSeparator: .omitted
        )
        return date.formatted(style)
    }
}
