/// The credentials in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
///
/// See [AWS access keys](https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html).
public enum EnvironmentCredentials {
    /// Nil where the environment holds no access key.
    ///
    /// Throws `CredentialsError` where it holds a key without its secret.
    public static func read(_ environment: AWSEnvironment) throws(CredentialsError) -> Credentials? {
        guard let key = environment["AWS_ACCESS_KEY_ID"] else { return nil }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            throw CredentialsError(
                source: "the environment",
                reason: "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not"
            )
        }
        return Credentials(
            accessKeyID: key,
            secretAccessKey: secret,
            sessionToken: environment["AWS_SESSION_TOKEN"] ?? environment["AWS_SECURITY_TOKEN"]
        )
    }
}
