import Foundation
import Native

/// The credentials of an EC2 instance's role, from its metadata service, version 2. Version 1 is never asked.
///
/// See [IMDS credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html).
struct InstanceMetadata: Sendable {
    private static let source = "the instance's metadata"
    private let endpoint: String
    private let patience: Duration
    private let http: any HTTPSender

    /// Nil where `AWS_EC2_METADATA_DISABLED` is true.
    ///
    /// Throws `CredentialsError` where the environment names an endpoint that is no URL.
    init?(_ environment: AWSEnvironment, http: any HTTPSender) throws(CredentialsError) {
        guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else { return nil }
        let isIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
        let usual = isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
        let given = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? usual
        guard HTTPAddress(given) != nil else {
            throw Self.error("AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http or https URL")
        }
        endpoint = given.hasSuffix("/") ? String(given.dropLast()) : given
        let seconds = environment["AWS_METADATA_SERVICE_TIMEOUT"].flatMap { Int($0) } ?? 1
        patience = .seconds(max(1, seconds))
        self.http = http
    }

    /// Asks for a token, the role's name and its credentials, once each. Throws `CredentialsError`.
    ///
    /// - Parameter now: Where what is handed out has ended by then, it is kept for twenty minutes: while the
    ///   service cannot renew them, AWS goes on accepting the old ones.
    func fetch(now: Date = Date()) async throws -> Credentials {
        let token = try await token()
        let role = try await role(token)
        let body = try await ask("GET", "meta-data/iam/security-credentials/\(role)", token).body
        let data = Data(body)
        guard let report = try? JSONDecoder().decode(Report.self, from: data) else {
            throw Self.error("what it says of role \(role) is not JSON", isTransient: true)
        }
        guard report.code == nil || report.code == "Success" else {
            let said = "\(report.code ?? ""): \(report.message ?? "")".prefix(500)
            throw Self.error("it has no credentials of role \(role): \(said)", isTransient: true)
        }
        // Not the decoder's own error, which quotes what it could not read.
        guard let document = try? JSONDecoder().decode(CredentialDocument.self, from: data) else {
            throw Self.error("what it says of role \(role) holds no credentials", isTransient: true)
        }
        let found = try document.credentials(source: Self.source)
        guard let expiration = found.expiration else {
            throw Self.error("it does not say when the credentials of role \(role) end", isTransient: true)
        }
        return Credentials(
            accessKeyID: found.accessKeyID,
            secretAccessKey: found.secretAccessKey,
            sessionToken: found.sessionToken,
            expiration: expiration > now ? expiration : now.addingTimeInterval(1200)
        )
    }

    private func token() async throws -> String {
        let response = try await ask("PUT", "api/token", nil)
        let token = String(decoding: response.body, as: UTF8.self)
        // It goes into a header, where a line break would begin another.
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Self.error("it gave no token that can be used", isTransient: true)
        }
        return token
    }

    private func role(_ token: String) async throws -> String {
        let response = try await ask("GET", "meta-data/iam/security-credentials/", token)
        let name = String(decoding: response.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
        guard let name, RoleText.isSessionName("r\(name)") else {
            throw Self.error("it names no role")
        }
        return String(name)
    }

    private func ask(_ method: String, _ path: String, _ token: String?) async throws -> HTTPResponse {
        let header =
            token.map { HTTPHeader("X-aws-ec2-metadata-token", $0) }
            ?? HTTPHeader("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        let request = HTTPRequest(
            method: method,
            url: "\(endpoint)/latest/\(path)",
            headers: [header],
            timeouts: HTTPTimeouts(connect: patience, total: patience),
            maximumResponseBytes: 1 << 20
        )
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await http.send(request)
        } catch {
            if error.code == .cancelled { throw CancellationError() }
            throw Self.error(Self.silence(error, at: endpoint, patience), isTransient: true)
        }
        switch response.status {
        case 200: return response
        case 404 where token != nil: throw Self.error("the instance has no role (no instance profile)")
        case 403 where token == nil:
            throw Self.error("it is switched off for this instance: \(endpoint) answered with status 403")
        case let status:
            throw Self.error(
                "\(endpoint)/latest/\(path) answered with status \(status)",
                isTransient: status >= 500
            )
        }
    }

    private static func silence(_ error: HTTPError, at endpoint: String, _ patience: Duration) -> String {
        guard case .timedOut = error.code else { return "\(endpoint): \(error)" }
        return
            "\(endpoint) did not answer within \(patience.components.seconds) s. If this is a container on an "
            + "EC2 instance, the instance's metadata needs a hop limit of 2 (aws ec2 "
            + "modify-instance-metadata-options --http-put-response-hop-limit 2)"
    }

    /// How the service says that it could not get credentials: with status 200.
    private struct Report: Decodable {
        let code: String?
        let message: String?

        private enum CodingKeys: String, CodingKey {
            case code = "Code"
            case message = "Message"
        }
    }

    private static func error(_ reason: String, isTransient: Bool = false) -> CredentialsError {
        CredentialsError(source: source, reason: reason, isTransient: isTransient)
    }
}
