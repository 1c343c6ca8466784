import CJSON

/// A JSON document of somebody else's shape, parsed and held by json-c.
///
/// A document is refused, never repaired: what is accepted means the same to every strict reader.
/// The tree is never changed after `init`, and only functions of json-c that write nothing are called on it,
/// hence the unchecked conformance to `Sendable`.
public final class JSONDocument: @unchecked Sendable {
    // json-c's own `null` is a null pointer.
    private let object: OpaquePointer?

    /// Parses exactly one document of UTF-8 text.
    ///
    /// See [json_tokener_parse_ex](https://json-c.github.io/json-c/json-c-0.16/doc/html/json__tokener_8h.html).
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        guard bytes.count <= limits.bytes else { throw JSONError(.tooLarge, at: limits.bytes) }
        try Self.checkUTF8(bytes)
        let scan = try JSONScan(bytes, depth: limits.depth)
        // json-c counts the scalars inside as one level more.
        guard let tokener = json_tokener_new_ex(CInt(clamping: limits.depth + 1)) else {
            throw JSONError(.memory)
        }
        defer { json_tokener_free(tokener) }
        // What follows the document is for this initialiser to refuse, so that it can say so.
        json_tokener_set_flags(
            tokener,
            JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 | JSON_TOKENER_ALLOW_TRAILING_CHARS
        )

        // The final NUL tells json-c that a number at the end is complete.
        let text = bytes + [0]
        let (parsed, error, end) = text.withUnsafeBytes { buffer in
            let parsed = json_tokener_parse_ex(
                tokener,
                buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(buffer.count)
            )
            return (parsed, json_tokener_get_error(tokener), json_tokener_get_parse_end(tokener))
        }
        guard error == json_tokener_success else { throw Self.error(error, at: min(end, bytes.count)) }
        object = parsed
        let rest = bytes[min(end, bytes.count)...]
        if let index = rest.firstIndex(where: { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }) {
            throw JSONError(.trailing, at: index)
        }
        root = Self.value(parsed)
        guard root.memberCount == scan.memberCount else { throw JSONError(.duplicateKey) }
    }

    deinit { json_object_put(object) }

    /// The whole document as a Swift value.
    public let root: JSONValue

    /// What the JSON Pointer (RFC 6901) names, or nil where the document has nothing there.
    ///
    /// See [json_pointer_get](https://json-c.github.io/json-c/json-c-0.16/doc/html/json__pointer_8h.html).
    public func value(at pointer: String) throws(JSONError) -> JSONValue? {
        let isPointer = pointer.isEmpty || pointer.hasPrefix("/")
        guard isPointer, !pointer.utf8.contains(0) else { throw JSONError(.pointer, at: 0) }
        // RFC 6901 §3: a tilde is always followed by 0 or 1.
        for (index, part) in pointer.split(separator: "~", omittingEmptySubsequences: false).enumerated()
        where index > 0 && part.first != "0" && part.first != "1" {
            throw JSONError(.pointer)
        }
        // json_pointer_get wants an object to start from, and a document may be null.
        guard let object else { return pointer.isEmpty ? .null : nil }
        var found: OpaquePointer?
        guard json_pointer_get(object, pointer, &found) == 0 else { return nil }
        return Self.value(found)
    }

    /// json-c's own check takes overlong forms and surrogates for UTF-8.
    private static func checkUTF8(_ bytes: [UInt8]) throws(JSONError) {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw JSONError(.text, at: error.byteOffsets.lowerBound)
        }
    }

    private static func value(_ object: OpaquePointer?) -> JSONValue {
        switch json_object_get_type(object) {
        case json_type_boolean: return .bool(json_object_get_boolean(object) != 0)
        case json_type_int: return .int(json_object_get_int64(object))
        case json_type_double: return .number(json_object_get_double(object))
        case json_type_string: return .string(string(object))
        case json_type_array:
            return .array(
                (0..<json_object_array_length(object)).map { index in
                    value(json_object_array_get_idx(object, index))
                }
            )
        case json_type_object:
            var members: [String: JSONValue] = [:]
            forEachMember(of: object) { members[$0] = value($1) }
            return .object(members)
        default: return .null
        }
    }

    private static func string(_ object: OpaquePointer?) -> String {
        guard let start = json_object_get_string(object) else { return "" }
        let count = Int(json_object_get_string_len(object))
        return start.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }

    private static func forEachMember(
        of object: OpaquePointer?,
        _ body: (String, OpaquePointer?) -> Void
    ) {
        var iterator = json_object_iter_begin(object)
        var end = json_object_iter_end(object)
        while json_object_iter_equal(&iterator, &end) == 0 {
            if let name = json_object_iter_peek_name(&iterator) {
                body(String(cString: name), json_object_iter_peek_value(&iterator))
            }
            json_object_iter_next(&iterator)
        }
    }

    private static func error(_ error: json_tokener_error, at offset: Int) -> JSONError {
        switch error {
        case json_tokener_error_depth: JSONError(.tooDeep, at: offset)
        case json_tokener_error_parse_number: JSONError(.number, at: offset)
        default: JSONError(.malformed, at: offset)
        }
    }
}

extension JSONValue {
    /// How many members all objects have together. Fewer than the document names means that one was named
    /// twice, be it in two ways of writing the same accent.
    fileprivate var memberCount: Int {
        switch self {
        case .array(let elements): elements.reduce(0) { $0 + $1.memberCount }
        case .object(let members): members.values.reduce(members.count) { $0 + $1.memberCount }
        default: 0
        }
    }
}
