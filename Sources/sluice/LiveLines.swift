import Foundation
import Ledger
import Synchronization

/// A few lines at the foot of a terminal, redrawn where they stand while the log runs on above them.
final class LiveLines: Sendable {
    /// More are counted and not shown, so that the log keeps its place.
    static let most = 8

    private let drawn = Mutex<[String]>([])

    /// Whether standard error is a terminal that understands moving its cursor.
    static var isPossible: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Puts these lines in the place of those that are there.
    func show(_ lines: [String]) {
        // A line that wraps would be two to the terminal and one to the erasing.
        let lines = lines.map { String($0.prefix(Self.width - 1)) }
        drawn.withLock { drawn in
            guard lines != drawn else { return }
            Self.write(Self.erasing(drawn) + Self.text(lines))
            drawn = lines
        }
    }

    /// Lets something be written to standard error where the lines stand, and draws them below it.
    func above(_ write: () -> Void) {
        drawn.withLock { drawn in
            Self.write(Self.erasing(drawn))
            write()
            Self.write(Self.text(drawn))
        }
    }

    /// Shows what is under way in a ledger until the task is cancelled.
    func watch(_ url: String) async {
        var ledger: Ledger?
        while !Task.isCancelled {
            // Until the worker has made the ledger there is none to read, and nothing is under way.
            if ledger == nil { ledger = try? await Ledger.open(url) }
            if let parts = try? await ledger?.underWay(), !Task.isCancelled { show(Self.lines(parts)) }
            try? await Task.sleep(for: .milliseconds(250))
        }
        show([])
    }

    static func lines(_ parts: [UnderWay]) -> [String] {
        let rows = parts.prefix(most).map { part in
            [
                "\(part.endpoint) #\(part.number)", part.stage, part.account ?? "gate",
                (part.rollback ? "back, " : "") + part.state,
                "since \(part.since.dropFirst(11).prefix(8))Z", Screen.escaped(part.waitsFor.first ?? ""),
            ]
        }
        let more = parts.count > most ? ["and \(parts.count - most) more under way"] : []
        return Screen.table(rows) + more
    }

    private static var width: Int {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }

    private static func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

    /// Up to the first of the lines, and everything from there to the end of the screen away.
    private static func erasing(_ lines: [String]) -> String {
        lines.isEmpty ? "" : "\u{1B}[\(lines.count)A\u{1B}[0J"
    }

    private static func write(_ text: String) {
        if !text.isEmpty { FileHandle.standardError.write(Data(text.utf8)) }
    }
}
