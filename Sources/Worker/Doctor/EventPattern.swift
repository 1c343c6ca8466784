import Native
import Promotion

/// EventBridge's patterns, as far as rules about model packages are written in them.
///
/// See [Event patterns](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html).
struct EventPattern {
    private let root: JSONValue

    init?(_ text: String) {
        guard let document = try? JSONDocument(parsing: Array(text.utf8)), document.root.object != nil else {
            return nil
        }
        root = document.root
    }

    /// Whether an event matches; nil where the pattern asks in a way that is not known here.
    func matches(_ event: JSONValue) -> Bool? { Self.matches(root, event) }

    private static func matches(_ pattern: JSONValue, _ event: JSONValue?) -> Bool? {
        if let members = pattern.object {
            return all(
                members.sorted { $0.key < $1.key }.map { key, inner in
                    if key == "$or" {
                        return any((inner.array ?? []).map { matches($0, event) })
                    }
                    return matches(inner, event?[key])
                }
            )
        }
        guard let choices = pattern.array else { return nil }
        return any(choices.map { holds($0, event) })
    }

    private static func holds(_ choice: JSONValue, _ value: JSONValue?) -> Bool? {
        guard let test = choice.object else { return value == choice }
        guard test.count == 1, let (kind, wanted) = test.first else { return nil }
        let text = value?.string
        switch (kind, wanted) {
        case ("exists", .bool(let exists)): return (value != nil) == exists
        case ("prefix", .string(let wanted)): return text.map { $0.hasPrefix(wanted) } ?? false
        case ("suffix", .string(let wanted)): return text.map { $0.hasSuffix(wanted) } ?? false
        case ("equals-ignore-case", .string(let wanted)):
            return text.map { $0.lowercased() == wanted.lowercased() } ?? false
        case ("wildcard", .string(let wanted)):
            return text.map { SenderPattern.glob(Array(wanted.utf8), matches: Array($0.utf8)) } ?? false
        case ("anything-but", .string), ("anything-but", .number), ("anything-but", .bool):
            return value.map { $0 != wanted } ?? false
        case ("anything-but", .array(let wanted)): return value.map { !wanted.contains($0) } ?? false
        default: return nil
        }
    }

    /// False where one is false, else unknown where one is.
    private static func all(_ parts: [Bool?]) -> Bool? {
        parts.contains(false) ? false : parts.contains(nil) ? nil : true
    }

    private static func any(_ parts: [Bool?]) -> Bool? {
        parts.contains(true) ? true : parts.contains(nil) ? nil : false
    }
}
