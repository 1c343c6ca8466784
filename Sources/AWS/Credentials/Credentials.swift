public import Foundation

/// What requests are signed with. Printing it shows the key's id and never a secret.
public struct Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public let accessKeyID: String
    public let secretAccessKey: String
    /// The token of temporary credentials.
    public let sessionToken: String?
    /// When they stop working; nil for those that do not.
    public let expiration: Date?

    public init(
        accessKeyID: String,
        secretAccessKey: String,
        sessionToken: String? = nil,
        expiration: Date? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// What no message may hold.
    var secrets: [String] { [secretAccessKey] + (sessionToken.map { [$0] } ?? []) }

    public var description: String { "credentials \(accessKeyID)" }
    public var debugDescription: String { description }
    // dump() and the like walk the mirror, which would show the stored properties.
    public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// A source of credentials, asked before every attempt of every call.
public protocol CredentialProvider: Sendable {
    /// Credentials that work now.
    ///
    /// Throws `CredentialsError` where there are none, and `AWSError` where AWS refused to give them.
    func credentials() async throws -> Credentials

    /// Says that AWS refused `used` as expired, so that they are not handed out again.
    func invalidate(_ used: Credentials) async
}

/// Why no credentials could be had.
public struct CredentialsError: Error, Sendable, CustomStringConvertible {
    /// Where they were looked for.
    public let source: String
    /// What was wrong there, without any secret.
    public let reason: String
    /// Whether the same may work a little later.
    public let isTransient: Bool

    public init(source: String, reason: String, isTransient: Bool = false) {
        self.source = source
        self.reason = reason
        self.isTransient = isTransient
    }

    public var description: String { "no AWS credentials from \(source): \(reason)" }
}
