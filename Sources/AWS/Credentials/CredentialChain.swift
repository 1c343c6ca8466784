public import Native

/// The places credentials are looked for, in order.
///
/// 1. environment variables
/// 2. a role for a web identity token (EKS)
/// 3. the profile's role, static keys or `credential_process` (which covers IAM Identity Center)
/// 4. the container service (ECS, EKS Pod Identity)
/// 5. the instance's metadata, version 2 (EC2)
///
/// The second place, the profile's role and the last place are looked at by later versions.
///
/// See [Standardized credential providers](https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html).
public enum CredentialChain {
    /// The first place that has something to offer.
    ///
    /// Throws `CredentialsError` where none has, or where one is set up wrongly: a mistake there must not end
    /// in the credentials of the next place.
    public static func standard(
        environment: AWSEnvironment,
        http: HTTPClient
    ) throws(CredentialsError) -> any CredentialProvider {
        if let found = try EnvironmentCredentials.read(environment) { return StaticCredentials(found) }
        let profile = ProfileCredentials(environment)
        if let line = profile.process {
            let process = CredentialProcess(line, environment: environment)
            return ExpiringCredentials { try await process.run() }
        }
        if let found = profile.staticKeys { return StaticCredentials(found) }
        if let name = environment["AWS_PROFILE"], !profile.exists {
            throw CredentialsError(source: "profile \(name)", reason: "there is no such profile")
        }
        if let container = try ContainerCredentials(environment, http: http) {
            return ExpiringCredentials { try await container.fetch() }
        }
        throw CredentialsError(
            source: "the environment, profile \(environment.profile) and the container service",
            reason: "none of them has any"
        )
    }
}
