import Foundation
public import Native

/// Credentials from the service that ECS and EKS Pod Identity offer inside a container.
///
/// See [Container credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
public struct ContainerCredentials: Sendable {
    private let url: String
    private let environment: AWSEnvironment
    private let http: any HTTPSender

    /// Nil where the environment names no such service.
    ///
    /// Throws `CredentialsError` where it names a host that may not be given an authorization token in plain text.
    public init?(_ environment: AWSEnvironment, http: any HTTPSender) throws(CredentialsError) {
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            url = "http://169.254.170.2\(path)"
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            url = full
        } else {
            return nil
        }
        guard let address = HTTPAddress(url), Self.isAllowed(address) else {
            throw CredentialsError(
                source: "the container service",
                reason: "its URL is not of an allowed host"
            )
        }
        self.environment = environment
        self.http = http
    }

    /// Asks the service, up to three times. The token file is read anew each time, because EKS rotates it.
    public func fetch() async throws -> Credentials {
        let source = "the container service"
        var request = HTTPRequest(
            url: url,
            headers: [HTTPHeader("Accept", "application/json")],
            timeouts: HTTPTimeouts(connect: .seconds(2), total: .seconds(5)),
            maximumResponseBytes: 1 << 20
        )
        if let token = try authorization() { request.headers.append(HTTPHeader("Authorization", token)) }
        var reason = ""
        for attempt in 1...3 {
            if attempt > 1 { try await Task.sleep(for: .seconds(1)) }
            do {
                let response = try await http.send(request)
                if response.status == 200,
                    let document = try? JSONDecoder().decode(
                        CredentialDocument.self,
                        from: Data(response.body)
                    )
                {
                    return try document.credentials(source: source)
                }
                reason = "it answered with status \(response.status)"
            } catch let error as HTTPError {
                try Task.checkCancellation()
                reason = error.description
            }
        }
        throw CredentialsError(source: source, reason: reason, isTransient: true)
    }

    private func authorization() throws(CredentialsError) -> String? {
        var token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw CredentialsError(source: "the container service", reason: "cannot read \(file)")
            }
            token = text
        }
        guard token?.utf8.contains(where: { $0 == 10 || $0 == 13 }) != true else {
            throw CredentialsError(
                source: "the container service",
                reason: "its authorization token holds a line break"
            )
        }
        return token
    }

    /// Over plain HTTP only this machine and the addresses AWS gives to these services.
    static func isAllowed(_ address: HTTPAddress) -> Bool {
        if address.scheme == "https" { return true }
        let hosts = ["localhost", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]"]
        let octets = address.host.split(separator: ".", omittingEmptySubsequences: false)
        let isLoopback = octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
        return hosts.contains(address.host.lowercased()) || isLoopback
    }
}
