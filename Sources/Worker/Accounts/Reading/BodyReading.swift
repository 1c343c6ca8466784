internal import Foundation

extension Section {
    /// The body of a smoke test's request; one from a file is read here, so that the worker asks the same
    /// thing for as long as it runs.
    func body() -> SmokeTest.Body? {
        checkChoice(of: "body", "bodyFrom")
        let text = value("body", .anyText)
        let place = value("bodyFrom", .bodyPlace)
        if let text { return .bytes(Array(text.value.utf8)) }
        switch place?.value {
        case .object(let object): return .object(object)
        case .file(let path): return bytes(of: path).map { .bytes($0) }
        case nil: return nil
        }
    }

    /// As much as SageMaker takes in one request.
    private static let bytesAtMost = 6 << 20

    private func bytes(of path: String) -> [UInt8]? {
        let file = source.folder.hasSuffix("/") ? source.folder + path : "\(source.folder)/\(path)"
        let found: String
        // A link may lead to the file, as in a mounted config map; a pipe or a device would never end.
        let resolved = URL(filePath: file).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: resolved)
        switch (attributes?[.type] as? FileAttributeType, attributes?[.size] as? Int) {
        case (nil, _):
            found = "there is no file `\(file.printable)`: the path begins at the accounts folder"
        case (.typeRegular, let size?) where size > Self.bytesAtMost:
            found =
                "`\(file.printable)` is larger than 6 MiB, which is all that SageMaker takes: use a smaller one"
        case (.typeRegular, _):
            if let data = FileManager.default.contents(atPath: resolved) { return Array(data) }
            found = "`\(file.printable)` cannot be read: give whoever runs this the right to"
        default:
            found = "`\(file.printable)` is no file: name the one that holds the body"
        }
        source.report("`bodyFrom` is \(path.shown), but \(found)", line: line(of: "bodyFrom"))
        return nil
    }
}

/// Where `bodyFrom` points.
enum BodyPlace {
    case file(String)
    case object(SmokeTest.S3Object)
}

extension Grammar where Value == BodyPlace {
    fileprivate static var bodyPlace: Grammar {
        Grammar("a file's path within the accounts folder, such as `smoke/row.csv`, or `s3://bucket/key`") {
            scalar throws(Complaint) in
            guard scalar.kind == .text else { return nil }
            if scalar.text.lowercased().hasPrefix("s3:") {
                return try Grammar<SmokeTest.S3Object>.object.read(scalar).map { .object($0) }
            }
            guard AWSNames.isRelativePath(scalar.text), scalar.text.utf8.count <= 1_024 else { return nil }
            let name = scalar.text.lowercased()
            if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
                throw Complaint(
                    "is \(scalar.text.shown), which would be read as a document: give the body's file another name"
                )
            }
            if scalar.text.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
                throw Complaint(
                    "is \(scalar.text.shown), which is hidden: give it a name without the dot in front"
                )
            }
            return .file(scalar.text)
        }
    }
}

extension Grammar where Value == SmokeTest.S3Object {
    static var object: Grammar {
        Grammar("an object in S3, such as `s3://bucket/key.csv`") { scalar throws(Complaint) in
            guard scalar.kind == .text, let url = S3URL(scalar.text), AWSNames.isBucket(url.bucket),
                url.key.utf8.count <= 1_024
            else { return nil }
            return SmokeTest.S3Object(bucket: url.bucket, key: url.key)
        }
    }
}
