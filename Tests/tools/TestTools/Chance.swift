/// SplitMix64: small, and the same on every machine, so that a seed is the same run again.
public struct Chance: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }

    /// 0 up to and without `count`.
    public mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    /// Once in so many times; never where that is 0.
    public mutating func hits(oneIn times: Int) -> Bool { times > 0 && below(times) == 0 }

    public mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
