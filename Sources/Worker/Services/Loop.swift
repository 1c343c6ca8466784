import ServiceLifecycle

/// What one part of the worker does again and again until it is stopped.
protocol Loop: Service {
    /// Returns once its task is cancelled.
    func loop() async
    /// What is left to do then.
    func end() async
}

extension Loop {
    func end() async {}

    func run() async throws {
        await cancelWhenGracefulShutdown { await loop() }
        await end()
    }
}
