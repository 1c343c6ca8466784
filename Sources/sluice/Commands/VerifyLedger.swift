import ArgumentParser
import Ledger

struct VerifyLedger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no line of the journal was altered, moved or taken out.",
        discussion: """
            Walks every chain and names the first line of each that is not as it was written. Exit 0 where all \
            are sound, 1 where one is not. Whoever can write to the ledger could also write all hashes anew; \
            Sluice's own events carry them out as `head`, and `sluice ledger export` shows them to compare.

            Example:
              sluice ledger verify --ledger sqlite:sluice.sqlite --json
            """
    )

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let found = try await ledger.open().verify()
        if json.isOn {
            try json.print(found)
        } else {
            print("sound: \(found.lines) lines, \(found.chains) whole chains")
            for fault in found.faults { print(Self.line(of: fault)) }
        }
        if !found.isSound {
            throw Failed(sentence: json.isOn ? "" : "the journal is not what was written")
        }
    }

    private static func line(of fault: Verification.Fault) -> String {
        let place = fault.id.map { "line \($0)" } ?? "no line"
        let chain = fault.chain.isEmpty ? "the chain about no endpoint" : Screen.escaped(fault.chain)
        return "\(fault.kind.rawValue): \(place) of \(chain): \(Screen.escaped(fault.text))"
    }
}
