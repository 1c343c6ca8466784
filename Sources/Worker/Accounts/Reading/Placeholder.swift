/// Values of documents for a whole organizational unit, with `{account}` where each account's digits go.
enum Placeholder {
    /// The text as it would be for some account.
    static func filled(_ text: String) -> String {
        text.replacing(AccountDocument.anyAccount, with: sample)
    }

    /// Digits that no account has.
    static let sample = "000000000000"
}

extension Grammar where Value == String {
    /// The same, of a text that may have `{account}` in it.
    ///
    /// - Parameters:
    ///   - isUnit: Whether the document is for a whole unit; any other has no such texts.
    ///   - everywhere: Whether it has to be another one in each account.
    func filled(_ isUnit: Bool, everywhere: Bool = true) -> Grammar {
        guard isUnit else { return self }
        return Grammar(expects) { scalar throws(Complaint) in
            guard try read(scalar.filled) != nil else { return nil }
            if everywhere { try scalar.checkPlaceholder() }
            return scalar.text
        }
    }

    static var organizationalUnit: Grammar {
        .text("the id of an organizational unit, such as `ou-ab12-34cd56ef`") { text in
            text.wholeMatch(of: /ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}/) != nil ? text : nil
        }
    }

    static var endpointName: Grammar {
        let expects =
            "what endpoints are called there: letters, digits and hyphens, with `{endpoint}` for the name of each, "
            + "such as `{endpoint}-eu`"
        return .text(expects) { text in
            let filled = Placeholder.filled(text.replacing(AccountDocument.anyEndpoint, with: "e"))
            let isWhole = text.contains(AccountDocument.anyEndpoint) && AWSNames.isSageMakerName(filled)
            return isWhole ? text : nil
        }
    }
}

extension Grammar where Value == S3Prefix {
    static func models(_ isUnit: Bool) -> Grammar {
        guard isUnit else { return models }
        return Grammar(models.expects) { scalar throws(Complaint) in
            guard try models.read(scalar.filled) != nil else { return nil }
            try scalar.checkPlaceholder()
            // It is a place once it is filled, so it has the parts of one.
            let parts = scalar.text.dropFirst("s3://".count).split(
                separator: "/",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            return S3Prefix(bucket: String(parts[0]), prefix: String(parts.last ?? ""))
        }
    }
}

extension YAMLValue.Scalar {
    fileprivate var filled: YAMLValue.Scalar {
        YAMLValue.Scalar(text: Placeholder.filled(text), kind: kind, isQuoted: isQuoted)
    }

    fileprivate func checkPlaceholder() throws(Complaint) {
        guard !text.contains(AccountDocument.anyAccount) else { return }
        throw Complaint(
            "is \(text.shown) for every account of the unit: write `{account}` where each one's twelve digits go"
        )
    }
}

extension Section {
    /// Reports a role that is in one account, where there has to be one in each.
    func checkPlace(of role: Located<String>?, _ key: String) {
        guard let role, let owner = AWSNames.account(ofRole: Placeholder.filled(role.value)),
            owner != Placeholder.sample
        else { return }
        source.report(
            "`\(key)` is in account \(owner), but has to be in each account of the unit: write `{account}` in place "
                + "of \(owner)",
            line: role.line
        )
    }
}
