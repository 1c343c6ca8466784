/// A look at a document's own bytes for what json-c 0.16 accepts or repairs even when told to be strict:
/// `NaN` and `Infinity`, numbers that RFC 8259 does not write so or that it saturates, control characters in
/// strings, half surrogate pairs (it puts U+FFFD there), NUL in a member's name (it ends the name there) and
/// an empty array or object one level below the deepest.
///
/// Structure is left to json-c. The scan only knows strings from the rest, so it is one pass without a stack.
struct JSONScan {
    /// How many member names the document holds; a parsed document with fewer members had duplicates.
    private(set) var memberCount = 0

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8], depth limit: Int) throws(JSONError) {
        self.bytes = bytes
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""): try string()
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                guard depth < limit else { throw JSONError(.tooDeep, at: position) }
                depth += 1
                position += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                position += 1
            case UInt8(ascii: "N") where peek(1) == UInt8(ascii: "a"), UInt8(ascii: "I"):
                throw JSONError(.number, at: position)
            case UInt8(ascii: "/"), 0: throw JSONError(.malformed, at: position)
            default: position += 1
            }
        }
    }

    private mutating func string() throws(JSONError) {
        let start = position
        var holdsNull = false
        position += 1
        while let byte = peek(), byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw JSONError(.malformed, at: position) }
            guard byte == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            if try escape() == 0 { holdsNull = true }
        }
        guard peek() != nil else { throw JSONError(.malformed, at: position) }
        position += 1
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
        guard peek() == UInt8(ascii: ":") else { return }
        memberCount += 1
        if holdsNull { throw JSONError(.text, at: start) }
    }

    /// Reads one escape and returns the code unit of a `\u` escape (the first of a pair), nil for the others.
    private mutating func escape() throws(JSONError) -> UInt16? {
        let start = position
        guard peek(1) == UInt8(ascii: "u") else {
            position += 2
            return nil
        }
        let unit = try codeUnit()
        switch unit {
        case 0xD800...0xDBFF:
            guard peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u"),
                case 0xDC00...0xDFFF = try codeUnit()
            else { throw JSONError(.text, at: start) }
        case 0xDC00...0xDFFF: throw JSONError(.text, at: start)
        default: break
        }
        return unit
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        let digits = bytes[min(position + 2, bytes.count)..<min(position + 6, bytes.count)]
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw JSONError(.malformed, at: position) }
        position += 6
        return unit
    }

    private mutating func number() throws(JSONError) {
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        let whole = digits()
        let leadingZero = whole > 1 && bytes[position - whole] == UInt8(ascii: "0")
        var isWhole = true
        var complete = whole > 0 && !leadingZero
        if peek() == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            complete = digits() > 0 && complete
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isWhole = false
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            complete = digits() > 0 && complete
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let fits = isWhole ? Int64(text) != nil : Double(text)?.isFinite == true
        guard complete, fits else { throw JSONError(.number, at: start) }
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position - start
    }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }
}
