import Native

/// JSON inside AWS's own shapes that is carried from one call to another and not understood, so that what AWS
/// adds to a shape some day is not lost on the way.
extension JSONValue {
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
