import Glibc
import Synchronization

/// Runs the jobs of one simulation on the thread that drives it, one at a time and in an order that is given,
/// so that the same run is the same again.
final class Loom: TaskExecutor {
    private struct State {
        var ready: [UnownedJob] = []
        var strays = 0
    }

    private let state = Mutex(State())
    private let thread = pthread_self()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isStray = pthread_equal(pthread_self(), thread) == 0
        state.withLock {
            $0.ready.append(job)
            if isStray { $0.strays += 1 }
        }
    }

    /// How many jobs came from other threads: any of them makes a run depend on more than its seed.
    var strays: Int { state.withLock { $0.strays } }

    /// Runs jobs until none is ready.
    ///
    /// - Parameter choose: Which of so many goes first.
    func run(choose: (Int) -> Int) {
        while let job = next(choose) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    private func next(_ choose: (Int) -> Int) -> UnownedJob? {
        let count = state.withLock { $0.ready.count }
        guard count > 0 else { return nil }
        let index = count == 1 ? 0 : choose(count)
        return state.withLock { $0.ready.remove(at: index) }
    }
}
