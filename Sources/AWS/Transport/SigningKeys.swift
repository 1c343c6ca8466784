import Native
import Synchronization

/// The signing keys derived so far: each holds for a secret, a day, a region and a service.
final class SigningKeys: Sendable {
    private struct Scope: Hashable {
        let secret: String
        let day: String
        let region: String
        let service: String
    }

    /// Days pass and sessions are renewed, so the derived keys are dropped all at once when they are many.
    private static let capacity = 256

    private let keys = Mutex<[Scope: [UInt8]]>([:])

    func key(secret: String, day: String, region: String, service: String) throws(DigestError) -> [UInt8] {
        let scope = Scope(secret: secret, day: day, region: region, service: service)
        if let key = keys.withLock({ $0[scope] }) { return key }
        var key = Array("AWS4\(secret)".utf8)
        for part in [day, region, service, "aws4_request"] {
            key = try Digest.hmacSHA256(key: key, message: part)
        }
        keys.withLock { keys in
            if keys.count >= Self.capacity { keys.removeAll() }
            keys[scope] = key
        }
        return key
    }
}
