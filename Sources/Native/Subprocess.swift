public import Glibc
import Synchronization

/// Programs that run beside this one, started with `posix_spawn`.
///
/// Foundation's `Process` copies whole directory entries while it looks through the open files, the last of
/// which is shorter than its type, and now and then reads past the memory that there is.
public enum Subprocess {
    /// Where one of a program's standard streams goes.
    public enum Stream: Sendable {
        case nowhere
        /// This process's own.
        case inherited
        /// A file that is made, or made empty.
        case file(String)
        case descriptor(Int32)
    }

    /// The program could not be started, or was ended because it took or wrote too much.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: The first is the program's path; `/usr/bin/env` finds others.
    ///   - environment: `NAME=value`; this process's own where there is none.
    /// - Returns: The process, which has to be waited for.
    public static func start(
        _ arguments: [String],
        environment: [String]? = nil,
        input: Stream = .nowhere,
        output: Stream,
        errors: Stream = .inherited
    ) throws(Failure) -> pid_t {
        var files = posix_spawn_file_actions_t()
        try check("file_actions_init", posix_spawn_file_actions_init(&files))
        defer { posix_spawn_file_actions_destroy(&files) }
        try connect(0, to: input, O_RDONLY, &files)
        try connect(1, to: output, O_WRONLY | O_CREAT | O_TRUNC, &files)
        try connect(2, to: errors, O_WRONLY | O_CREAT | O_TRUNC, &files)

        // Threads may block signals, and a child inherits that.
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

    /// Runs a program to its end, which blocks this thread.
    ///
    /// - Parameters:
    ///   - patience: How long it may take before it is killed.
    ///   - maximumBytes: How much it may write before it is killed.
    /// - Returns: What it wrote to standard output, and its exit code; a signal's number below zero where one
    ///   ended it.
    public static func run(
        _ arguments: [String],
        errors: Stream = .inherited,
        patience: Duration = .seconds(60),
        maximumBytes: Int = 16 << 20
    ) throws(Failure) -> (output: [UInt8], status: Int32) {
        let end = ContinuousClock.now + patience
        let (reading, writing) = try pipe()
        defer { close(reading) }
        let pid: pid_t
        do {
            defer { close(writing) }
            pid = try start(arguments, output: .descriptor(writing), errors: errors)
        }
        do throws(Failure) {
            let output = try read(reading, until: end, maximumBytes: maximumBytes)
            while true {
                if let status = ended(pid) { return (output, status) }
                guard ContinuousClock.now < end else { throw Failure(description: "it did not end in time") }
                // It has closed its output and is all but gone.
                usleep(1000)
            }
        } catch {
            kill(pid, SIGKILL)
            wait(for: pid)
            throw error
        }
    }

    /// The two ends of a pipe that no program inherits but the one it is given to.
    public static func pipe() throws(Failure) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        let code = starting.withLock { _ in
            guard Glibc.pipe(&ends) == 0 else { return errno }
            return ends.contains { fcntl($0, F_SETFD, FD_CLOEXEC) == -1 } ? errno : 0
        }
        try check("pipe", code)
        return (ends[0], ends[1])
    }

    /// Swift sees no call that makes a pipe which nobody inherits, so nothing starts meanwhile.
    private static let starting = Mutex<Void>(())

    /// Blocks until the process has ended.
    ///
    /// - Returns: As `run` has it.
    @discardableResult
    public static func wait(for pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1 {
            guard errno == EINTR else { return -1 }
        }
        return code(status)
    }

    /// Whether the process has ended, and how.
    public static func ended(_ pid: pid_t) -> Int32? {
        var status: Int32 = 0
        let found = waitpid(pid, &status, WNOHANG)
        if found == pid { return code(status) }
        return found == -1 && errno != EINTR ? -1 : nil
    }

    private static func code(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : -signal
    }

    private static func read(
        _ descriptor: Int32,
        until end: ContinuousClock.Instant,
        maximumBytes: Int
    ) throws(Failure) -> [UInt8] {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let left = (end - .now).components
            let milliseconds = max(0, left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000)
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Int32(clamping: milliseconds))
            if ready == -1, errno == EINTR { continue }
            guard ready > 0 else { throw Failure(description: "it did not end in time") }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == -1, errno == EINTR { continue }
            guard count > 0 else { return output }
            output += chunk[..<count]
            guard output.count <= maximumBytes else { throw Failure(description: "it wrote too much") }
        }
    }

    private static func connect(
        _ number: Int32,
        to stream: Stream,
        _ mode: Int32,
        _ files: inout posix_spawn_file_actions_t
    ) throws(Failure) {
        switch stream {
        case .inherited: return
        case .nowhere:
            try check("addopen", posix_spawn_file_actions_addopen(&files, number, "/dev/null", mode, 0))
        case .file(let path):
            try check("addopen", posix_spawn_file_actions_addopen(&files, number, path, mode, 0o600))
        case .descriptor(let descriptor):
            try check("adddup2", posix_spawn_file_actions_adddup2(&files, descriptor, number))
        }
    }

    private static func check(_ call: String, _ code: Int32) throws(Failure) {
        guard code != 0 else { return }
        throw Failure(description: "it could not be started: \(call): \(String(cString: strerror(code)))")
    }
}
