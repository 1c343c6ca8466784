import Foundation

/// The JSON in which processes and container services hand out credentials.
struct CredentialDocument: Decodable {
    let version: Int?
    let accessKeyID: String
    let secretAccessKey: String
    /// A container service says `Token`, a process `SessionToken`.
    let token: String?
    let sessionToken: String?
    let expiration: String?

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case sessionToken = "SessionToken"
        case expiration = "Expiration"
    }

    /// Throws `CredentialsError` where `source` wrote no time that can be read: such credentials would be kept
    /// for ever.
    func credentials(source: String) throws(CredentialsError) -> Credentials {
        let date = expiration.flatMap(AWSDate.parse)
        if expiration != nil, date == nil {
            throw CredentialsError(source: source, reason: "the expiration is not an ISO 8601 time")
        }
        return Credentials(
            accessKeyID: accessKeyID,
            secretAccessKey: secretAccessKey,
            sessionToken: sessionToken ?? token,
            expiration: date
        )
    }
}

/// The times AWS writes as text.
enum AWSDate {
    /// ISO 8601 with or without fractions of a second.
    static func parse(_ text: String) -> Date? {
        let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return (try? Date.ISO8601FormatStyle().parse(text)) ?? (try? fractional.parse(text))
    }
}
