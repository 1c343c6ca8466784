import Native

/// Where a service's requests go.
struct Endpoint: Sendable, Equatable {
    let scheme: String
    /// The value of the `Host` header.
    let authority: String
    /// What precedes every path, without a slash at its end.
    let basePath: String
    /// Whether the environment named it in place of AWS's own.
    let isCustom: Bool

    /// The endpoint of `service` in `region`; nil where the environment names something that is no URL.
    init?(_ service: Service, region: String, environment: AWSEnvironment) {
        if let url = environment.endpointURL(for: service) {
            guard let address = HTTPAddress(url) else { return nil }
            scheme = address.scheme
            authority = address.authority
            basePath = address.path.hasSuffix("/") ? String(address.path.dropLast()) : address.path
            isCustom = true
            return
        }
        scheme = "https"
        authority = Self.host(service, region: region)
        basePath = ""
        isCustom = false
    }

    private init(scheme: String, authority: String, basePath: String, isCustom: Bool) {
        self.scheme = scheme
        self.authority = authority
        self.basePath = basePath
        self.isCustom = isCustom
    }

    /// See [Service endpoints](https://docs.aws.amazon.com/general/latest/gr/rande.html).
    static func host(_ service: Service, region: String) -> String {
        if service == .s3, region == "us-east-1" { return "s3.amazonaws.com" }
        if service == .iam, region == "us-east-1" { return "iam.amazonaws.com" }
        if service == .iam, region == "us-gov-west-1" { return "iam.us-gov.amazonaws.com" }
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return "\(service.host).\(region).\(suffix)"
    }

    /// The endpoint and the path's beginning for a bucket: the bucket in the host name where a certificate can
    /// hold it, in the path for other endpoints and for names with dots.
    ///
    /// See [Virtual hosting](https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html).
    func addressing(bucket: String) -> (endpoint: Endpoint, path: String) {
        let isLabel =
            (3...63).contains(bucket.utf8.count)
            && bucket.utf8.allSatisfy { Character(Unicode.Scalar($0)).isBucketLabel }
            && !bucket.hasPrefix("-") && !bucket.hasSuffix("-")
        guard !isCustom, isLabel else { return (self, "/\(URIEncoding.encode(bucket))") }
        let own = Endpoint(scheme: scheme, authority: "\(bucket).\(authority)", basePath: "", isCustom: false)
        return (own, "")
    }
}

extension Character {
    fileprivate var isBucketLabel: Bool {
        ("a"..."z").contains(self) || ("0"..."9").contains(self) || self == "-"
    }
}
