import Yams

/// A file's text, addressed the way libyaml's marks do: by line and Unicode scalar.
struct YAMLText {
    private(set) var scalars: [Unicode.Scalar]
    private let lineStarts: [Int]

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        // libyaml does not count a byte order mark, so without one the columns agree.
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        lineStarts = [0] + Self.starts(in: scalars)
    }

    var string: String {
        var string = String.UnicodeScalarView()
        string.append(contentsOf: scalars)
        return String(string)
    }

    subscript(mark: Mark) -> Unicode.Scalar? {
        let offset = offset(of: mark)
        return offset < scalars.count ? scalars[offset] : nil
    }

    func offset(of mark: Mark) -> Int {
        guard lineStarts.indices.contains(mark.line - 1) else { return scalars.count }
        return min(lineStarts[mark.line - 1] + mark.column - 1, scalars.count)
    }

    func line(at offset: Int) -> Int {
        lineStarts.prefix { $0 <= offset }.count
    }

    /// Where the text next occurs.
    func offset(of text: String, from start: Int) -> Int? {
        let wanted = Array(text.unicodeScalars)
        guard start >= 0, scalars.count >= wanted.count else { return nil }
        let last = scalars.count - wanted.count
        guard start <= last else { return nil }
        return (start...last).first { scalars[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }

    /// The text with a scalar put before the one at the mark, or after it where that is a quote.
    func inserting(_ scalar: Unicode.Scalar, at mark: Mark) -> YAMLText {
        var offset = offset(of: mark)
        if offset < scalars.count, scalars[offset] == "\"" || scalars[offset] == "'" { offset += 1 }
        var text = string.unicodeScalars
        text.insert(scalar, at: text.index(text.startIndex, offsetBy: offset))
        return YAMLText(String(text))
    }

    /// Lines end where libyaml ends them: CR LF together, or any break of YAML 1.1 alone.
    private static func starts(in scalars: [Unicode.Scalar]) -> [Int] {
        scalars.indices.compactMap { index in
            switch scalars[index] {
            case "\n", "\u{85}", "\u{2028}", "\u{2029}": index + 1
            case "\r": index + 1 < scalars.count && scalars[index + 1] == "\n" ? nil : index + 1
            default: nil
            }
        }
    }
}
