import AWS
import Foundation
import Synchronization

/// Counts the calls to AWS by operation and writes them to a file at the end, for the benchmark.
final class Tally: CallObserver {
    private let path: String
    private let counts = Mutex<[String: Int]>([:])

    init(_ path: String) {
        self.path = path
    }

    func attempted(_ attempt: CallAttempt) {
        counts.withLock { $0["\(attempt.service).\(attempt.operation)", default: 0] += 1 }
    }

    func write() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(counts.withLock { $0 }).write(to: URL(filePath: path))
    }
}
