public import Glibc
import Synchronization

/// Starting programs with `posix_spawn`. Foundation's `Process` looks through all open files of this process
/// while other tests open and close theirs, and crashed now and then.
public enum Spawn {
    /// Where one of a program's standard streams goes.
    public enum Stream: Sendable {
        case nowhere
        case file(String)
        case descriptor(Int32)
    }

    /// The program could not be started.
    public struct Failure: Error {
        public let call: String
        public let code: Int32
    }

    /// - Parameters:
    ///   - arguments: The first is the program's path; `/usr/bin/env` finds others.
    ///   - environment: `NAME=value`; this process's own where there is none.
    ///   - errors: Where standard error goes; nil leaves it this process's own.
    /// - Returns: The process, which has to be waited for.
    public static func start(
        _ arguments: [String],
        environment: [String]? = nil,
        input: Stream = .nowhere,
        output: Stream,
        errors: Stream?
    ) throws -> pid_t {
        var files = posix_spawn_file_actions_t()
        try check("file_actions_init", posix_spawn_file_actions_init(&files))
        defer { posix_spawn_file_actions_destroy(&files) }
        try connect(0, to: input, O_RDONLY, &files)
        try connect(1, to: output, O_WRONLY | O_CREAT | O_TRUNC, &files)
        if let errors { try connect(2, to: errors, O_WRONLY | O_CREAT | O_TRUNC, &files) }

        // The threads that tests run on block signals, and a child inherits that.
        var attributes = posix_spawnattr_t()
        try check("attr_init", posix_spawnattr_init(&attributes))
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        try check("setsigmask", posix_spawnattr_setsigmask(&attributes, &none))
        try check("setflags", posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK)))

        var words = arguments.map { strdup($0) } + [nil]
        var settings = (environment ?? []).map { strdup($0) } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var pid: pid_t = 0
        let code = starting.withLock { _ in
            environment == nil
                ? posix_spawn(&pid, arguments[0], &files, &attributes, &words, environ)
                : posix_spawn(&pid, arguments[0], &files, &attributes, &words, &settings)
        }
        try check("posix_spawn", code)
        return pid
    }

    /// Runs a program to its end.
    ///
    /// - Returns: What it wrote to standard output, and its status as `waitpid` has it.
    public static func run(_ arguments: [String]) throws -> (output: [UInt8], status: Int32) {
        let (reading, writing) = try pipe()
        let pid = try start(arguments, output: .descriptor(writing), errors: .nowhere)
        close(writing)
        let output = read(reading)
        close(reading)
        return (output, wait(for: pid))
    }

    /// Everything up to the end, or to the end of a line.
    static func read(_ descriptor: Int32, untilLine: Bool = false) -> [UInt8] {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while !(untilLine && output.last == UInt8(ascii: "\n")) {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == -1, errno == EINTR { continue }
            guard count > 0 else { break }
            output += chunk[..<count]
        }
        return output
    }

    /// The two ends of a pipe that no program inherits but the one it is given to.
    static func pipe() throws -> (reading: Int32, writing: Int32) {
        try starting.withLock { _ in
            var ends: [Int32] = [-1, -1]
            try check("pipe", Glibc.pipe(&ends) == 0 ? 0 : errno)
            for end in ends { try check("fcntl", fcntl(end, F_SETFD, FD_CLOEXEC) == -1 ? errno : 0) }
            return (ends[0], ends[1])
        }
    }

    /// Glibc's module lacks the call that makes a pipe which nobody inherits, so nothing starts meanwhile.
    private static let starting = Mutex<Void>(())

    @discardableResult
    static func wait(for pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        return status
    }

    private static func connect(
        _ number: Int32,
        to stream: Stream,
        _ mode: Int32,
        _ files: inout posix_spawn_file_actions_t
    ) throws {
        switch stream {
        case .nowhere:
            try check("addopen", posix_spawn_file_actions_addopen(&files, number, "/dev/null", mode, 0))
        case .file(let path):
            try check("addopen", posix_spawn_file_actions_addopen(&files, number, path, mode, 0o600))
        case .descriptor(let descriptor):
            try check("adddup2", posix_spawn_file_actions_adddup2(&files, descriptor, number))
        }
    }

    private static func check(_ call: String, _ code: Int32) throws {
        guard code == 0 else { throw Failure(call: call, code: code) }
    }
}
