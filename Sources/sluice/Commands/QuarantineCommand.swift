import ArgumentParser
import Ledger

struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "List the messages that meant nothing, whole, with the reason.",
        discussion: """
            A message that has no effect is here, or its decision is in `sluice show`.

            Example:
              sluice quarantine --json
            """
    )

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let messages = try await ledger.open().quarantine()
        if json.isOn { return try json.print(messages) }
        if messages.isEmpty { print("the quarantine is empty") }
        for message in messages {
            print(
                "\(message.receivedAt)  \(Screen.escaped(message.id)) from \(Screen.escaped(message.sender ?? "nobody"))"
            )
            print("  \(Screen.escaped(message.reason))")
            print("  \(Screen.escaped(message.body))")
        }
    }
}
