/// A mapping whose keys are known, being read: it gives out values by key and reports what is wrong with
/// them, with unknown keys, and with missing ones.
///
/// Every question answers nothing for a value that is absent and for one that was reported; only
/// `isStated` tells the two apart.
struct Section {
    let source: Source
    let line: Int
    private let vocabulary: Vocabulary
    private let entries: [String: YAMLValue.Entry]
    /// Known keys that an unknown one probably meant, so that it is not called missing as well.
    private let meant: Set<String>
    private let isComplete: Bool

    init?(_ value: YAMLValue, as vocabulary: Vocabulary, in source: Source) {
        guard case .mapping(let mapping) = value.content else {
            if case .broken = value.content { return nil }
            source.report(
                "\(vocabulary.name) must be a mapping of keys to values, but is \(value.found)",
                line: value.line
            )
            return nil
        }
        self.source = source
        self.line = value.line
        self.vocabulary = vocabulary
        self.isComplete = mapping.isComplete
        var (entries, meant): ([String: YAMLValue.Entry], Set<String>) = ([:], [])
        for entry in mapping.entries {
            if vocabulary.known.contains(entry.key) {
                entries[entry.key] = entry
                continue
            }
            let nearest = Spelling.nearest(to: entry.key, in: vocabulary.known)
            if let nearest { meant.insert(nearest) }
            let hint =
                nearest.map { "did you mean `\($0)`?" }
                ?? Vocabulary.owners(of: entry.key).map { "it belongs in \($0)" }
                ?? "\(vocabulary.name) has \(vocabulary.listing)"
            source.report("unknown key \(entry.key.shown); \(hint)", line: entry.line)
        }
        (self.entries, self.meant) = (entries, meant)
        for key in vocabulary.required where !isStated(key) {
            source.report("`\(key)` is missing: \(vocabulary.name) needs it", line: line)
        }
    }

    /// Whether the key is there, if only misspelt or with a value that was reported.
    func isStated(_ key: String) -> Bool {
        entries[key] != nil || meant.contains(key) || !isComplete
    }

    /// Whether every entry of a list could be read, so that what it lacks is lacking indeed.
    func isWhole<Value>(_ key: String, as read: [Located<Value>]?) -> Bool {
        guard isStated(key) else { return true }
        guard let read, case .list(let entries) = value(key)?.content else { return false }
        return entries.count == read.count
    }

    /// Reports where not exactly one of the keys is there.
    func checkChoice(of keys: String...) {
        let names = keys.map(\.shown)
        let present = keys.filter { entries[$0] != nil }
        if present.count > 1, let last = present.last {
            source.report(
                "\(present.map(\.shown).formatted("and")) exclude each other: keep one",
                line: line(of: last)
            )
        } else if !keys.contains(where: isStated) {
            source.report("\(vocabulary.name) needs \(names.formatted("or"))", line: line)
        }
    }

    /// The line to blame a key on: its value's, or the mapping's own without one.
    func line(of key: String) -> Int {
        entries[key]?.line ?? line
    }

    /// The value itself, for those that may be of several shapes.
    func value(_ key: String) -> YAMLValue? {
        entries[key]?.value
    }

    /// A single value.
    func value<Value>(_ key: String, _ grammar: Grammar<Value>) -> Located<Value>? {
        value(key).flatMap { source.read($0, called: key.shown, grammar) }
    }

    /// A list of single values, each of them given once.
    func list<Value: Hashable>(
        _ key: String,
        of grammar: Grammar<Value>,
        mayBeEmpty: Bool = false
    ) -> [Located<Value>]? {
        guard let values = list(key, mayBeEmpty: mayBeEmpty) else { return nil }
        var seen: Set<Value> = []
        return values.compactMap { value in
            guard let item = source.read(value, called: "an entry of `\(key)`", grammar) else { return nil }
            guard seen.insert(item.value).inserted else {
                source.report("`\(key)` names \(value.found) twice", line: value.line)
                return nil
            }
            return item
        }
    }

    /// A list, its entries still unread.
    func list(_ key: String, mayBeEmpty: Bool = false) -> [YAMLValue]? {
        guard let value = value(key) else { return nil }
        switch value.content {
        case .list(let values) where !values.isEmpty || mayBeEmpty: return values
        case .list:
            source.report("`\(key)` is an empty list: name at least one, or leave it out", line: value.line)
        case .broken: break
        default: source.report("`\(key)` must be a list, but is \(value.found)", line: value.line)
        }
        return nil
    }

    /// A mapping with keys of its own.
    func section(_ key: String, as vocabulary: Vocabulary) -> Section? {
        value(key).flatMap { Section($0, as: vocabulary, in: source) }
    }

    /// A mapping whose keys are the user's.
    func entries(_ key: String) -> [YAMLValue.Entry]? {
        guard let value = value(key) else { return nil }
        switch value.content {
        case .mapping(let mapping): return mapping.entries
        case .broken: break
        default:
            source.report(
                "`\(key)` must be a mapping of keys to values, but is \(value.found)",
                line: value.line
            )
        }
        return nil
    }
}

extension Source {
    /// Reads a single value, and reports it where it is not one.
    func read<Value>(_ value: YAMLValue, called name: String, _ grammar: Grammar<Value>) -> Located<Value>? {
        switch value.content {
        case .broken:
            return nil
        case .scalar(let scalar):
            do throws(Complaint) {
                if let meaning = try grammar.read(scalar) { return Located(value: meaning, line: value.line) }
            } catch {
                report("\(name) \(error.text)", line: value.line)
                return nil
            }
        case .list, .mapping: break
        }
        report("\(name) must be \(grammar.expects), but is \(value.found)", line: value.line)
        return nil
    }
}

extension [String] {
    /// The texts as a sentence lists them: "a, b or c".
    func formatted(_ last: String) -> String {
        guard count > 1 else { return joined() }
        return "\(dropLast().joined(separator: ", ")) \(last) \(self[count - 1])"
    }
}

extension Vocabulary {
    fileprivate var listing: String {
        known.map { "`\($0)`" }.joined(separator: ", ")
    }
}
