import Dispatch
import Foundation
import Simulation
import Synchronization

/// Plays seeds and says what they broke.
///
///     simulate [--seeds N] [--from S]    N seeds from S on
///     simulate --seed S [--trace]        one seed, with all that happened in it
///     … [--fault NAME]                   with a fault planted, which has to be caught
@main struct Simulate {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        func value(of name: String) -> String? {
            guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
            defer { arguments.removeSubrange(index...index + 1) }
            return arguments[index + 1]
        }
        let seed = value(of: "--seed").flatMap(UInt64.init)
        let first = seed ?? value(of: "--from").flatMap(UInt64.init) ?? 0
        let count = seed == nil ? value(of: "--seeds").flatMap { Int($0) } ?? 1000 : 1
        let named = value(of: "--fault")
        let fault = named.flatMap(PlantedFault.init)
        let isTraced = arguments.contains("--trace")
        let unknown = arguments.filter { $0 != "--trace" } + (fault == nil ? [named].compactMap(\.self) : [])
        guard unknown.isEmpty else {
            FileHandle.standardError.write(Data("what is \(unknown.joined(separator: " "))?\n".utf8))
            exit(2)
        }
        let sum = Mutex(Sum())
        let begun = ContinuousClock.now
        // A run is one computation on one thread, so as many are played at a time as there are processors.
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let seed = first + UInt64(index)
            let run = Result { try Run.play(seed: seed, fault: fault, isTraced: isTraced) }
            sum.withLock { $0.add(run, of: seed, isTraced: isTraced) }
        }
        let (violations, tally) = sum.withLock { ($0.violations, $0.tally) }
        say(tally.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))
        say("simulation: \(count) seeds run, \(violations) violations, in \(begun.duration(to: .now))")
        exit(violations == 0 ? 0 : 1)
    }

    /// What the runs came to, and a word about each that broke something as soon as it did.
    private struct Sum {
        var violations = 0
        var tally: [String: Int] = [:]

        mutating func add(_ result: Result<Run, any Error>, of seed: UInt64, isTraced: Bool) {
            let run: Run
            switch result {
            case .success(let value): run = value
            case .failure(let error):
                violations += 1
                return say("seed \(seed): \(error)")
            }
            violations += run.violations.count
            tally.merge(run.tally, uniquingKeysWith: +)
            run.lines.forEach(say)
            if !run.violations.isEmpty || isTraced {
                say(
                    "seed \(seed) (\(run.scene)): digest \(String(run.digest, radix: 16)), \(run.steps) steps"
                )
            }
            for violation in run.violations { say("  \(violation)") }
        }
    }

    /// At once, so that whoever stops a long run has seen what it found.
    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
}
