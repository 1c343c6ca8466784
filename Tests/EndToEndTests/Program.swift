import Foundation
import Testing

/// A run of the real `sluice`, whose output goes to files, so that nothing blocks on a full pipe.
final class Program: Sendable {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    let pid: Int32
    private let process: Process
    private let output: URL
    private let errors: URL
    private let ended: Task<Int32, Never>

    /// - Parameter name: The output's files are called so.
    init(_ arguments: [String], environment: [String: String], in folder: URL, name: String) throws {
        output = folder.appending(path: "\(name).out")
        errors = folder.appending(path: "\(name).err")
        process = Process()
        process.executableURL = try Self.sluice
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        for file in [output, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        let (statuses, sender) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { process in
            sender.yield(process.terminationStatus)
            sender.finish()
        }
        try process.run()
        pid = process.processIdentifier
        ended = Task { await statuses.first { _ in true } ?? -1 }
    }

    /// The program beside the test bundle: the one that was built with these tests.
    private static var sluice: URL {
        get throws {
            let bundle = try #require(Bundle.main.executableURL)
            let program = bundle.deletingLastPathComponent().appending(path: "sluice")
            try #require(
                FileManager.default.isExecutableFile(atPath: program.path),
                "\(program.path) is built"
            )
            return program
        }
    }

    /// What it wrote to standard error so far; a worker's log.
    var log: String { Self.text(errors) }

    func finish() async -> Outcome {
        Outcome(status: await ended.value, output: Self.text(output), errors: Self.text(errors))
    }

    func send(_ signal: Int32) {
        if process.isRunning { kill(pid, signal) }
    }

    private static func text(_ file: URL) -> String {
        String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    }
}
