public import AWS
import Logging
import Native

/// AWS as whoever runs a command: their own credentials, from wherever AWS's own tools would take them, and the
/// roles of an accounts folder.
public struct OwnAWS: Sendable {
    private let environment: AWSEnvironment
    private let http: HTTPClient
    private let credentials: any CredentialProvider
    private let region: String

    /// - Parameters:
    ///   - variables: The environment.
    ///   - region: Where calls go; nil is where the environment says.
    public init(_ variables: [String: String], region: String?) throws {
        environment = AWSEnvironment(variables)
        http = HTTPClient(.init(certificateAuthorities: environment.certificateAuthorities))
        // Who somebody is can be asked anywhere.
        self.region = region ?? environment.region ?? "us-east-1"
        credentials = try CredentialChain.standard(environment: environment, http: http, region: self.region)
    }

    public var client: AWSClient {
        AWSClient(http: http, credentials: credentials, region: region, environment: environment)
    }

    /// Ends its connections.
    public func close() async { await http.shutdown() }

    /// A doctor with these credentials.
    public func doctor(_ settings: Settings) -> Doctor {
        Doctor(settings, environment: environment, http: http, base: credentials)
    }

    /// Sessions in the accounts of a folder, got at and proven as the worker does.
    ///
    /// - Parameter name: They are called `sluice-<name>`.
    func sessions(_ settings: Settings, called name: String) -> Sessions {
        Sessions(
            settings: settings,
            environment: environment,
            http: http,
            base: credentials,
            worker: name,
            observer: CallLog(log: Logger(label: "sluice"))
        )
    }
}
