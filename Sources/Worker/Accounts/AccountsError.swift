/// Everything that is wrong with an accounts folder, all at once.
public struct AccountsError: Error, Hashable, CustomStringConvertible {
    /// The problems, in order of their files and lines.
    public let problems: [Problem]

    public init(problems: some Sequence<Problem>) {
        self.problems = problems.sorted()
    }

    /// One line for each problem.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }

    /// One thing that is wrong.
    public struct Problem: Hashable, Sendable, Comparable, CustomStringConvertible {
        /// The file, or the folder where no file is to blame; its path begins as the folder's was given.
        public var file: String
        /// The line, counted from 1; absent where the whole file or folder is meant.
        public var line: Int?
        /// What is wrong, what was found and what would be right.
        public var message: String

        public init(file: String, line: Int? = nil, message: String) {
            self.file = file
            self.line = line
            self.message = message
        }

        /// `accounts/prod.yaml:7: …`, a form that editors and terminals can follow.
        public var description: String {
            line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
        }

        public static func < (one: Problem, other: Problem) -> Bool {
            (one.file, one.line ?? 0, one.message) < (other.file, other.line ?? 0, other.message)
        }
    }
}
