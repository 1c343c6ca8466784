import Foundation
import Glibc
import Native
import Testing

/// A run of the real `sluice`, whose output goes to files, so that nothing blocks on a full pipe.
final class Program: Sendable {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    private let pid: pid_t
    private let output: URL
    private let errors: URL
    /// Its exit code; a signal's number below zero where one ended it.
    private let ended: Task<Int32, Never>

    /// - Parameters:
    ///   - name: The output's files are called so.
    ///   - runner: A command that runs the program, if it is not to be run as it is.
    init(
        _ arguments: [String],
        environment: [String: String],
        in folder: URL,
        name: String,
        through runner: [String] = []
    ) throws {
        output = folder.appending(path: "\(name).out")
        errors = folder.appending(path: "\(name).err")
        pid = try Subprocess.start(
            // env(1) changes the folder and becomes the program; Glibc's module lacks the call that would.
            ["/usr/bin/env", "-C", folder.path] + runner + [try Self.sluice] + arguments,
            environment: environment.map { "\($0)=\($1)" },
            output: .file(output.path),
            errors: .file(errors.path)
        )
        ended = Task { [pid] in await Self.wait(for: pid) }
    }

    /// The program beside the test bundle: the one that was built with these tests.
    private static var sluice: String {
        get throws {
            let bundle = try #require(Bundle.main.executableURL)
            let program = bundle.deletingLastPathComponent().appending(path: "sluice").path
            try #require(FileManager.default.isExecutableFile(atPath: program), "\(program) is built")
            return program
        }
    }

    /// What it wrote to standard error so far; a worker's log.
    var log: String { Self.text(errors) }

    /// What it wrote to standard output so far.
    var written: String { Self.text(output) }

    func finish() async -> Outcome {
        Outcome(status: await ended.value, output: Self.text(output), errors: Self.text(errors))
    }

    /// Sends a signal. A program that has ended and was waited for is not sent any.
    func send(_ signal: Int32) {
        var information = siginfo_t()
        // It is still ours as long as it can be waited for, and then its number is nobody else's.
        guard waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
        kill(pid, signal)
    }

    private static func wait(for pid: pid_t) async -> Int32 {
        while true {
            if let status = Subprocess.ended(pid) { return status }
            await withCheckedContinuation { waiting in
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(5)) { waiting.resume() }
            }
        }
    }

    private static func text(_ file: URL) -> String {
        String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    }
}
