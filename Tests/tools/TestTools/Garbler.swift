/// Spoils good input in the ways that input is bad.
///
/// A seed says everything: the same one spoils the same way.
public struct Garbler: RandomNumberGenerator {
    /// A way in which input is bad.
    public enum Kind: String, CaseIterable, Sendable {
        /// The end is missing.
        case truncated
        /// A few bytes are missing, doubled, or another than they were.
        case missing, doubled, changed
        /// A value is of another type.
        case otherType
        /// A number does not fit anywhere.
        case hugeNumber
        /// Arrays, objects or elements within each other, far too many of them.
        case deep
        /// Bytes that are no UTF-8.
        case notText
        /// A piece that some parser stumbles over.
        case piece
        /// Far more than anybody writes.
        case long
        /// Little text that is gigabytes where its entities or aliases are believed.
        case bomb
        /// A document that wants another file read.
        case externalEntity
    }

    private var chance: Chance
    /// How often each kind was planted.
    public private(set) var counts: [Kind: Int] = [:]

    public init(seed: UInt64) { chance = Chance(seed: seed) }

    public mutating func next() -> UInt64 { chance.next() }

    /// A spoiled copy. Now and then it is still good.
    public mutating func spoil(_ good: [UInt8]) -> [UInt8] {
        var bytes = good
        for _ in 0..<Int.random(in: 1...3, using: &self) {
            // What makes the input large is rarer, so that there is time for much else.
            let isLarge = Int.random(in: 0..<16, using: &self) == 0
            let kinds = isLarge ? Self.large : Self.small
            guard let kind = kinds.randomElement(using: &self) else { continue }
            plant(kind, in: &bytes)
            counts[kind, default: 0] += 1
        }
        return bytes
    }

    private static let large: [Kind] = [.deep, .long, .bomb]
    private static let small = Kind.allCases.filter { !large.contains($0) }

    private mutating func plant(_ kind: Kind, in bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &self)
        let end = Int.random(in: place...min(place + 20, bytes.count), using: &self)
        switch kind {
        case .truncated: bytes.removeSubrange(place...)
        case .missing: bytes.removeSubrange(place..<end)
        case .doubled: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case .changed:
            if !bytes.isEmpty { bytes[place % bytes.count] = UInt8.random(in: 0...255, using: &self) }
        case .otherType: bytes.replaceSubrange(value(in: bytes, from: place), with: any(of: Self.values))
        case .hugeNumber: bytes.replaceSubrange(number(in: bytes, from: place), with: any(of: Self.numbers))
        case .deep: bytes.replaceSubrange(value(in: bytes, from: place), with: nested())
        case .notText: bytes.replaceSubrange(place..<end, with: any(of: Self.bytes))
        case .piece: bytes.replaceSubrange(place..<end, with: any(of: Self.pieces))
        case .long:
            let count = [70_000, 1 << 20].randomElement(using: &self) ?? 0
            bytes.insert(contentsOf: Array(repeating: UInt8(ascii: "x"), count: count), at: place)
        case .bomb:
            let bomb = any(of: Self.bombs)
            bytes.insert(contentsOf: any(of: Self.explosions), at: place)
            bytes.insert(contentsOf: bomb, at: 0)
        case .externalEntity:
            bytes.insert(contentsOf: "&secret;".utf8, at: place)
            bytes.insert(contentsOf: any(of: Self.externals), at: 0)
        }
    }

    private mutating func any(of texts: [[UInt8]]) -> [UInt8] { texts.randomElement(using: &self) ?? [] }

    /// What stands between a place's next `:` or `>` and what ends a value: JSON's, YAML's or XML's.
    private func value(in bytes: [UInt8], from place: Int) -> Range<Int> {
        let begin = bytes[place...].firstIndex { [UInt8(ascii: ":"), UInt8(ascii: ">")].contains($0) }
        guard let begin = begin.map({ $0 + 1 }) else { return place..<place }
        let end = bytes[begin...].firstIndex { Array(",}]<\n".utf8).contains($0) } ?? bytes.count
        return begin..<end
    }

    /// The next digits from a place on.
    private func number(in bytes: [UInt8], from place: Int) -> Range<Int> {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let begin = bytes[place...].firstIndex(where: digits.contains) ?? place
        let end = bytes[begin...].firstIndex { !digits.contains($0) } ?? bytes.count
        return begin..<end
    }

    private mutating func nested() -> [UInt8] {
        let depth = [100, 1000, 20_000].randomElement(using: &self) ?? 0
        let (opening, closing) =
            [("[", "]"), ("{\"a\":", "}"), ("<a>", "</a>"), ("- ", ""), ("? ", ""), ("{a: [", "]}")]
            .randomElement(using: &self) ?? ("", "")
        let end = Bool.random(using: &self) ? String(repeating: closing, count: depth) : ""
        return Array((String(repeating: opening, count: depth) + end).utf8)
    }

    private static func texts(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    private static let values = texts([
        "null", "true", "[]", "{}", "\"\"", "-1", "0", "\"text\"", "[[]]", "{\"a\":1}", "~", "<a/>",
        "2026-01-02", "|\n  a",
    ])

    private static let numbers = texts([
        "1e999", "-1e999", "1e-9999", "99999999999999999999999999", "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "NaN", "Infinity", "-0", "0x10", "01", ".5", "1_000",
        String(repeating: "9", count: 3000), "1." + String(repeating: "0", count: 3000) + "1",
    ])

    private static let bytes: [[UInt8]] = [
        [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80],
        [0xFE, 0xFF, 0x00, 0x61], [0xFF, 0xFE, 0x61, 0x00], [0x80, 0xBF], [0xE2, 0x82],
    ]

    private static let pieces = texts([
        "\"\\ud800\"", "\"\\u0000\"", "\u{FEFF}", "\u{202E}", ",", ":", "\"", "\\", "]", "}", "<", ">",
        "&amp;", "&x;", "&#0;", "&#xFFFFFFFF;", "]]>", "<![CDATA[", "<?xml version=\"9\"?>", "\r\n", "\0",
        "\t",
        "*a", "&a ", "<<: *a", "!!binary ", "---\n", "%YAML 9.9\n", "#", "'", "|", ">", "- ", "? ", "=", ";",
    ])

    /// Each names what `explosions` refers to.
    private static let bombs = texts([
        "<!DOCTYPE a [<!ENTITY b0 \"bbbbbbbbbb\">"
            + (1...9).map { "<!ENTITY b\($0) \"" + String(repeating: "&b\($0 - 1);", count: 10) + "\">" }
            .joined() + "]>",
        "<!DOCTYPE a [<!ENTITY b9 \"" + String(repeating: "b", count: 50_000) + "\">]>",
        "<!DOCTYPE a [<!ENTITY % p \"<!ENTITY b9 '&#37;p;&#37;p;'>\">%p;]>",
        "<!DOCTYPE a [<!ENTITY b9 \"&b9;\">]>",
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            + (1...9).map {
                "a\($0): &a\($0) [" + Array(repeating: "*a\($0 - 1)", count: 9).joined(separator: ", ")
                    + "]\n"
            }.joined(),
    ])

    private static let explosions = texts([
        "&b9;", String(repeating: "&b9;", count: 1000), "*a9", "[*a9, *a9]",
    ])

    private static let externals = texts(
        ["file:///etc/passwd", "/etc/passwd", "http://127.0.0.1:9/secret"].flatMap { place in
            [
                "<!DOCTYPE a [<!ENTITY secret SYSTEM \"\(place)\">]>",
                "<!DOCTYPE a [<!ENTITY % s SYSTEM \"\(place)\">%s;]>",
                "<!DOCTYPE a SYSTEM \"\(place)\">",
            ]
        }
    )
}
