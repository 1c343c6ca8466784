public import Foundation

/// Credentials that are fetched when they are first needed and again before they expire.
///
/// However many callers wait, one fetch is under way at a time, and no caller's cancellation ends it. Shortly
/// before the end the old credentials are still handed out while new ones are fetched behind; when very little
/// is left, callers wait for the new ones. A failure is given to those who waited for it and not remembered:
/// the next caller tries again. Credentials that still work are never withheld because newer ones could not
/// be had.
public actor ExpiringCredentials: CredentialProvider {
    private let fetch: @Sendable () async throws -> Credentials
    private let now: @Sendable () -> Date
    private let executor: (any TaskExecutor)?

    private var current: Credentials?
    private var fetchedAt = Date.distantPast
    private var isFetching = false
    /// When the last fetch began. Behind the callers' backs none begins within ten seconds of it.
    private var triedAt = Date.distantPast
    private var waiters: [UInt64: CheckedContinuation<Credentials, any Error>] = [:]
    private var lastWaiter: UInt64 = 0

    /// - Parameters:
    ///   - now: The time, for tests.
    ///   - executor: Where `fetch` runs; nil is Swift's own pool.
    ///   - fetch: Gets new credentials from wherever they come.
    public init(
        now: @escaping @Sendable () -> Date = { Date() },
        executor: (any TaskExecutor)? = nil,
        fetch: @escaping @Sendable () async throws -> Credentials
    ) {
        self.now = now
        self.executor = executor
        self.fetch = fetch
    }

    public func credentials() async throws -> Credentials {
        try Task.checkCancellation()
        if let current {
            switch Freshness(current, fetchedAt: fetchedAt, now: now()) {
            case .fresh: return current
            case .advisory:
                if now().timeIntervalSince(triedAt) >= 10 { startFetching() }
                return current
            case .mandatory: break
            }
        }
        startFetching()
        return try await newCredentials()
    }

    public func invalidate(_ used: Credentials) {
        if current == used { current = nil }
    }

    private func startFetching() {
        guard !isFetching else { return }
        isFetching = true
        triedAt = now()
        // Its own task, so that it outlives the caller that happened to be first.
        Task(executorPreference: executor) { [self] in
            do {
                await finish(.success(try await fetch()))
            } catch {
                await finish(.failure(error))
            }
        }
    }

    private func finish(_ result: Result<Credentials, any Error>) {
        isFetching = false
        var result = result
        if case .success(let fetched) = result, let end = fetched.expiration, end <= now() {
            result = .failure(
                CredentialsError(
                    source: "the source in use",
                    reason:
                        "what it handed out had ended at \(end.formatted(.iso8601)) by this machine's clock",
                    isTransient: true
                )
            )
        }
        if case .success(let fetched) = result {
            current = fetched
            fetchedAt = now()
        } else if let current, current.expiration.map({ $0 > now() }) ?? true {
            result = .success(current)
        }
        let waiting = waiters
        waiters = [:]
        // In the order they came.
        for (_, waiter) in waiting.sorted(by: { $0.key < $1.key }) { waiter.resume(with: result) }
    }

    private func newCredentials() async throws -> Credentials {
        lastWaiter += 1
        let number = lastWaiter
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiters[number] = continuation
                }
            }
        } onCancel: {
            Task(executorPreference: executor) { await self.stopWaiting(number) }
        }
    }

    private func stopWaiting(_ number: UInt64) {
        waiters.removeValue(forKey: number)?.resume(throwing: CancellationError())
    }
}

/// How urgent it is to replace credentials.
enum Freshness {
    /// Nothing to do.
    case fresh
    /// Replace them behind the callers' backs: 15 minutes are left, or a quarter of a shorter session.
    case advisory
    /// Wait for new ones: 10 minutes are left, or a sixth of a shorter session.
    case mandatory

    init(_ credentials: Credentials, fetchedAt: Date, now: Date) {
        guard let expiration = credentials.expiration else {
            self = .fresh
            return
        }
        let lifetime = expiration.timeIntervalSince(fetchedAt)
        let left = expiration.timeIntervalSince(now)
        if left <= min(600, lifetime / 6) {
            self = .mandatory
        } else if left <= min(900, lifetime / 4) {
            self = .advisory
        } else {
            self = .fresh
        }
    }
}
