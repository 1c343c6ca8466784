public import Foundation
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

    /// The time as STS has it, as far as it has shown.
    func now() -> Date { client.clock.now() }

    /// Where what outlives a caller runs.
    var executor: (any TaskExecutor)? { client.timing.executor }

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
        var form = [
            ("RoleArn", roleARN), ("RoleSessionName", sessionName), ("DurationSeconds", "\(durationSeconds)"),
        ]
        if let externalID { form.append(("ExternalId", externalID)) }
        return try await client.send(call(.assumeRole, subject: roleARN, form)) { response in
            try AWSXML.decode(AssumedReply.self, from: response.body).session()
        }
    }

    /// Assumes a role that trusts whoever signed a token. The call needs no credentials and is not signed.
    ///
    /// - Parameters:
    ///   - sessionName: 2 to 64 characters of letters, digits and `_+=,.@-`.
    ///   - token: 4 to 20,000 characters.
    public func assumeRoleWithWebIdentity(
        roleARN: String,
        sessionName: String,
        token: String
    ) async throws -> AssumedSession {
        let form = [("RoleArn", roleARN), ("RoleSessionName", sessionName), ("WebIdentityToken", token)]
        var call = call(.assumeRoleWithWebIdentity, subject: roleARN, form)
        call.isSigned = false
        call.secrets = [token]
        return try await client.send(call) { response in
            try AWSXML.decode(AssumedReply.self, from: response.body).session()
        }
    }

    /// Who the caller is. It needs no permission.
    public func callerIdentity() async throws -> CallerIdentity {
        struct Output: Decodable {
            struct Result: Decodable {
                let account: String
                let arn: String
                let userID: String

                private enum CodingKeys: String, CodingKey {
                    case account = "Account"
                    case arn = "Arn"
                    case userID = "UserId"
                }
            }
            let result: Result

            private enum CodingKeys: String, CodingKey { case result = "GetCallerIdentityResult" }
        }
        return try await client.send(call(.getCallerIdentity, subject: "", [])) { response in
            let result = try AWSXML.decode(Output.self, from: response.body).result
            return CallerIdentity(account: result.account, arn: result.arn, userID: result.userID)
        }
    }

    /// The time by AWS's clock as it answers, to the second; nil where it does not say.
    public func date() async throws -> Date? {
        try await client.send(call(.getCallerIdentity, subject: "", [])) { response in
            response.header("Date").flatMap(HTTPDate.secondsSince1970).map {
                Date(timeIntervalSince1970: Double($0))
            }
        }
    }

    private func call(_ operation: AWSOperation, subject: String, _ form: [(String, String)]) -> AWSCall {
        var call = AWSCall(operation, subject: subject)
        call.headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
        let fixed = [("Action", operation.name), ("Version", "2011-06-15")]
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

/// The reply to either way of assuming a role.
private struct AssumedReply: Decodable {
    private struct Result: Decodable {
        struct User: Decodable {
            let roleID: String
            let arn: String

            private enum CodingKeys: String, CodingKey {
                case roleID = "AssumedRoleId"
                case arn = "Arn"
            }
        }
        struct Keys: Decodable {
            let accessKeyID: String
            let secretAccessKey: String
            let sessionToken: String
            let expiration: String

            private enum CodingKeys: String, CodingKey {
                case accessKeyID = "AccessKeyId"
                case secretAccessKey = "SecretAccessKey"
                case sessionToken = "SessionToken"
                case expiration = "Expiration"
            }
        }
        let user: User
        let credentials: Keys

        private enum CodingKeys: String, CodingKey {
            case user = "AssumedRoleUser"
            case credentials = "Credentials"
        }
    }

    private let result: Result

    private enum CodingKeys: String, CodingKey {
        case signed = "AssumeRoleResult"
        case withToken = "AssumeRoleWithWebIdentityResult"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        result =
            try container.decodeIfPresent(Result.self, forKey: .withToken)
            ?? container.decode(Result.self, forKey: .signed)
    }

    func session() throws -> AssumedSession {
        guard let expiration = AWSDate.parse(result.credentials.expiration) else { throw TruncatedReply() }
        return AssumedSession(
            credentials: Credentials(
                accessKeyID: result.credentials.accessKeyID,
                secretAccessKey: result.credentials.secretAccessKey,
                sessionToken: result.credentials.sessionToken,
                expiration: expiration
            ),
            assumedRoleID: result.user.roleID,
            arn: result.user.arn
        )
    }
}
