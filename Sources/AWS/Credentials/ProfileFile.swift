import Foundation

/// The sections of a shared `config` or `credentials` file.
///
/// See [Format of the config and credentials files](https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
struct ProfileFile: Sendable {
    private var sections: [String: [String: String]] = [:]

    /// Reads `text`. Comments and settings nested below another setting are left out.
    init(_ text: String) {
        var section: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let isNested = line.first == " " || line.first == "\t"
            let content = line.trimmingCharacters(in: .whitespaces)
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
                let name = content[content.index(after: content.startIndex)..<end]
                section = name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            } else if let section, !isNested, let equals = content.firstIndex(of: "=") {
                let name = content[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
                let value = content[content.index(after: equals)...]
                sections[section, default: [:]][name] = Self.withoutComment(value)
            }
        }
    }

    /// The settings of a section, such as `default`, or `profile build` in a config file.
    subscript(section: String) -> [String: String]? { sections[section] }

    /// In a value a comment begins with white space.
    private static func withoutComment(_ value: Substring) -> String {
        var end = value.endIndex
        for mark in [" #", "\t#", " ;", "\t;"] {
            if let range = value.range(of: mark), range.lowerBound < end { end = range.lowerBound }
        }
        return value[..<end].trimmingCharacters(in: .whitespaces)
    }
}
