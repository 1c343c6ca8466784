public import Foundation

/// Time and chance: the machine's own, unless whoever runs the program has others.
public struct Timing: Sendable {
    /// The time of day.
    public var now: @Sendable () -> Date
    /// The time since some fixed moment, which no setting of the machine's clock changes.
    public var elapsed: @Sendable () -> Duration
    /// Returns after a time, or throws `CancellationError`.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// A number from 0 to 1.
    public var random: @Sendable () -> Double
    /// Where tasks run that outlive whoever began them; nil is Swift's own pool. All others run where their
    /// parents do.
    public var executor: (any TaskExecutor)?

    public init(
        now: @escaping @Sendable () -> Date = { Date() },
        elapsed: @escaping @Sendable () -> Duration = Self.sinceBeginning(),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        executor: (any TaskExecutor)? = nil
    ) {
        self.now = now
        self.elapsed = elapsed
        self.sleep = sleep
        self.random = random
        self.executor = executor
    }

    /// The time since this was called.
    public static func sinceBeginning() -> @Sendable () -> Duration {
        let beginning = ContinuousClock.now
        return { beginning.duration(to: .now) }
    }
}
