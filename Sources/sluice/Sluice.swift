import ArgumentParser
import Foundation
import Ledger
import Native
import Worker

@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Moves approved models from a SageMaker Model Registry into the accounts that serve them.",
        discussion: """
            A worker polls the registry's queue. When a model is approved it composes a release of everything \
            the endpoint serves, rolls it out in the first stage, tests it there, waits at the gate of the \
            next stage, and goes on once people and conditions allow. What serves keeps serving whatever \
            fails.

            Begin with `sluice init` and `sluice check`, let `sluice doctor` look for what is missing in the \
            accounts, then run `sluice worker`. `sluice plan` says what the next release would \
            change where; `sluice status` says what serves where and \
            what everything that waits is waiting for; `sluice show RELEASE` tells the whole story of one \
            release. A deciding command posts a message with your own AWS credentials; the worker decides.

            Exit codes: 0 done, 1 it failed, 2 the command was wrong, 3 the accounts folder is wrong.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Running",
                subcommands: [
                    Init.self, WorkerCommand.self, Check.self, DoctorCommand.self, TeardownCommand.self,
                ]
            ),
            CommandGroup(
                name: "Reading",
                subcommands: [
                    Plan.self, Status.self, Releases.self, Show.self, QuarantineCommand.self,
                    LedgerCommand.self, PermissionsCommand.self, WhoAmICommand.self,
                ]
            ),
            CommandGroup(
                name: "Deciding",
                subcommands: [
                    Promote.self, Reject.self, Retry.self, Rollback.self, HoldCommand.self, Resume.self,
                    Deploy.self, Attest.self,
                ]
            ),
        ]
    )

    private static var version: String {
        let libraries = LibraryVersions.current
        return
            "sluice 0.1 (libcurl \(libraries.curl), OpenSSL \(libraries.openSSL), json-c \(libraries.jsonC), "
            + "libpq \(libraries.postgres))"
    }

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            leave(with: error)
        }
    }

    /// Ends the program with the exit code that the error stands for, and says why.
    private static func leave(with error: any Error) -> Never {
        switch error {
        case let error as AccountsError:
            complain("\(error)")
            Foundation.exit(3)
        case let error as WrongCommand:
            complain("sluice: \(error.sentence)")
            Foundation.exit(2)
        case let error as Failed:
            if !error.sentence.isEmpty { complain("sluice: \(error.sentence)") }
            Foundation.exit(1)
        default:
            let code = exitCode(for: error)
            if code == .success || code == .validationFailure {
                let message = fullMessage(for: error)
                if code == .success { print(message) } else { complain(message) }
                Foundation.exit(code == .success ? 0 : 2)
            }
            complain("sluice: \(Screen.escaped("\(error)"))")
            Foundation.exit(1)
        }
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// The command cannot be meant as it was typed: exit code 2.
struct WrongCommand: Error {
    let sentence: String
}

/// The command was right and did not succeed: exit code 1.
struct Failed: Error {
    let sentence: String
}
