import Testing

/// One thing that is wrong with an otherwise good folder, and every line that must be said about it.
struct AccountsFault: Sendable, CustomTestStringConvertible {
    let file: String
    let old: String
    let new: String
    let expected: String

    init(_ file: String, _ old: String, _ new: String, _ expected: String) {
        (self.file, self.old, self.new, self.expected) = (file, old, new, expected)
    }

    func problems() throws -> String {
        var folder = AccountsFixture()
        try folder.replace(old, with: new, in: file)
        return try folder.problems().joined(separator: "\n")
    }

    var testDescription: String { "\(new.debugDescription) in \(file)" }
}
