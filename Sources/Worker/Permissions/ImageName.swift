/// A container's image in Amazon ECR: `111111111111.dkr.ecr.eu-west-1.amazonaws.com/forecast:1.4`.
struct ImageName: Hashable {
    /// The twelve digits of the registry's account.
    let account: String
    let region: String
    /// The repository's name.
    let name: String
    /// What stands behind the colon, `latest` where nothing does; nil where a digest is given.
    let tag: String?
    /// `sha256:…`, where the image is named by it.
    let digest: String?

    init?(_ text: String) {
        let form =
            /([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9\-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)(?::([^@]+))?(?:@(.+))?/
        guard let match = text.wholeMatch(of: form) else { return nil }
        account = String(match.1)
        region = String(match.2)
        name = String(match.3)
        digest = match.5.map(String.init)
        tag = digest == nil ? match.4.map(String.init) ?? "latest" : nil
    }

    /// The repository's ARN.
    var repository: String {
        ResourceNames(region: region, account: account).arn("ecr", "repository/\(name)")
    }
}
