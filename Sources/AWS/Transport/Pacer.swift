/// How many calls a second one account takes of one service, as far as it has shown, and whose turn it is.
///
/// There is no limit until the first throttle; then the rate is cut, and grows again with every call that is
/// let through, until the next one. Callers go in the order they came, and one that was refused goes before
/// all who came after it. The shape is the SDKs' adaptive mode, simplified: cut to seven tenths, grown by a
/// twentieth of a call per success.
///
/// See [Retry behavior](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
struct Pacer: Sendable {
    /// A caller's place in the line, kept until its call is over.
    typealias Ticket = Int

    /// Calls a second; nil while nothing was ever refused.
    private(set) var rate: Double?
    /// When the next call may go, since some moment of the caller's.
    private var next = Duration.zero
    /// The calls let through lately, to know what the rate is that was refused.
    private var recent: [Duration] = []
    private var lastTicket = 0
    /// Who waits, in order.
    private var waiting: [Ticket] = []

    static let least = 0.5
    private static let cut = 0.7
    private static let growth = 0.05
    /// At this rate nobody is held back any more.
    private static let free = 500.0

    /// The place at the end of the line.
    mutating func ticket() -> Ticket {
        lastTicket += 1
        return lastTicket
    }

    /// Asks whether it is the caller's turn, who then is in the line no longer.
    ///
    /// - Returns: How long to wait before asking again; nil if the call may go now. The line may move in
    ///   between, because somebody before the caller leaves it or comes back to it.
    mutating func turn(of ticket: Ticket, at now: Duration) -> Duration? {
        let place = waiting.firstIndex { $0 >= ticket } ?? waiting.endIndex
        if let rate, place > 0 || next > now {
            if place == waiting.endIndex || waiting[place] != ticket { waiting.insert(ticket, at: place) }
            return max(next - now, .zero) + .seconds(Double(place) / rate)
        }
        leave(ticket)
        next = now + (rate.map { .seconds(1 / $0) } ?? .zero)
        recent.append(now)
        recent.removeAll { $0 < now - .seconds(1) }
        return nil
    }

    /// Takes a caller out of the line who waits no more.
    mutating func leave(_ ticket: Ticket) { waiting.removeAll { $0 == ticket } }

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
