import Foundation
import Simulation

/// Plays seeds and says what they broke.
///
///     simulate [--seeds N] [--from S]    N seeds from S on
///     simulate --seed S [--trace]        one seed, with all that happened
@main struct Simulate {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        func number(_ name: String) -> UInt64? {
            guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count,
                let value = UInt64(arguments[index + 1])
            else { return nil }
            arguments.removeSubrange(index...index + 1)
            return value
        }
        let seed = number("--seed")
        let first = seed ?? number("--from") ?? 0
        let count = seed == nil ? number("--seeds") ?? 1000 : 1
        let isTraced = arguments.contains("--trace")
        let unknown = arguments.filter { $0 != "--trace" }
        guard unknown.isEmpty else {
            FileHandle.standardError.write(Data("what is \(unknown.joined(separator: " "))?\n".utf8))
            exit(2)
        }
        var violations = 0
        let begun = ContinuousClock.now
        for seed in first..<first + count {
            let run = try Run.play(seed: seed, isTraced: isTraced)
            violations += run.violations.count
            run.lines.forEach(say)
            if !run.violations.isEmpty || isTraced {
                say(
                    "seed \(seed) (\(run.scene)): digest \(String(run.digest, radix: 16)), \(run.steps) steps"
                )
                for violation in run.violations { say("  \(violation)") }
                if isTraced { say("  \(run.counts.sorted { $0.key < $1.key })") }
            }
        }
        say("simulation: \(count) seeds run, \(violations) violations, in \(begun.duration(to: .now))")
        exit(violations == 0 ? 0 : 1)
    }

    /// At once, so that whoever stops a long run has seen what it found.
    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
}
