/// What a single value may look like, and what it then means.
struct Grammar<Value> {
    /// The end of "… must be".
    let expects: String
    /// Returns nothing for a value that is not like `expects`.
    let read: (YAMLValue.Scalar) throws(Complaint) -> Value?

    init(_ expects: String, read: @escaping (YAMLValue.Scalar) throws(Complaint) -> Value?) {
        self.expects = expects
        self.read = read
    }

    /// A value that has to be text; YAML's own idea of what a number or a truth value is then does not
    /// count, and the message says to quote it.
    static func text(_ expects: String, read: @escaping (String) -> Value?) -> Grammar {
        Grammar(expects) { scalar throws(Complaint) in
            guard scalar.kind == .text else {
                throw Complaint(
                    "must be text, but is \(scalar.kind.rawValue) \(scalar.text.shown): write it in quotes"
                )
            }
            return read(scalar.text)
        }
    }
}

/// What is wrong with a value, where that is more than being unlike what its grammar expects.
struct Complaint: Error {
    /// The sentence after the key's name.
    let text: String

    init(_ text: String) {
        self.text = text
    }
}
