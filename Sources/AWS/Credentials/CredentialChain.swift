public import Native

/// The places credentials are looked for, in order.
///
/// 1. environment variables
/// 2. a role that the profile names, assumed with the credentials of another profile or place
/// 3. a role for a web identity token (EKS), by the environment or the profile
/// 4. the profile's static keys or `credential_process` (which covers IAM Identity Center)
/// 5. the container service (ECS, EKS Pod Identity)
/// 6. the instance's metadata, version 2 (EC2)
///
/// This is the order of AWS's own command line, but for a profile that is named by `AWS_PROFILE` and takes its
/// role with `credential_source = Environment`: there the keys of the environment ask for the role.
///
/// See [Standardized credential providers](https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html).
public enum CredentialChain {
    /// The first place that has something to offer. Nobody is asked for credentials yet.
    ///
    /// Throws `CredentialsError` where none has, or where one is set up wrongly: a mistake there must not end
    /// in the credentials of the next place.
    ///
    /// - Parameter region: Where STS is asked for roles, if neither the environment nor the profile says.
    public static func standard(
        environment: AWSEnvironment,
        http: any HTTPSender,
        region: String
    ) throws(CredentialsError) -> any CredentialProvider {
        try CredentialSearch(environment, http: http, region: region).find()
    }
}
