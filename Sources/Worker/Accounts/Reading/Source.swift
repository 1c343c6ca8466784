/// Collects what is wrong while the reading goes on, so that everything is reported at once.
final class ProblemList {
    /// A set, because two ways of noticing one fault are still one fault.
    private(set) var problems: Set<AccountsError.Problem> = []

    /// Whether there are documents nobody knows, so that what seems to be missing may be there.
    private(set) var hasUnread = false

    func noteUnread() {
        hasUnread = true
    }

    func report(_ message: String, file: String, line: Int?) {
        problems.insert(AccountsError.Problem(file: file, line: line, message: message))
    }
}

/// The file a value was read from, which is where its problems are reported.
struct Source {
    let path: String
    /// The accounts folder it lies below, where paths within documents begin.
    let folder: String
    let problems: ProblemList

    func report(_ message: String, line: Int?) {
        problems.report(message, file: path, line: line)
    }
}

/// A value and the line it was written on.
struct Located<Value> {
    let value: Value
    let line: Int
}

extension String {
    /// The text with its control characters escaped, so that a file cannot write to the terminal that
    /// prints its errors.
    var printable: String {
        unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse:
                scalar.escaped(asASCII: true)
            default: String(scalar)
            }
        }.joined()
    }

    /// The text as a message quotes it: in backquotes, printable and not too long.
    var shown: String {
        let start = String(UnicodeScalarView(unicodeScalars.prefix(80)))
        return "`\(start.printable)\(unicodeScalars.count > 80 ? "…" : "")`"
    }
}
