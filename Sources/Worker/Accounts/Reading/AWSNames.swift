/// The forms that AWS gives its names, from its API reference.
enum AWSNames {
    /// An ARN's parts that the accounts folder compares.
    struct ARN {
        let region: String
        let account: String
        let resource: String
    }

    static func isAccount(_ text: String) -> Bool {
        text.wholeMatch(of: /[0-9]{12}/) != nil
    }

    static func isRegion(_ text: String) -> Bool {
        text.wholeMatch(of: /[a-z]{2,5}(-[a-z]+){1,3}-[0-9]{1,2}/) != nil
    }

    /// Splits an ARN of a service; nothing for one of another service or partition.
    static func arn(_ text: String, of service: String) -> ARN? {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", ["aws", "aws-cn", "aws-us-gov"].contains(parts[1]),
            parts[2] == service, isAccount(String(parts[4])), text.utf8.count <= 2_048
        else { return nil }
        return ARN(region: String(parts[3]), account: String(parts[4]), resource: String(parts[5]))
    }

    /// The account of a role's ARN.
    static func account(ofRole text: String) -> String? {
        guard let arn = arn(text, of: "iam"), arn.region.isEmpty,
            arn.resource.wholeMatch(of: /role\/([!-~]+\/)?[0-9A-Za-z_+=,.@\-]{1,64}/) != nil
        else { return nil }
        return arn.account
    }

    static func isKey(_ text: String) -> Bool {
        guard let arn = arn(text, of: "kms"), isRegion(arn.region) else { return false }
        return arn.resource.wholeMatch(of: /(key|alias)\/[0-9A-Za-z\/_\-]{1,256}/) != nil
    }

    static func isEventBus(_ text: String) -> Bool {
        if let arn = arn(text, of: "events") {
            return isRegion(arn.region)
                && arn.resource.wholeMatch(of: /event-bus\/[0-9A-Za-z_.\-\/]{1,256}/) != nil
        }
        return text.wholeMatch(of: /[0-9A-Za-z_.\-\/]{1,256}/) != nil
    }

    /// The account of a queue's URL. The host is free, because an endpoint of a VPC or of a local AWS is
    /// as good as the public one.
    static func account(ofQueue text: String) -> String? {
        let url = /https?:\/\/[0-9A-Za-z.\-]+(:[0-9]{1,5})?\/([0-9]{12})\/[0-9A-Za-z_\-]{1,80}(\.fifo)?/
        return text.wholeMatch(of: url).map { String($0.2) }
    }

    /// Endpoints, variants and model package groups are all named like this.
    static func isSageMakerName(_ text: String) -> Bool {
        text.utf8.count <= 63 && text.wholeMatch(of: /[0-9A-Za-z](-*[0-9A-Za-z]){0,62}/) != nil
    }

    static func isInstanceType(_ text: String) -> Bool {
        text.wholeMatch(of: /ml\.[a-z][0-9a-z\-]*\.[0-9a-z\-]+/) != nil
    }

    static func isExternalID(_ text: String) -> Bool {
        text.wholeMatch(of: /[0-9A-Za-z_+=,.@:\/\-]{2,1224}/) != nil
    }

    static func isBucket(_ text: some StringProtocol) -> Bool {
        let text = String(text)
        guard text.wholeMatch(of: /[0-9a-z][0-9a-z.\-]{1,61}[0-9a-z]/) != nil, !text.contains("..") else {
            return false
        }
        return text.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/) == nil
    }

    /// A relative path of printable ASCII, none of whose parts is empty or climbs.
    static func isRelativePath(_ text: some StringProtocol) -> Bool {
        String(text).wholeMatch(of: /[ -~]+/) != nil
            && text.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { !["", ".", ".."].contains($0) }
    }
}
