/// A file of the repository.
struct File: Sendable {
    /// The path from the top of the tree.
    let path: String
    let text: String

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
    }

    var parts: [Substring] { path.split(separator: "/") }
    var isSwift: Bool { path.hasSuffix(".swift") }

    /// The folder of `Sources` that the file is in, where it is in one.
    var room: String? { parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil }

    /// The code line by line: what stands in comments and in texts is left out, and what stands in a
    /// text's interpolations is not.
    var code: [Substring] { Code.only(text).split(separator: "\n", omittingEmptySubsequences: false) }

    /// What the file imports, with the lines.
    var imports: [(line: Int, module: String)] {
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/
        return code.enumerated().compactMap { index, line in
            line.firstMatch(of: pattern).map { (index + 1, String($0.1)) }
        }
    }

    /// Every line of the code in which the pattern is found, as `path:line: sentence`.
    func complaints(about pattern: some RegexComponent, _ sentence: String) -> [String] {
        code.enumerated().compactMap { index, line in
            line.firstMatch(of: pattern) == nil ? nil : "\(path):\(index + 1): \(sentence)"
        }
    }
}

/// Swift's texts and comments, as far as they have to be told from its code.
enum Code {
    /// The text with everything in comments and string literals taken out, line breaks excepted.
    static func only(_ text: String) -> String {
        var reader = Reader(rest: Substring(text))
        reader.code(untilParenthesis: false)
        return reader.result
    }

    private struct Reader {
        var rest: Substring
        var result = ""

        /// Reads code, up to the end or to the parenthesis that closes an interpolation.
        mutating func code(untilParenthesis: Bool) {
            var depth = 0
            while let character = rest.first {
                if rest.hasPrefix("//") {
                    rest = rest.drop { $0 != "\n" }
                } else if rest.hasPrefix("/*") {
                    comment()
                } else if let hashes = literal {
                    string(hashes)
                } else {
                    if character == "(" { depth += 1 }
                    if character == ")" {
                        if untilParenthesis, depth == 0 { return }
                        depth -= 1
                    }
                    result.append(character)
                    rest.removeFirst()
                }
            }
        }

        /// How many hashes come before the quote, where a string literal begins here.
        private var literal: Int? {
            let hashes = rest.prefix { $0 == "#" }.count
            return rest.dropFirst(hashes).first == "\"" ? hashes : nil
        }

        private mutating func comment() {
            while !rest.isEmpty, !rest.hasPrefix("*/") { skip() }
            rest = rest.dropFirst(2)
        }

        private mutating func string(_ hashes: Int) {
            rest = rest.dropFirst(hashes)
            let quote = rest.hasPrefix("\"\"\"") ? "\"\"\"" : "\""
            rest = rest.dropFirst(quote.count)
            let guardian = String(repeating: "#", count: hashes)
            while !rest.isEmpty, !rest.hasPrefix(quote + guardian) {
                guard rest.hasPrefix("\\" + guardian) else {
                    skip()
                    continue
                }
                rest = rest.dropFirst(1 + hashes)
                if rest.first == "(" {
                    rest.removeFirst()
                    result.append("(")
                    code(untilParenthesis: true)
                    result.append(")")
                }
                skip()
            }
            rest = rest.dropFirst(quote.count + hashes)
            result.append("\"\"")
        }

        private mutating func skip() {
            if rest.first == "\n" { result.append("\n") }
            rest = rest.dropFirst()
        }
    }
}
