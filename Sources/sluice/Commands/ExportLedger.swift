import ArgumentParser
import Foundation
import Ledger

struct ExportLedger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the journal as JSON lines, of one release or whole.",
        discussion: """
            One object a line, in order: id, number (in its chain), at, kind, name, endpoint, release, account, \
            stage, text, hash. What a line is not about is left out.

            Examples:
              sluice ledger export > journal.jsonl
              sluice ledger export demand-forecast.3f9c2a71b0 | jq -r 'select(.kind == "decision") | .text'
            """
    )

    @Argument(help: "One release; the whole journal where it is not given.")
    var release: String?

    @OptionGroup var ledger: LedgerOption

    func run() async throws {
        let ledger = try await ledger.open()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var last: Int64 = 0
        while true {
            let page = try await ledger.export(of: release, after: last)
            guard let end = page.last else { break }
            var text = Data()
            for line in page { text += try encoder.encode(line) + Data("\n".utf8) }
            do {
                try FileHandle.standardOutput.write(contentsOf: text)
            } catch {
                throw Failed(
                    sentence: "the journal could not be written out whole: \(error.localizedDescription)"
                )
            }
            last = end.id
        }
        if let release, last == 0 {
            throw Failed(
                sentence:
                    "the ledger knows no release \(Screen.escaped(release)); `sluice releases` lists them"
            )
        }
    }
}
