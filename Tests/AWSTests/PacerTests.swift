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
        for _ in 0..<1000 { #expect(pacer.arrives(at: .zero) == nil) }
        pacer.succeeded()
        #expect(pacer.rate == nil)
    }

    @Test func aThrottleCutsTheRateThatWasRefused() {
        var pacer = Pacer()
        for _ in 0..<30 { _ = pacer.arrives(at: .zero) }
        pacer.wasThrottled(at: .zero)
        #expect(pacer.rate == 21)
        #expect(pacer.arrives(at: .zero) == .seconds(1.0 / 21))
        #expect(pacer.arrives(at: .zero) == .seconds(1.0 / 21) + .seconds(1.0 / 21))
        for _ in 0..<100 { pacer.wasThrottled(at: .seconds(60)) }
        #expect(pacer.rate == Pacer.least, "a call every two seconds is always tried")
    }

    /// Whoever was refused came first, and whoever gives up leaves the line to the others.
    @Test func theLineKeepsItsOrder() {
        var pacer = Pacer()
        let tickets = (0..<4).map { _ in pacer.ticket() }
        #expect(pacer.turn(of: tickets[0], at: .zero) == nil)
        pacer.wasThrottled(at: .zero)
        let next = pacer.turn(of: tickets[1], at: .zero)
        #expect(next != nil)
        _ = pacer.turn(of: tickets[3], at: .zero)
        _ = pacer.turn(of: tickets[2], at: .zero)
        let again = pacer.turn(of: tickets[0], at: .zero)
        #expect(again == next, "who was refused is the first again")
        let late = Duration.seconds(60)
        #expect(pacer.turn(of: tickets[1], at: late) != nil)
        #expect(pacer.turn(of: tickets[0], at: late) == nil)
        pacer.leave(tickets[1])
        #expect(pacer.turn(of: tickets[3], at: late * 2) != nil)
        #expect(pacer.turn(of: tickets[2], at: late * 2) == nil)
        #expect(pacer.turn(of: tickets[3], at: late * 3) == nil)
    }

    @Test func anAccountThatTakesEverythingIsSoonFree() {
        var pacer = Pacer()
        for _ in 0..<400 { _ = pacer.arrives(at: .zero) }
        pacer.wasThrottled(at: .zero)
        for _ in 0..<10_000 where pacer.rate != nil { pacer.succeeded() }
        #expect(pacer.rate == nil)
    }

    /// Two hundred and forty calls of an account that takes twenty a second: all get through in the order
    /// they came, few are refused, and none waits much longer than the rate asks for.
    @Test func manyCallersOfTwentyASecondAllGetThroughInOrder() {
        var pacer = Pacer()
        var account = Account(rate: 20)
        var queue = (0..<240).map { (call: pacer.ticket(), at: Duration.milliseconds($0)) }
        let calls = queue.map(\.call)
        var refused: Set<Pacer.Ticket> = []
        var refusals = 0
        var done: [Pacer.Ticket] = []
        var end = Duration.zero
        while !queue.isEmpty {
            queue.sort { ($0.at, $0.call) < ($1.at, $1.call) }
            var next = queue.removeFirst()
            if let pause = pacer.turn(of: next.call, at: next.at) {
                #expect(pause > .zero, "asking again at once would never end")
                next.at += pause
                queue.append(next)
            } else if account.takes(at: next.at) {
                pacer.succeeded()
                done.append(next.call)
                end = max(end, next.at)
            } else {
                pacer.wasThrottled(at: next.at)
                refused.insert(next.call)
                refusals += 1
                queue.append(next)
            }
        }
        #expect(done == calls)
        #expect(end < .seconds(45), "240 calls at 20 a second are 12 seconds at the best: \(end)")
        #expect(refusals < 240 / 4, "\(refusals) refusals of \(refused.count) calls")
    }
}

extension Pacer {
    /// A new caller's first question.
    fileprivate mutating func arrives(at now: Duration) -> Duration? { turn(of: ticket(), at: now) }
}
