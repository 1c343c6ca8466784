import Foundation

/// Asks whoever sits at the terminal, line by line.
struct Questions {
    /// Whether anybody does.
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Asks until an answer can be read.
    ///
    /// - Parameters:
    ///   - usual: What an empty line means; nil where it means nothing.
    ///   - read: Nil for what is no answer.
    ///   - expects: Said where it is none.
    func ask<Answer>(
        _ question: String,
        usual: String? = nil,
        expects: String,
        read: (String) -> Answer?
    ) throws -> Answer {
        while true {
            // At once, and not when a line is whole.
            let asked = "\(question)\(usual.map { " [\($0)]" } ?? ""): "
            FileHandle.standardOutput.write(Data(asked.utf8))
            guard let line = readLine() else {
                throw WrongCommand(sentence: "nothing was written, because the questions were not answered")
            }
            let text = line.trimmingCharacters(in: .whitespaces)
            if let answer = read(text.isEmpty ? usual ?? "" : text) { return answer }
            print("  that has to be \(expects)")
        }
    }
}
