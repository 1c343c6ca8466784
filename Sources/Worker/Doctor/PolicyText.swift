import Native
import Promotion

/// The statements of a resource's policy or a role's trust policy, as AWS shows them.
struct PolicyText {
    struct Entry {
        let value: JSONValue

        var allows: Bool { value["Effect"]?.string == "Allow" }

        func names(service: String) -> Bool {
            value["Principal"]?.string == "*"
                || PolicyText.list(value["Principal"]?["Service"]).contains(service)
        }

        /// Whether it is about this account or role by its name, or about everybody.
        func names(principal: String) -> Bool {
            let named = PolicyText.list(value["Principal"]) + PolicyText.list(value["Principal"]?["AWS"])
            return named.contains("*") || named.contains(principal)
        }

        var isUnconditional: Bool { value["Condition"]?.object?.isEmpty ?? true }

        func covers(action: String) -> Bool {
            PolicyText.list(value["Action"]).contains {
                PolicyText.glob($0.lowercased(), action.lowercased())
            }
        }

        func covers(resource: String) -> Bool {
            PolicyText.list(value["Resource"]).contains { PolicyText.glob($0, resource) }
        }

        /// The values that a condition wants a key to have; nil where none asks for it.
        func condition(on key: String) -> [String]? {
            let tests = (value["Condition"]?.object ?? [:]).values.compactMap(\.object)
            let found = tests.flatMap(\.self).filter { $0.key.lowercased() == key.lowercased() }
            return found.isEmpty ? nil : found.flatMap { PolicyText.list($0.value) }
        }
    }

    let entries: [Entry]

    /// Nothing where the text is no policy.
    init(_ text: String) {
        let root = (try? JSONDocument(parsing: Array(text.utf8)))?.root
        let statements = root?["Statement"]
        entries = (statements?.array ?? [statements].compactMap(\.self)).map(Entry.init)
    }

    private static func list(_ value: JSONValue?) -> [String] {
        (value?.array ?? [value].compactMap(\.self)).compactMap(\.string)
    }

    static func glob(_ pattern: String, _ text: String) -> Bool {
        SenderPattern.glob(Array(pattern.utf8), matches: Array(text.utf8))
    }
}
