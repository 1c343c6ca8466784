import ArgumentParser

struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Prove that the journal is what was written, or write it out.",
        discussion: """
            Every line of the journal carries a hash that covers it and the lines before it in its chain: those \
            of the same release, or else of the same endpoint.

            Examples:
              sluice ledger verify
              sluice ledger export demand-forecast.3f9c2a71b0 > journal.jsonl
            """,
        subcommands: [VerifyLedger.self, ExportLedger.self]
    )
}
