import Testing

@testable import AWS

@Suite struct PacerTests {
    /// An account that takes so many calls a second, as AWS holds one to its rate: a bucket that fills.
    struct Account {
        let rate: Double
        var left: Double
        var at = Duration.zero

        init(rate: Double) {
            self.rate = rate
            left = rate
        }

        mutating func takes(at now: Duration) -> Bool {
            left = min(rate, left + (now - at) / .seconds(1) * rate)
            at = now
            guard left >= 1 else { return false }
            left -= 1
            return true
        }
    }

    @Test func nobodyWaitsBeforeTheFirstThrottle() {
        var pacer = Pacer()
        for _ in 0..<1000 { #expect(pacer.place(at: .zero) == .zero) }
        pacer.succeeded()
        #expect(pacer.rate == nil)
    }

    @Test func aThrottleCutsTheRateThatWasRefused() {
        var pacer = Pacer()
        for _ in 0..<30 { _ = pacer.place(at: .zero) }
        pacer.wasThrottled(at: .zero)
        #expect(pacer.rate == 21)
        let first = pacer.place(at: .zero)
        let second = pacer.place(at: .zero)
        #expect(first > .zero)
        #expect(second - first == .seconds(1.0 / 21), "in the order they came, at the rate")
        for _ in 0..<100 { pacer.wasThrottled(at: .seconds(60)) }
        #expect(pacer.rate == Pacer.least, "a call every two seconds is always tried")
    }

    @Test func anAccountThatTakesEverythingIsSoonFree() {
        var pacer = Pacer()
        for _ in 0..<400 { _ = pacer.place(at: .zero) }
        pacer.wasThrottled(at: .zero)
        for _ in 0..<10_000 where pacer.rate != nil { pacer.succeeded() }
        #expect(pacer.rate == nil)
    }

    /// Forty callers of six calls each, of an account that takes twenty a second: all get through, none many
    /// times refused, and none waits much longer than the rate asks for.
    @Test func fortyCallersOfTwentyASecondAllGetThrough() {
        var pacer = Pacer()
        var account = Account(rate: 20)
        var queue = (0..<240).map { (call: $0, at: Duration.zero, tries: 0) }
        var refused = 0
        var done: [Int] = []
        var end = Duration.zero
        while !queue.isEmpty {
            queue.sort { ($0.at, $0.call) < ($1.at, $1.call) }
            var next = queue.removeFirst()
            let sent = next.at + pacer.place(at: next.at)
            if account.takes(at: sent) {
                pacer.succeeded()
                done.append(next.call)
                end = max(end, sent)
            } else {
                pacer.wasThrottled(at: sent)
                refused += 1
                next.tries += 1
                next.at = sent + .seconds(1)
                queue.append(next)
            }
        }
        #expect(done.count == 240)
        #expect(end < .seconds(45), "240 calls at 20 a second are 12 seconds at the best: \(end)")
        #expect(refused < 240, "\(refused) refusals for 240 calls")
    }
}
