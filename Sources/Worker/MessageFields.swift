import Native

/// Why a message means nothing, as a sentence.
struct Unreadable: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// The fields of an object in a message; one that it should not have is refused rather than ignored.
struct Fields {
    /// The longest text of a field in bytes.
    static let longest = 4096

    let message: [String: JSONValue]

    /// - Parameter name: What the object is called where it has a field too many.
    init(_ message: [String: JSONValue], called name: String, of known: Set<String>) throws {
        if let stranger = message.keys.filter({ !known.contains($0) }).min() {
            throw Unreadable("\(name) has no field `\(stranger)`")
        }
        self.message = message
    }

    init(_ value: JSONValue, called name: String, of known: Set<String>) throws {
        guard let object = value.object else { throw Unreadable("\(name) has to be an object") }
        try self.init(object, called: name, of: known)
    }

    /// The reason, which is counted in characters, however many bytes they have.
    func reason() throws -> String {
        guard let value = message["reason"] else { throw Unreadable("`reason` is missing") }
        guard let reason = value.string else { throw Unreadable("`reason` has to be a text") }
        guard reason.contains(where: { !$0.isWhitespace }), reason.count <= MessageReader.longestReason
        else {
            throw Unreadable("`reason` has to have 1 to \(MessageReader.longestReason) characters")
        }
        return reason
    }

    func text(_ name: String) throws -> String {
        guard let text = try optionalText(name) else { throw Unreadable("`\(name)` is missing") }
        return text
    }

    func optionalText(_ name: String) throws -> String? {
        guard let value = message[name] else { return nil }
        guard let text = value.string, !text.isEmpty else {
            throw Unreadable("`\(name)` has to be a text")
        }
        guard text.utf8.count <= Self.longest else {
            throw Unreadable("`\(name)` has to be a text of at most \(Self.longest) bytes")
        }
        return text
    }

    func flag(_ name: String) throws -> Bool {
        guard let value = message[name] else { return false }
        guard let flag = value.bool else { throw Unreadable("`\(name)` has to be true or false") }
        return flag
    }

    /// A whole number from 1 on.
    func count(_ name: String) throws -> Int64? {
        guard let value = message[name] else { return nil }
        guard let count = value.int, count > 0 else {
            throw Unreadable("`\(name)` has to be a whole number from 1 on")
        }
        return count
    }

    func texts(_ name: String) throws -> [String: String] {
        guard let value = message[name] else { return [:] }
        guard let object = value.object else {
            throw Unreadable("`\(name)` has to be an object of texts")
        }
        return try object.mapValues { value in
            guard let text = value.string else {
                throw Unreadable("`\(name)` has to be an object of texts")
            }
            return text
        }
    }
}
