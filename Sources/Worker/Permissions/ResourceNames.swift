/// ARNs of what policies speak of.
struct ResourceNames: Hashable {
    let region: String
    /// Twelve digits.
    let account: String

    private var partition: String { Self.partition(of: region) }

    static func partition(of region: String) -> String {
        if region.hasPrefix("cn-") { return "aws-cn" }
        return region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws"
    }

    /// A resource of a service in the account and region.
    func arn(_ service: String, _ resource: String) -> String {
        "arn:\(partition):\(service):\(region):\(account):\(resource)"
    }

    /// A resource of SageMaker's, whose ARNs have names in small letters.
    func sageMaker(_ kind: String, _ name: String) -> [String] {
        [arn("sagemaker", "\(kind)/\(name)"), arn("sagemaker", "\(kind)/\(name.lowercased())")].unique
    }

    func bucket(_ name: String) -> String { "arn:\(partition):s3:::\(name)" }

    func objects(below place: S3Prefix) -> String { "\(bucket(place.bucket))/\(place.prefix)*" }

    func role(_ name: String) -> String { "arn:\(partition):iam::\(account):role/\(name)" }
}

extension RegistryDocument {
    var names: ResourceNames { ResourceNames(region: region, account: account) }

    /// The account and region of the queue that the registry's events arrive on.
    var queueNames: ResourceNames {
        ResourceNames(region: region, account: AWSNames.account(ofQueue: queue) ?? account)
    }

    var queueARN: String { Self.arn(ofQueue: queue, region: region) }

    /// A queue's ARN from its URL; its region is in the host's name, where AWS made that.
    static func arn(ofQueue url: String, region: String) -> String {
        let parts = url.split(separator: "/")
        let host = parts.dropFirst().first?.split(separator: ".") ?? []
        let own = host.count > 3 && host[0] == "sqs" ? String(host[1]) : region
        let names = ResourceNames(region: own, account: AWSNames.account(ofQueue: url) ?? "")
        return names.arn("sqs", parts.last.map(String.init) ?? "")
    }
}

extension AccountDocument {
    var names: ResourceNames { ResourceNames(region: region, account: account) }
}

extension ModelPackageGroup {
    /// The group's ARN, and the ARN of all of its packages.
    func arns(in registry: RegistryDocument) -> (group: [String], packages: [String]) {
        let names = owner(in: registry)
        return (
            names.sageMaker("model-package-group", name), names.sageMaker("model-package", "\(name)/*")
        )
    }

    /// The account and region that the group is in.
    func owner(in registry: RegistryDocument) -> ResourceNames {
        guard let arn, let parts = AWSNames.arn(arn, of: "sagemaker") else { return registry.names }
        return ResourceNames(region: parts.region, account: parts.account)
    }
}
