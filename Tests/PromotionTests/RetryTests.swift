import Promotion
import Testing

/// The one place that decides about retries, as a table.
@Suite struct RetryTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: Failure.Class
        let failures: Int
        /// Seconds since the first failure.
        let age: Int64
        let decision: RetryDecision

        init(_ kind: Failure.Class, _ failures: Int, age: Int64 = 0, _ decision: RetryDecision) {
            (self.kind, self.failures, self.age, self.decision) = (kind, failures, age, decision)
        }

        var testDescription: String { "\(kind.rawValue), failure \(failures) after \(age) s" }
    }

    static let now = second(1_000_000)
    static let day: Int64 = 24 * 3600

    static func again(in seconds: Int64) -> RetryDecision { .again(at: now + .seconds(seconds)) }

    @Test(arguments: [
        // The pause doubles up to five minutes, for every class that a pause can help.
        Case(.transient, 1, again(in: 1)), Case(.transient, 2, again(in: 2)),
        Case(.transient, 3, again(in: 4)),
        Case(.transient, 9, again(in: 256)), Case(.transient, 10, again(in: 300)),
        Case(.transient, 1_000_000, again(in: 300)),
        Case(.throttled, 1, again(in: 1)), Case(.throttled, 4, again(in: 8)),
        Case(.denied, 1, again(in: 1)), Case(.denied, 12, again(in: 300)),
        // The next try has to fall within the budget of a day.
        Case(.denied, 100, age: day - 300, again(in: 300)), Case(.denied, 100, age: day - 299, .giveUp),
        Case(.transient, 100, age: day, .giveUp), Case(.throttled, 1, age: day - 1, again(in: 1)),
        Case(.throttled, 1, age: day, .giveUp),
        // What vanished is looked for eight times.
        Case(.vanished, 1, again(in: 1)), Case(.vanished, 8, again(in: 128)), Case(.vanished, 9, .giveUp),
        Case(.vanished, 2, age: day, .giveUp),
        // What AWS will never accept is not asked for again, and what is not counted knows no budget.
        Case(.invalid, 1, .fail), Case(.invalid, 1, age: 100 * day, .fail),
        Case(.inProgress, 0, again(in: 60)), Case(.inProgress, 500, age: 100 * day, again(in: 60)),
        Case(.interrupted, 0, again(in: 0)), Case(.interrupted, 500, age: 100 * day, again(in: 0)),
    ])
    func table(_ row: Case) {
        let decision = RetryPolicy().decide(
            row.kind,
            failures: row.failures,
            since: Self.now - .seconds(row.age),
            now: Self.now
        )
        #expect(decision == row.decision)
    }
}
