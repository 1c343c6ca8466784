/// Spoils good input in the ways that input is bad: cut off, of another type, huge, deep, or no text at all.
///
/// A seed says everything: the same one spoils the same way.
public struct Garbler: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// SplitMix64.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// Pieces that parsers stumble over.
    private static let pieces: [[UInt8]] =
        [
            "null", "true", "[]", "{}", "\"\"", "-1", "0", "1e999", "-1e999", "99999999999999999999999999",
            "NaN",
            "Infinity", "0x10", "01", "\"\\ud800\"", "\"\\u0000\"", "\u{FEFF}", "\u{202E}", ",", ":", "\"",
            "\\", "]",
            "}", "<", ">", "&amp;", "&x;", "<!DOCTYPE a [<!ENTITY b \"b\">]>", "<a/>", "]]>", "<![CDATA[",
            "\r\n", "\0",
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            Array(repeating: UInt8(ascii: "["), count: 3000),
            Array(repeating: UInt8(ascii: "9"), count: 3000),
            Array(String(repeating: "{\"a\":", count: 500).utf8),
            Array(String(repeating: "<a>", count: 2000).utf8),
            Array(repeating: UInt8(ascii: "x"), count: 70_000),
        ]

    /// A spoiled copy. Now and then it is still good.
    public mutating func spoil(_ good: [UInt8]) -> [UInt8] {
        var bytes = good
        for _ in 0..<Int.random(in: 1...3, using: &self) {
            let place = Int.random(in: 0...bytes.count, using: &self)
            let end = Int.random(in: place...min(place + 20, bytes.count), using: &self)
            switch Int.random(in: 0..<6, using: &self) {
            case 0: bytes.removeSubrange(place...)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 3 where !bytes.isEmpty:
                bytes[place % bytes.count] = UInt8.random(in: 0...255, using: &self)
            default: bytes.replaceSubrange(place..<end, with: Self.pieces.randomElement(using: &self) ?? [])
            }
        }
        return bytes
    }
}
