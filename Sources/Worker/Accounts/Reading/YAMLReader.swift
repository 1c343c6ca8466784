import Yams

/// Reads one file as one YAML document, and reports what YAML allows but the accounts folder does not.
///
/// Anchors, aliases, merge keys and tags make a value come from elsewhere or mean something else than it
/// says; who reads a file that decides about production should not have to look for that.
struct YAMLReader {
    private let source: Source
    private let text: YAMLText
    private var anchored: Set<Int> = []
    private var position = 0

    /// Returns nothing where no value could be read, which then has been reported.
    static func read(_ text: String, from source: Source) -> YAMLValue? {
        var text = YAMLText(text)
        var unused = Self.marks.makeIterator()
        while true {
            do {
                return try read(text, from: source)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                // Yams gives up on a file at its first duplicate key. Marked, the key is no duplicate to
                // Yams any more, and the walk below reports it together with everything else.
                guard let mark = unused.next() else {
                    let names = keys.map { unmarked($0).shown }.joined(separator: ", ")
                    source.report(
                        "\(names) is given twice, as are \(marks.count) keys before it",
                        line: context.mark.line
                    )
                    return nil
                }
                text = text.inserting(mark, at: context.mark)
            } catch let error as YamlError {
                report(error, in: text, of: source)
                return nil
            } catch {
                source.report("cannot be read as YAML: \(error)", line: 1)
                return nil
            }
        }
    }

    private static func read(_ text: YAMLText, from source: Source) throws -> YAMLValue? {
        // The parser owns the anchors that its nodes only refer to, so it has to outlive the walk.
        let parser = try Parser(yaml: text.string, encoding: .utf8)
        guard let root = try parser.nextRoot() else {
            source.report("is empty: a file holds one document, with a `kind`", line: 1)
            return nil
        }
        var reader = YAMLReader(source: source, text: text)
        let value = reader.value(root, called: "the document")
        if let second = try secondRoot(parser) {
            source.report("a second document begins here: every file holds exactly one", line: second)
            source.problems.noteUnread()
        }
        return withExtendedLifetime(parser) { value }
    }

    private static func secondRoot(_ parser: Parser) throws -> Int? {
        do {
            return try parser.nextRoot().map { $0.mark?.line ?? 1 }
        } catch YamlError.duplicatedKeysInMapping(_, let context) {
            return context.mark.line
        }
    }

    private init(source: Source, text: YAMLText) {
        self.source = source
        self.text = text
    }

    /// Characters of the private use area, which no key of ours begins with; enough for any honest file.
    private static let marks = (0..<100).compactMap { Unicode.Scalar(0xE000 + $0) }

    private static func unmarked(_ key: String) -> String {
        String(String.UnicodeScalarView(key.unicodeScalars.drop { marks.contains($0) }))
    }
}

extension YAMLReader {
    private mutating func value(_ node: Node, called name: String) -> YAMLValue {
        guard let mark = node.mark else { return YAMLValue(line: 1, content: .broken) }
        if let anchor = node.anchor {
            guard anchored.insert(text.offset(of: mark)).inserted else { return alias(anchor.rawValue) }
            source.report(
                "anchors are not allowed: write `&\(anchor.rawValue)`'s value where it is meant",
                line: mark.line
            )
        }
        position = max(position, text.offset(of: mark))
        if isTagged(node, at: mark) {
            source.report("tags are not allowed: write \(name) without its `!`", line: mark.line)
            return YAMLValue(line: mark.line, content: .broken)
        }
        switch node {
        case .scalar(let scalar): return self.scalar(scalar, node.tag, line: mark.line, called: name)
        case .sequence(let sequence):
            let values = sequence.map { value($0, called: "an entry of \(name)") }
            return YAMLValue(line: mark.line, content: .list(values))
        case .mapping(let mapping):
            return YAMLValue(line: mark.line, content: .mapping(self.mapping(mapping)))
        case .alias(let node): return alias(node.anchor.rawValue)
        }
    }

    /// Yams puts the anchored node itself where an alias stood, so the alias's own place has to be found.
    private mutating func alias(_ name: String) -> YAMLValue {
        let found = text.offset(of: "*\(name)", from: position) ?? position
        position = min(found + 1, text.scalars.count)
        let line = text.line(at: found)
        source.report("aliases are not allowed: write the value that `*\(name)` stands for", line: line)
        return YAMLValue(line: line, content: .broken)
    }

    private func isTagged(_ node: Node, at mark: Mark) -> Bool {
        switch node {
        // A scalar's mark is its tag's where it has one, and no plain scalar begins with `!`.
        case .scalar: text[mark] == "!"
        case .sequence(let sequence): sequence.tag.description != Tag.Name.implicit.rawValue
        case .mapping(let mapping): mapping.tag.description != Tag.Name.implicit.rawValue
        case .alias: false
        }
    }

    private func scalar(_ scalar: Node.Scalar, _ tag: Tag, line: Int, called name: String) -> YAMLValue {
        let isQuoted = scalar.style != .plain
        let kind: YAMLValue.Kind
        switch Tag.Name(rawValue: tag.description) {
        case _ where isQuoted: kind = .text
        case .null:
            source.report("\(name) has no value: give it one or leave it out", line: line)
            return YAMLValue(line: line, content: .broken)
        case .str: kind = .text
        case .int: kind = .integer
        case .float: kind = .decimal
        case .bool: kind = .flag
        default: kind = .other
        }
        return YAMLValue(
            line: line,
            content: .scalar(YAMLValue.Scalar(text: scalar.string, kind: kind, isQuoted: isQuoted))
        )
    }

    private mutating func mapping(_ mapping: Node.Mapping) -> YAMLValue.Mapping {
        var entries: [YAMLValue.Entry] = []
        var lines: [String: Int] = [:]
        var isComplete = true
        for (key, node) in mapping {
            let line = key.mark?.line ?? 1
            guard let scalar = key.scalar else {
                source.report("a key must be plain text, but a list or a mapping stands here", line: line)
                isComplete = false
                continue
            }
            _ = value(key, called: "the key")
            let name = Self.unmarked(scalar.string)
            let value = value(node, called: name.shown)
            if name == "<<", scalar.style == .plain {
                source.report("merge keys are not allowed: write the keys that `<<` would bring", line: line)
                isComplete = false
            } else if let first = lines[name] {
                source.report("\(name.shown) is given twice; it was first given on line \(first)", line: line)
            } else {
                lines[name] = line
                entries.append(YAMLValue.Entry(key: name, line: line, value: value))
            }
        }
        return YAMLValue.Mapping(entries: entries, isComplete: isComplete)
    }
}

extension YAMLReader {
    private static func report(_ error: YamlError, in text: YAMLText, of source: Source) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            var message = "cannot be read as YAML: \(problem)"
            if let context, context.mark.line != mark.line {
                message += " \(context.text) that begins on line \(context.mark.line)"
            }
            if text[mark] == "\t" { message += "; YAML is indented with spaces, not with tabs" }
            source.report(message, line: mark.line)
        case .reader(let problem, let offset, _, let yaml):
            let before = offset.map { yaml.prefix($0).unicodeScalars.count } ?? 0
            source.report("cannot be read as YAML: \(problem)", line: text.line(at: before))
        default:
            source.report("cannot be read as YAML: \(error)", line: 1)
        }
    }
}
