/// Why a document was refused.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The text is not JSON as RFC 8259 writes it.
        case malformed
        /// More follows the document.
        case trailing
        /// A string is not UTF-8, or escapes half of a surrogate pair.
        case text
        /// A number is no number, or does not fit `Int64` or a finite `Double`.
        case number
        /// An object names a member twice.
        case duplicateKey
        /// Arrays and objects are nested deeper than the limit.
        case tooDeep
        /// The document is larger than the limit.
        case tooLarge
        /// The JSON Pointer is not one.
        case pointer
        /// json-c could not allocate memory.
        case memory
    }

    public let code: Code
    /// The byte, counted from 0, at which reading stopped; nil where no one place is to blame.
    public let offset: Int?

    public init(_ code: Code, at offset: Int? = nil) {
        self.code = code
        self.offset = offset
    }

    public var description: String {
        let place = offset.map { " at byte \($0)" } ?? ""
        return switch code {
        case .malformed: "not valid JSON\(place)"
        case .trailing: "something follows the JSON document\(place)"
        case .text: "a JSON string is not valid Unicode\(place)"
        case .number: "a JSON number is out of range or not a number\(place)"
        case .duplicateKey: "a JSON object names a member twice\(place)"
        case .tooDeep: "JSON nested too deep\(place)"
        case .tooLarge: "JSON document too large\(place)"
        case .pointer: "not a JSON Pointer\(place)"
        case .memory: "no memory for the JSON document"
        }
    }
}

/// How much of a document is read before it is refused.
public struct JSONLimits: Sendable {
    /// The largest document, in bytes.
    public var bytes: Int
    /// The deepest nesting of arrays and objects.
    public var depth: Int

    public init(bytes: Int = 1 << 20, depth: Int = 32) {
        self.bytes = bytes
        self.depth = depth
    }
}
