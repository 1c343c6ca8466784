import CCrypto

/// Digests and keyed digests of whole byte strings, computed by libcrypto.
///
/// See [EVP_DigestInit(3)](https://docs.openssl.org/3.0/man3/EVP_DigestInit/).
public enum Digest {
    /// The SHA-256 of `bytes`: 32 bytes.
    public static func sha256(_ bytes: [UInt8]) throws(DigestError) -> [UInt8] {
        try digest(bytes, with: Algorithm.sha256)
    }

    /// The SHA-256 of the UTF-8 of `text`: 32 bytes.
    public static func sha256(_ text: String) throws(DigestError) -> [UInt8] {
        try sha256(Array(text.utf8))
    }

    /// The MD5 of `bytes`: 16 bytes. It guards nothing against an attacker; SQS proves bodies whole with it.
    public static func md5(_ bytes: [UInt8]) throws(DigestError) -> [UInt8] {
        try digest(bytes, with: Algorithm.md5)
    }

    /// The MD5 of the UTF-8 of `text`: 16 bytes.
    public static func md5(_ text: String) throws(DigestError) -> [UInt8] {
        try md5(Array(text.utf8))
    }

    /// HMAC-SHA-256 of `message` under `key`: 32 bytes.
    public static func hmacSHA256(key: [UInt8], message: [UInt8]) throws(DigestError) -> [UInt8] {
        guard let algorithm = Algorithm.sha256.pointer else { throw DigestError(algorithm: "SHA256") }
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        // A null key means "the previous key" to HMAC(3); an empty array's address may be null.
        let keyed = key.isEmpty ? [0] : key
        let done = HMAC(algorithm, keyed, CInt(key.count), message, message.count, &output, &count)
        guard done != nil else { throw DigestError(algorithm: "HMAC-SHA256") }
        return Array(output.prefix(Int(count)))
    }

    /// HMAC-SHA-256 of the UTF-8 of `message` under `key`: 32 bytes.
    public static func hmacSHA256(key: [UInt8], message: String) throws(DigestError) -> [UInt8] {
        try hmacSHA256(key: key, message: Array(message.utf8))
    }

    /// `bytes` in lower-case hexadecimal, two digits each.
    public static func hex(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[2 * index] = digits[Int(byte >> 4)]
                buffer[2 * index + 1] = digits[Int(byte & 15)]
            }
            return bytes.count * 2
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func digest(
        _ bytes: [UInt8],
        with algorithm: Algorithm
    ) throws(DigestError) -> [UInt8] {
        guard let pointer = algorithm.pointer else { throw DigestError(algorithm: algorithm.name) }
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &output, &count, pointer, nil) == 1 else {
            throw DigestError(algorithm: algorithm.name)
        }
        return Array(output.prefix(Int(count)))
    }
}

/// libcrypto could not compute a digest: the algorithm is missing from its configuration, or memory ran out.
public struct DigestError: Error, Sendable, CustomStringConvertible {
    /// The algorithm's name in libcrypto.
    public let algorithm: String

    public var description: String { "libcrypto could not compute \(algorithm)" }
}

/// An algorithm fetched once and kept for the life of the process: fetching costs more than hashing a header.
/// `EVP_MD` is immutable and may be used from every thread, hence the unchecked conformance.
private struct Algorithm: @unchecked Sendable {
    static let sha256 = Algorithm("SHA256", properties: nil)
    // "-fips" as in Python's usedforsecurity=False: SQS's check must work where MD5 is refused for security.
    static let md5 = Algorithm("MD5", properties: "-fips")

    let name: String
    let pointer: OpaquePointer?

    private init(_ name: String, properties: String?) {
        self.name = name
        pointer = OpenSSL.isReady ? EVP_MD_fetch(nil, name, properties) : nil
    }
}
