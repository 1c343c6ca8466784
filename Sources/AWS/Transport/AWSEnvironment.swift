import Native

/// The settings AWS's SDKs read from environment variables, read once.
///
/// See [Settings reference](https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html).
public struct AWSEnvironment: Sendable {
    /// The variables as given.
    public let variables: [String: String]

    public init(_ variables: [String: String]) {
        self.variables = variables.filter { !$0.value.isEmpty }
    }

    subscript(name: String) -> String? { variables[name] }

    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    public var region: String? { self["AWS_REGION"] ?? self["AWS_DEFAULT_REGION"] }

    /// A file of PEM certificates to trust, `AWS_CA_BUNDLE`.
    public var certificateAuthorities: String? { self["AWS_CA_BUNDLE"] }

    /// How often a call is sent at most, `AWS_MAX_ATTEMPTS`, else 3.
    public var maximumAttempts: Int {
        self["AWS_MAX_ATTEMPTS"].flatMap { Int($0) }.map { max(1, $0) } ?? 3
    }

    /// The profile to use, `AWS_PROFILE`, else `default`.
    public var profile: String { self["AWS_PROFILE"] ?? "default" }

    /// `AWS_CONFIG_FILE`, else `~/.aws/config`.
    public var configFile: String? { self["AWS_CONFIG_FILE"] ?? inHome(".aws/config") }

    /// `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
    public var credentialsFile: String? {
        self["AWS_SHARED_CREDENTIALS_FILE"] ?? inHome(".aws/credentials")
    }

    /// The URL that stands in for a service's own: `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`.
    func endpointURL(for service: Service) -> String? {
        guard self["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() != "true" else { return nil }
        return self["AWS_ENDPOINT_URL_\(service.variable)"] ?? self["AWS_ENDPOINT_URL"]
    }

    private func inHome(_ path: String) -> String? {
        self["HOME"].map { "\($0)/\(path)" }
    }
}
