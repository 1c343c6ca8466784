/// Why an effect did not happen, in the few classes that decide what is done about it.
public struct Failure: Hashable, Sendable, Codable {
    public enum Class: String, Sendable, Codable, CaseIterable {
        /// AWS asked us to slow down.
        case throttled
        /// A fault that passes by itself: a 5xx, a lost connection, no capacity, a quota that is full.
        case transient
        /// Somebody else is changing the endpoint. Minutes pass, and they are not counted.
        case inProgress
        /// A permission, role or trust statement is missing. People mend roles, so it is tried again.
        case denied
        /// AWS will never accept what was asked.
        case invalid
        /// Something that was there is gone, or is not visible yet.
        case vanished
        /// This worker was stopped in the middle. It is recorded and never counted.
        case interrupted
    }

    public let kind: Class
    /// What was tried, on what, in which account, why it failed and what to do, as one sentence.
    public let sentence: String

    public init(_ kind: Class, _ sentence: String) {
        self.kind = kind
        self.sentence = sentence
    }
}

/// How long a failing effect is tried, and how quickly.
public struct RetryPolicy: Hashable, Sendable {
    /// From the first failure until the attempt is given up.
    public var budget: Duration = .seconds(24 * 3600)
    /// The first pause; it doubles with each failure.
    public var base: Duration = .seconds(1)
    /// The longest pause.
    public var ceiling: Duration = .seconds(300)
    /// The pause while somebody else is changing the endpoint.
    public var inProgress: Duration = .seconds(60)
    /// How often a thing that vanished is looked for before the attempt is given up.
    public var vanishedTries = 8

    public init() {}
}

/// What is to be done about a failure.
public enum RetryDecision: Hashable, Sendable {
    /// Try again at this moment.
    case again(at: Moment)
    /// AWS refuses the request itself: the attempt has failed.
    case fail
    /// The budget is spent: the attempt ends errored.
    case giveUp
}

extension RetryPolicy {
    /// The one place that decides about retries.
    ///
    /// - Parameters:
    ///   - failures: How many counted failures there have been, this one included.
    ///   - since: When the first of them happened.
    public func decide(_ kind: Failure.Class, failures: Int, since: Moment, now: Moment) -> RetryDecision {
        switch kind {
        case .interrupted:
            return .again(at: now)
        case .inProgress:
            return .again(at: now + inProgress)
        case .invalid:
            return .fail
        case .vanished where failures > vanishedTries:
            return .giveUp
        case .throttled, .transient, .denied, .vanished:
            let pause = min(base * (1 << min(failures - 1, 20)), ceiling)
            return now + pause - since > budget ? .giveUp : .again(at: now + pause)
        }
    }
}
