import Foundation

/// Tries a reader with bad input in great number, and says how much of it was survived: what is not survived
/// ends the process.
///
/// `SLUICE_FUZZ` says how many inputs each reader is tried with. Without it they are few enough for every day.
public struct Fuzz {
    /// The longest that a reader may take for one input where nothing else runs. Far more than it needs; what
    /// never ends meets the time limit of its test.
    static let patience = Duration.seconds(20)
    /// By how much the process may grow between the first tenth of the inputs and the last one, in bytes.
    static let growth = 64 << 20

    /// What `Tests/fuzz` asks for.
    private static let asked = ProcessInfo.processInfo.environment["SLUICE_FUZZ"].flatMap { Int($0) }
    /// A folder for the input that is being tried, so that what ends the process is found there.
    private static let folder = ProcessInfo.processInfo.environment["SLUICE_FUZZ_INPUTS"]

    public var garbler: Garbler
    private let name: String
    private let inputs: Int
    private var tried = 0
    private var begun: ContinuousClock.Instant?
    private var slowest = Duration.zero
    private var memory: Int?

    /// - Parameters:
    ///   - name: What is tried, which stands before the figures.
    ///   - usual: How many inputs are tried where nobody asks for more.
    ///   - part: Of how many parts this is one, which share what is asked for.
    public init(_ name: String, usual: Int, seed: UInt64, part: Int = 1) {
        self.name = name
        inputs = Self.asked.map { ($0 + part - 1) / part } ?? usual
        garbler = Garbler(seed: seed)
    }

    /// The next input: one of these, spoiled. nil once all were tried.
    public mutating func next(from good: [[UInt8]]) -> [UInt8]? {
        if let begun { slowest = max(slowest, .now - begun) }
        guard tried < inputs, let chosen = good.randomElement(using: &garbler) else {
            print("\(name): malformed inputs tried \(tried), crashes 0")
            return nil
        }
        if tried == inputs / 10 { memory = Self.resident() }
        tried += 1
        let input = garbler.spoil(chosen)
        if let folder = Self.folder {
            _ = FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: Data(input))
        }
        begun = .now
        return input
    }

    /// What went wrong besides a crash, or nil.
    public var trouble: String? {
        let missing = Garbler.Kind.allCases.filter { garbler.counts[$0] == nil }
        if !missing.isEmpty { return "\(name): no input was \(missing.map(\.rawValue))" }
        // Elsewhere other tests run in the same process.
        guard Self.asked != nil, let memory, let now = Self.resident() else { return nil }
        if slowest > Self.patience { return "\(name): an input took \(slowest)" }
        return now - memory > Self.growth ? "\(name): memory grew from \(memory) to \(now) bytes" : nil
    }

    private static func resident() -> Int? {
        let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return text?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4096 }
    }
}
