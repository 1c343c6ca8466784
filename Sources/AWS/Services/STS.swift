import Foundation
import Native

/// The calls made to AWS Security Token Service, at its regional endpoint.
///
/// All of them throw `AWSError`, or `CancellationError`.
/// See the [AWS STS API Reference](https://docs.aws.amazon.com/STS/latest/APIReference/).
public struct STS: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// Assumes a role and returns the session's credentials.
    ///
    /// A denial means that the role's trust policy does not name the caller, or asks for another external id.
    ///
    /// - Parameters:
    ///   - sessionName: 2 to 64 characters of letters, digits and `_+=,.@-`.
    ///   - durationSeconds: 900 to 43,200, and at most 3,600 where the caller itself has an assumed role.
    public func assumeRole(
        roleARN: String,
        sessionName: String,
        externalID: String? = nil,
        durationSeconds: Int = 3600
    ) async throws -> AssumedSession {
        struct Output: Decodable {
            struct Result: Decodable {
                struct User: Decodable {
                    let AssumedRoleId: String
                    let Arn: String
                }
                struct Keys: Decodable {
                    let AccessKeyId: String
                    let SecretAccessKey: String
                    let SessionToken: String
                    let Expiration: String
                }
                let AssumedRoleUser: User
                let Credentials: Keys
            }
            let AssumeRoleResult: Result
        }
        var form = [
            ("RoleArn", roleARN), ("RoleSessionName", sessionName), ("DurationSeconds", "\(durationSeconds)"),
        ]
        if let externalID { form.append(("ExternalId", externalID)) }
        return try await client.send(call("AssumeRole", subject: roleARN, form)) { response in
            let result = try AWSXML.decode(Output.self, from: response.body).AssumeRoleResult
            guard let expiration = AWSDate.parse(result.Credentials.Expiration) else {
                throw TruncatedReply()
            }
            return AssumedSession(
                credentials: Credentials(
                    accessKeyID: result.Credentials.AccessKeyId,
                    secretAccessKey: result.Credentials.SecretAccessKey,
                    sessionToken: result.Credentials.SessionToken,
                    expiration: expiration
                ),
                assumedRoleID: result.AssumedRoleUser.AssumedRoleId,
                arn: result.AssumedRoleUser.Arn
            )
        }
    }

    /// Who the caller is. It needs no permission.
    public func callerIdentity() async throws -> CallerIdentity {
        struct Output: Decodable {
            struct Result: Decodable {
                let Account: String
                let Arn: String
                let UserId: String
            }
            let GetCallerIdentityResult: Result
        }
        return try await client.send(call("GetCallerIdentity", subject: "", [])) { response in
            let result = try AWSXML.decode(Output.self, from: response.body).GetCallerIdentityResult
            return CallerIdentity(account: result.Account, arn: result.Arn, userID: result.UserId)
        }
    }

    private func call(_ operation: String, subject: String, _ form: [(String, String)]) -> AWSCall {
        var call = AWSCall(.sts, operation, subject: subject)
        call.headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
        let fixed = [("Action", operation), ("Version", "2011-06-15")]
        call.body = Array(URIEncoding.query(fixed + form).utf8)
        return call
    }
}

/// A session of a role.
public struct AssumedSession: Sendable {
    public let credentials: Credentials
    /// `AROA…:<session name>`.
    public let assumedRoleID: String
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session name>`.
    public let arn: String
}

/// Whom AWS takes the caller for.
public struct CallerIdentity: Sendable, Equatable {
    /// Twelve digits.
    public let account: String
    public let arn: String
    /// `AIDA…` for a user, `AROA…:<session name>` for a role.
    public let userID: String
}
