/// How artifacts are copied: whole or in parts, in parts of which size, and how many of them at once.
struct CopyLimits: Sendable {
    /// The most bytes that are copied whole. S3 takes 5 GiB, but a copy in parts is faster and can go on where
    /// it was stopped.
    var whole: Int64 = 256 << 20
    /// The size of the parts of what is larger, in bytes.
    var part: Int64 = 256 << 20
    /// The most parts that S3 takes.
    var parts: Int64 = 10_000
    /// How many parts are copied at once.
    var atOnce = 8

    /// The size of the parts in which so many bytes are copied; nil where they are copied whole.
    func partSize(of size: Int64) -> Int64? {
        guard size > whole else { return nil }
        return max(part, (size + parts - 1) / parts)
    }
}
