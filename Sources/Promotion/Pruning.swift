/// Which releases' artifacts, models and configs an account need not keep any longer.
public struct Pruning: Hashable, Sendable {
    /// The releases that left something in the account, the last opened first.
    public var held: [String]
    /// Those the account verified, the latest first, each once.
    public var verified: [String]
    /// What it serves, verified; nil where it serves nothing or nobody knows.
    public var serving: String?
    /// What is live or pending in SageMaker, open, on its way, or what an attempt would go back to.
    public var inUse: Set<String>
    /// How many of the verified ones stay besides those in use.
    public var keep: Int

    public init(held: [String], verified: [String], serving: String?, inUse: Set<String>, keep: Int) {
        self.held = held
        self.verified = verified
        self.serving = serving
        self.inUse = inUse
        self.keep = keep
    }

    /// The releases whose things may go, in the order of `held`.
    public var removable: [String] {
        var kept = inUse
        // The last one tried, which somebody may retry.
        kept.formUnion(held.prefix(1))
        // The last two verified are each other's way back.
        kept.formUnion(verified.prefix(2))
        if let serving {
            kept.insert(serving)
            // After a rollback what serves is not the latest, and it has a way back of its own.
            let before = verified.drop { $0 != serving }.dropFirst().first
            kept.formUnion([before].compactMap(\.self))
        }
        kept.formUnion(verified.filter { !kept.contains($0) }.prefix(keep))
        return held.filter { !kept.contains($0) }
    }
}
