import Promotion

extension Grammar where Value == String {
    static var anyText: Grammar { .text("text") { $0 } }

    static var account: Grammar {
        let expects = "twelve digits in quotes, such as \"111111111111\""
        return Grammar(expects) { scalar throws(Complaint) in
            guard AWSNames.isAccount(scalar.text) else { return nil }
            guard scalar.isQuoted else {
                throw Complaint(
                    "must be \(expects): YAML takes \(scalar.text) for a number unless it is quoted"
                )
            }
            return scalar.text
        }
    }

    static var region: Grammar {
        matching("an AWS region, such as `eu-west-1`", AWSNames.isRegion)
    }

    static var role: Grammar {
        matching("a role's ARN, such as `arn:aws:iam::111111111111:role/sluice-deploy`") {
            AWSNames.account(ofRole: $0) != nil
        }
    }

    static var key: Grammar {
        matching("a KMS key's ARN, such as `arn:aws:kms:eu-west-1:111111111111:key/…`", AWSNames.isKey)
    }

    static var externalId: Grammar {
        matching("2 to 1224 letters, digits and `_+=,.@:/-`", AWSNames.isExternalID)
    }

    static var queue: Grammar {
        matching("a queue's URL, such as `https://sqs.eu-west-1.amazonaws.com/111111111111/sluice`") {
            AWSNames.account(ofQueue: $0) != nil
        }
    }

    static var eventBus: Grammar {
        matching("the name or ARN of an event bus, such as `default`", AWSNames.isEventBus)
    }

    /// Names that people type and that end up in paths and in names in AWS.
    static var plainName: Grammar {
        matching("1 to 63 lower-case letters, digits and hyphens, the first no hyphen") {
            $0.wholeMatch(of: /[a-z0-9][a-z0-9\-]{0,62}/) != nil
        }
    }

    static var sageMakerName: Grammar {
        matching("1 to 63 letters, digits and hyphens, no hyphen first or last", AWSNames.isSageMakerName)
    }

    static var target: Grammar {
        matching("a path relative to the model prefix, such as `demand-de.tar.gz`, without `..`") {
            $0.utf8.count <= 1_024 && !$0.hasPrefix(" ") && AWSNames.isRelativePath($0)
        }
    }

    static var instance: Grammar {
        matching("an instance type, such as `ml.m5.large`", AWSNames.isInstanceType)
    }

    static var image: Grammar {
        matching("a container image of at most 255 characters without spaces") {
            $0.wholeMatch(of: /[!-~]{1,255}/) != nil
        }
    }

    static var environmentName: Grammar {
        matching("1 to 1024 letters, digits and underscores, the first no digit") {
            $0.wholeMatch(of: /[A-Za-z_][0-9A-Za-z_]{0,1023}/) != nil
        }
    }

    static var environmentValue: Grammar {
        matching("text of at most 1024 characters") { $0.unicodeScalars.count <= 1_024 }
    }

    static var tagName: Grammar {
        matching("1 to 128 letters, digits, spaces and `_.:/=+-@`") { isTagText($0, length: 1...128) }
    }

    static var tagValue: Grammar {
        matching("at most 256 letters, digits, spaces and `_.:/=+-@`") { isTagText($0, length: 0...256) }
    }

    static var contentType: Grammar {
        matching("a content type, such as `text/csv`") {
            $0.utf8.count <= 1_024 && $0.wholeMatch(of: /[!-~]+\/[!-~][ -~]*/) != nil
        }
    }

    static var pointer: Grammar {
        matching("a JSON Pointer: empty, or `/` before every step, with `~0` for `~` and `~1` for `/`") {
            $0.wholeMatch(of: /(\/([^\/~]|~[01])*)*/) != nil
        }
    }

    /// The one word there is so far, where others are not implemented yet.
    static func word(_ word: String, later: String) -> Grammar {
        Grammar(word.shown) { scalar throws(Complaint) in
            guard scalar.kind == .text else { return nil }
            if scalar.text == later {
                throw Complaint("must be \(word.shown): \(later.shown) is not implemented yet")
            }
            return scalar.text == word ? word : nil
        }
    }

    /// Text for people, of which there has to be some.
    static var instructions: Grammar {
        matching("text of 1 to 1000 characters") {
            $0.unicodeScalars.count <= 1_000 && !$0.allSatisfy(\.isWhitespace)
        }
    }

    /// CloudWatch takes any name of that length; nobody types control characters on purpose.
    static var alarm: Grammar {
        matching("an alarm's name: 1 to 255 characters, not only spaces") { name in
            (1...255).contains(name.unicodeScalars.count) && !name.allSatisfy(\.isWhitespace)
                && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
    }

    static var checkName: Grammar {
        matching("1 to 63 letters, digits and `-_.`") {
            $0.wholeMatch(of: /[0-9A-Za-z\-_.]{1,63}/) != nil
        }
    }

    private static func matching(_ expects: String, _ matches: @escaping (String) -> Bool) -> Grammar {
        .text(expects) { matches($0) ? $0 : nil }
    }

    private static func isTagText(_ text: String, length: ClosedRange<Int>) -> Bool {
        length.contains(text.unicodeScalars.count)
            && text.unicodeScalars.allSatisfy { scalar in
                "_.:/=+-@".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic
                    || scalar.properties.numericType != nil
                    || scalar.properties.generalCategory == .spaceSeparator
            }
    }
}

extension Grammar where Value == S3Prefix {
    static var models: Grammar {
        Grammar("an S3 prefix with its slash at the end, such as `s3://bucket/models/`") {
            scalar throws(Complaint) in
            guard let match = scalar.text.wholeMatch(of: /s3:\/\/([^\/]+)\/(.*\/)?/) else { return nil }
            guard AWSNames.isBucket(match.1) else {
                throw Complaint(
                    "names the bucket \(String(match.1).shown), but a bucket's name is 3 to 63 lower-case letters, "
                        + "digits, dots and hyphens, and no IP address"
                )
            }
            let prefix = match.2.map(String.init) ?? ""
            guard prefix.isEmpty || (prefix.utf8.count <= 512 && AWSNames.isRelativePath(prefix.dropLast()))
            else { return nil }
            return S3Prefix(bucket: String(match.1), prefix: prefix)
        }
    }
}

extension Grammar where Value == ModelPackageGroup {
    static var group: Grammar {
        .text("a model package group's name or ARN") { text in
            if AWSNames.isSageMakerName(text) { return ModelPackageGroup(name: text) }
            guard let arn = AWSNames.arn(text, of: "sagemaker"), AWSNames.isRegion(arn.region),
                arn.resource.hasPrefix("model-package-group/")
            else { return nil }
            let name = String(arn.resource.dropFirst("model-package-group/".count))
            return AWSNames.isSageMakerName(name) ? ModelPackageGroup(name: name, arn: text) : nil
        }
    }
}

extension Grammar where Value == SenderPattern {
    static var sender: Grammar {
        Grammar("a SenderId pattern, such as `AROAEXAMPLEID:*`") { scalar throws(Complaint) in
            guard scalar.kind == .text else { return nil }
            do throws(SenderPattern.Problem) {
                return try SenderPattern(scalar.text)
            } catch {
                throw Complaint("is no SenderId pattern: \(error.description.printable)")
            }
        }
    }
}

/// The id of a role, whose sessions are named by whoever vouches for them.
struct RoleID: Hashable {
    let text: String
}

extension Grammar where Value == RoleID {
    static var roleID: Grammar {
        .text("a role's id, such as `AROAEXAMPLEID`") { text in
            let id = text.hasSuffix(":*") ? String(text.dropLast(2)) : text
            guard let pattern = try? SenderPattern("\(id):*"), pattern.person == id else { return nil }
            return RoleID(text: id)
        }
    }
}
