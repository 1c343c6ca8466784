/// JSON with exactly one spelling for each value, so that equal values have equal digests on every
/// machine and with every version of Foundation.
enum CanonicalJSON: CustomStringConvertible {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case list([CanonicalJSON])
    case object([String: CanonicalJSON])

    static func texts(_ texts: [String: String]) -> CanonicalJSON {
        .object(texts.mapValues(CanonicalJSON.text))
    }

    /// A duration in whole milliseconds, the finest the accounts folder can write.
    static func duration(_ duration: Duration) -> CanonicalJSON {
        let (seconds, attoseconds) = duration.components
        return .integer(Int(seconds * 1_000 + attoseconds / 1_000_000_000_000_000))
    }

    var description: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .integer(let integer): "\(integer)"
        // Swift prints the shortest text that reads back as the same double.
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        case .list(let list): "[\(list.map(\.description).joined(separator: ","))]"
        case .object(let object): "{\(Self.members(of: object).joined(separator: ","))}"
        }
    }

    /// Keys in order of their UTF-8, because the order of Swift strings follows Unicode's tables.
    private static func members(of object: [String: CanonicalJSON]) -> [String] {
        object.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\(quoted($0.key)):\($0.value)" }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..<"\u{20}":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
