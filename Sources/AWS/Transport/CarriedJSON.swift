public import Native

/// JSON inside AWS's own shapes that is carried from one call to another and not understood, so that what AWS
/// adds to a shape some day is not lost on the way.
extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .bool(flag)
        } else if let whole = try? value.decode(Int64.self) {
            self = .int(whole)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let elements = try? value.decode([JSONValue].self) {
            self = .array(elements)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .int(let whole): try container.encode(whole)
        case .number(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }

    /// The members of an object of AWS's that a shape does not name, without those that say nothing.
    static func members<Key: CodingKey & CaseIterable>(
        of decoder: any Decoder,
        besides known: Key.Type
    ) throws -> [String: JSONValue] {
        let names = Set(Key.allCases.map(\.stringValue))
        return try [String: JSONValue](from: decoder).filter { name, value in
            !names.contains(name) && value != .null && value != .array([])
        }
    }
}
