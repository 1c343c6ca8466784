/// Replaces what is not Unicode in a JSON text by U+FFFD.
enum UnicodeRepair {
    static func repair(_ body: [UInt8]) -> [UInt8] {
        let bytes = Array(String(decoding: body, as: UTF8.self).utf8)
        var repaired: [UInt8] = []
        repaired.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "\\") else {
                repaired.append(bytes[position])
                position += 1
                continue
            }
            let end: Int
            switch codeUnit(bytes, position) {
            case .some(0xD800...0xDBFF):
                if case .some(0xDC00...0xDFFF) = codeUnit(bytes, position + 6) {
                    end = position + 12
                } else {
                    repaired += Array(#"\ufffd"#.utf8)
                    position += 6
                    continue
                }
            case .some(0xDC00...0xDFFF):
                repaired += Array(#"\ufffd"#.utf8)
                position += 6
                continue
            case .some: end = position + 6
            case nil: end = min(position + 2, bytes.count)
            }
            repaired += bytes[position..<end]
            position = end
        }
        return repaired
    }

    /// The code unit of the `\u` escape at `position`, if one is there.
    private static func codeUnit(_ bytes: [UInt8], _ position: Int) -> UInt16? {
        guard position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return nil }
        return UInt16(String(decoding: bytes[position + 2..<position + 6], as: UTF8.self), radix: 16)
    }
}
