/// How many calls a second one account takes of one service, as far as it has shown.
///
/// There is no limit until the first throttle; then the rate is cut, and grows again with every call that is
/// let through, until the next one. Callers are let through in the order they came. The shape is the SDKs'
/// adaptive mode, simplified: cut to seven tenths, grown by a twentieth of a call per success.
///
/// See [Retry behavior](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
struct Pacer: Sendable {
    /// Calls a second; nil while nothing was ever refused.
    private(set) var rate: Double?
    /// When the next call may go, since some moment of the caller's.
    private var next = Duration.zero
    /// The calls let through lately, to know what the rate is that was refused.
    private var recent: [Duration] = []

    static let least = 0.5
    private static let cut = 0.7
    private static let growth = 0.05
    /// At this rate nobody is held back any more.
    private static let free = 500.0

    /// Gives the caller the next place.
    ///
    /// - Returns: How long to wait for it.
    mutating func place(at now: Duration) -> Duration {
        let slot = max(now, next)
        if let rate { next = slot + .seconds(1 / rate) }
        recent.append(slot)
        recent.removeAll { $0 < slot - .seconds(1) }
        return slot - now
    }

    mutating func wasThrottled(at now: Duration) {
        // Several calls that were under way together are refused together, and are one sign.
        let measured = Double(max(1, recent.count { $0 <= now }))
        let old = rate ?? measured
        rate = max(Self.least, min(old, measured) * Self.cut)
        next = max(next, now + .seconds(1 / (rate ?? 1)))
    }

    mutating func succeeded() {
        guard let rate else { return }
        self.rate = rate + Self.growth >= Self.free ? nil : rate + Self.growth
    }
}
