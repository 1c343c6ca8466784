import Foundation
import Testing

/// A worker that runs as a process of its own, with the credentials of the registry account's worker.
final class Worker: Sendable {
    private let program: Program

    init(_ program: Program) {
        self.program = program
    }

    var log: String { program.log }

    /// Asks it to stop, as systemd, ECS and Kubernetes do, and expects that it does so cleanly and in time.
    func stop(_ location: SourceLocation = #_sourceLocation) async {
        let start = ContinuousClock.now
        program.send(SIGTERM)
        let outcome = await program.finish()
        #expect(outcome.status == 0, "a stopped worker exits 0; its log:\n\(log)", sourceLocation: location)
        #expect(.now - start < .seconds(10), "a worker stops within ten seconds", sourceLocation: location)
    }

    /// Lets it stand still, as a machine does that is suspended, until it is woken.
    func pause() { program.send(SIGSTOP) }

    func wake() { program.send(SIGCONT) }

    /// Ends it the hard way, at whatever instant this is.
    func kill() async {
        program.send(SIGKILL)
        _ = await program.finish()
    }

    /// How a worker that ends by itself ended.
    func finish() async -> Program.Outcome { await program.finish() }
}
