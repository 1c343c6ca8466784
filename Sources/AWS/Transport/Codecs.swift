import Foundation
import XMLCoder

/// AWS's JSON: member names begin with a capital, times are seconds since 1970.
enum AWSJSON {
    /// Decodes a body, with U+FFFD in place of bytes and escapes that are not Unicode: one bad string must not
    /// make the others of the same reply unreadable.
    static func decode<Value: Decodable>(_ type: Value.Type, from body: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        do {
            return try decoder.decode(type, from: Data(body))
        } catch DecodingError.dataCorrupted {
            return try decoder.decode(type, from: Data(UnicodeRepair.repair(body)))
        }
    }

    /// Encodes a value whose properties are named as AWS's members are but for the first letter, which a few
    /// services want small.
    static func encode(_ value: some Encodable, capitalized: Bool = true) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(Int64(date.timeIntervalSince1970))
        }
        encoder.outputFormatting = .withoutEscapingSlashes
        encoder.keyEncodingStrategy = .custom { path in
            let name = path.last?.stringValue ?? ""
            return Name(stringValue: capitalized ? name.prefix(1).uppercased() + name.dropFirst() : name)
        }
        return try Array(encoder.encode(value))
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// AWS's XML, as S3 and STS write it.
enum AWSXML {
    /// Decodes the elements below the root, whatever the root's name.
    ///
    /// S3 sends white space ahead of the document to keep a connection open during a long copy.
    static func decode<Value: Decodable>(_ type: Value.Type, from body: [UInt8]) throws -> Value {
        let document = body.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard isHarmless(document) else { throw Refused() }
        return try XMLDecoder().decode(type, from: Data(document))
    }

    /// What AWS never sends and the parser below must not see.
    struct Refused: Error {}

    /// Foundation's parser ends the process on attributes that are no UTF-8, and believes a document type,
    /// whose entities may grow without end. It recurses with every element, so depth is bounded as well.
    private static func isHarmless(_ document: ArraySlice<UInt8>) -> Bool {
        guard String(validating: document, as: UTF8.self) != nil else { return false }
        var depth = 0
        var previous: UInt8 = 0
        for byte in document {
            switch (previous, byte) {
            case (_, 0), (UInt8(ascii: "<"), UInt8(ascii: "!")): return false
            case (UInt8(ascii: "<"), UInt8(ascii: "/")): depth -= 2
            case (UInt8(ascii: "/"), UInt8(ascii: ">")): depth -= 1
            case (_, UInt8(ascii: "<")): depth += 1
            default: break
            }
            if depth > 64 { return false }
            previous = byte
        }
        return true
    }
}
