import ServiceLifecycle

/// One crew's work after another's, each beginning with what the one before ended with.
///
/// Whoever is told to stop is heard at any time: a group that is stopping already, because another is to follow it,
/// listens to no signal any more, and between two groups nobody would.
struct Shifts<Start: Sendable>: Service {
    let begin: @Sendable () async throws -> Start
    /// Works until it is told to stop, or until there is something to begin anew with, which it answers.
    let work: @Sendable (Start) async throws -> Start?

    func run() async throws {
        var next: Start?
        do {
            next = try await cancelWhenGracefulShutdown(begin)
        } catch {
            // Whoever is stopped before the first of it has done nothing.
            if Task.isShuttingDownGracefully { return }
            throw error
        }
        while let start = next, !Task.isShuttingDownGracefully { next = try await work(start) }
    }
}
