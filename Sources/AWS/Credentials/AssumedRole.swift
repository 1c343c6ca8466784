public import Foundation

/// The credentials of a role, assumed through STS and renewed before they expire.
///
/// `sts` should carry the worker's base credentials: a role assumed from an assumed role ends after an hour.
///
/// See [AssumeRole](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
public struct AssumedRole: CredentialProvider {
    private let expiring: ExpiringCredentials

    /// - Parameters:
    ///   - sessionName: 2 to 64 characters of letters, digits and `_+=,.@-`.
    ///   - durationSeconds: 900 to 43,200, and at most 3,600 where `sts` itself has an assumed role.
    public init(
        sts: STS,
        roleARN: String,
        sessionName: String,
        externalID: String? = nil,
        durationSeconds: Int = 3600,
        now: (@Sendable () -> Date)? = nil
    ) {
        // STS says when a session ends by its own clock, which may not be this machine's.
        expiring = ExpiringCredentials(now: now ?? { sts.now() }, executor: sts.executor) {
            try await sts.assumeRole(
                roleARN: roleARN,
                sessionName: sessionName,
                externalID: externalID,
                durationSeconds: durationSeconds
            ).credentials
        }
    }

    public func credentials() async throws -> Credentials { try await expiring.credentials() }

    public func invalidate(_ used: Credentials) async { await expiring.invalidate(used) }
}
