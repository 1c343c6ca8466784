/// A YAML value as the accounts folder may use it: no anchors, aliases, tags or nulls.
struct YAMLValue {
    let line: Int
    let content: Content

    enum Content {
        case scalar(Scalar)
        case list([YAMLValue])
        case mapping(Mapping)
        /// Something that was reported already and must not be reported again by whoever asks for it.
        case broken
    }

    /// A single value, with what YAML takes it for.
    struct Scalar {
        let text: String
        let kind: Kind
        let isQuoted: Bool
    }

    /// What YAML takes a scalar for. A quoted one is always text.
    enum Kind: String {
        case text
        case integer = "the number"
        case decimal = "the decimal number"
        case flag = "the truth value"
        case other = "the value"
    }

    struct Mapping {
        let entries: [Entry]
        /// Whether the entries are all there are; a refused merge key may have meant more.
        let isComplete: Bool
    }

    struct Entry {
        let key: String
        let line: Int
        let value: YAMLValue
    }
}

extension YAMLValue {
    /// What was found, for the end of a sentence: "… but is a list".
    var found: String {
        switch content {
        case .scalar(let scalar) where scalar.kind == .text: scalar.text.isEmpty ? "empty" : scalar.text.shown
        case .scalar(let scalar): "\(scalar.kind.rawValue) \(scalar.text.shown)"
        case .list: "a list"
        case .mapping: "a mapping"
        case .broken: "unreadable"
        }
    }
}
