import AWS
import Foundation
import Native

/// AWS as whoever runs the command: their credentials, from wherever AWS's own tools would take them.
struct OwnAWS {
    let environment: AWSEnvironment
    let http: HTTPClient
    let credentials: any CredentialProvider
    let region: String

    /// - Parameter region: Where calls go; nil is where the environment says.
    init(region: String?) throws {
        environment = AWSEnvironment(ProcessInfo.processInfo.environment)
        http = HTTPClient(.init(certificateAuthorities: environment.certificateAuthorities))
        // Who somebody is can be asked anywhere.
        self.region = region ?? environment.region ?? "us-east-1"
        credentials = try CredentialChain.standard(environment: environment, http: http, region: self.region)
    }

    var client: AWSClient {
        AWSClient(http: http, credentials: credentials, region: region, environment: environment)
    }

    /// Ends its connections.
    func close() async { await http.shutdown() }
}
