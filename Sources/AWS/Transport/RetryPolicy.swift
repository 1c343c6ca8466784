import Synchronization

/// When a failed call is sent again: the SDKs' standard mode.
///
/// See [Retry behavior](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
struct RetryPolicy: Sendable {
    /// How often a call is sent at most.
    let maximumAttempts: Int

    /// The pause before attempt `number + 1`: a random part of 1 s, 2 s, 4 s and so on, at most 20 s.
    ///
    /// - Parameter random: From 0 to 1.
    func pause(after number: Int, random: Double) -> Duration {
        let ceiling = number > 5 ? 20 : min(20, Double(1 << (number - 1)))
        return .milliseconds(Int64(random * ceiling * 1000))
    }
}

/// A client's allowance of retries, so that calls to a service that is down do not multiply.
final class RetryQuota: Sendable {
    static let capacity = 500
    static let cost = 5
    /// A request that timed out has cost the service more.
    static let timeoutCost = 10

    private let tokens = Mutex(capacity)

    /// Takes `cost` if that much is left.
    func take(_ cost: Int) -> Bool {
        tokens.withLock { tokens in
            guard tokens >= cost else { return false }
            tokens -= cost
            return true
        }
    }

    /// Gives back what the last retry cost, or 1 after a success at the first try.
    func give(_ amount: Int) {
        tokens.withLock { $0 = min(Self.capacity, $0 + amount) }
    }
}
