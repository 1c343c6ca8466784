import Foundation
import Native

/// Credentials printed by the program a profile names in `credential_process`.
///
/// The line is split into words with quotes as a shell would, and run without a shell: nothing in it expands,
/// redirects or begins a second command. The program's standard error is the worker's own.
///
/// See [Process credential provider](https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html).
public struct CredentialProcess: Sendable {
    private let line: String
    private let environment: AWSEnvironment
    private let patience: Duration

    /// - Parameter patience: How long the program may take before it is killed.
    public init(_ line: String, environment: AWSEnvironment, patience: Duration = .seconds(60)) {
        self.line = line
        self.environment = environment
        self.patience = patience
    }

    /// Runs the program and reads what it prints. Throws `CredentialsError`.
    public func run() async throws -> Credentials {
        let source = "credential_process"
        let words = try Self.words(line)
        guard let name = words.first else { throw CredentialsError(source: source, reason: "it is empty") }
        guard let program = executable(name) else {
            throw CredentialsError(source: source, reason: "there is no program \(name)")
        }
        let (status, output) = try await output(of: program, Array(words.dropFirst()))
        guard status == 0 else {
            throw CredentialsError(
                source: source,
                reason: "\(program) ended with status \(status)",
                isTransient: true
            )
        }
        // Not the decoder's own error, which quotes what it could not read.
        guard let document = try? JSONDecoder().decode(CredentialDocument.self, from: output),
            document.version == 1
        else { throw CredentialsError(source: source, reason: "\(program) printed no version 1 document") }
        return try document.credentials(source: source)
    }

    private func executable(_ name: String) -> String? {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        return (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func output(of program: String, _ arguments: [String]) async throws -> (Int32, Data) {
        try await withCheckedThrowingContinuation { [patience] continuation in
            // Reading blocks until the program closes its output, so it has a thread of its own.
            Thread.detachNewThread {
                do {
                    let (output, status) = try Subprocess.run([program] + arguments, patience: patience)
                    continuation.resume(returning: (status, Data(output)))
                } catch {
                    continuation.resume(
                        throwing: CredentialsError(
                            source: "credential_process",
                            reason: "\(program): \(error)",
                            isTransient: true
                        )
                    )
                }
            }
        }
    }

    /// Splits at white space outside quotes; a backslash keeps the next character outside single quotes.
    static func words(_ line: String) throws(CredentialsError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in line {
            if isEscaped {
                word = (word ?? "") + [character]
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let complete = word { words.append(complete) }
                word = nil
            } else {
                word = (word ?? "") + [character]
            }
        }
        guard quote == nil, !isEscaped else {
            throw CredentialsError(source: "credential_process", reason: "a quote is not closed")
        }
        return words + (word.map { [$0] } ?? [])
    }
}
