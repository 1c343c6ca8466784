/// Arguments as libpq takes them: addresses, lengths and formats, side by side.
struct PostgresArguments {
    /// All values one after the other, each followed by a NUL.
    private var bytes: [UInt8] = []
    /// Where each begins; nil for null.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    /// 0 for text, 1 for bytes as they are. Numbers go as text, so that the server takes them for what the
    /// statement needs them to be.
    private var formats: [Int32] = []

    init(_ values: [PostgresValue]) throws(PostgresError) {
        for value in values {
            switch value {
            case .null: append(nil, format: 0)
            case .integer(let integer): append(String(integer).utf8, format: 0)
            case .text(let text):
                // libpq would end the text there without a word.
                guard !text.utf8.contains(0) else {
                    throw PostgresError(.value, "PostgreSQL holds no text with a NUL character")
                }
                append(text.utf8, format: 0)
            case .bytes(let bytes): append(bytes, format: 1)
            }
        }
    }

    private mutating func append(_ value: (some Collection<UInt8>)?, format: Int32) {
        starts.append(value == nil ? nil : bytes.count)
        lengths.append(Int32(clamping: value?.count ?? 0))
        formats.append(format)
        if let value { bytes += value }
        bytes.append(0)
    }

    private mutating func append(_ none: Never?, format: Int32) {
        append([UInt8]?.none, format: format)
    }

    var count: Int32 { Int32(starts.count) }

    func withPointers<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) -> Value
    ) -> Value {
        bytes.withUnsafeBytes { buffer in
            let pointers = starts.map { start in
                start.flatMap { buffer.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
            }
            return body(pointers, lengths, formats)
        }
    }
}
