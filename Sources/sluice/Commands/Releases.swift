import ArgumentParser
import Ledger

struct Releases: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List releases, the newest first.",
        discussion: """
            Example:
              sluice releases demand-forecast --json
            """
    )

    @Argument(help: "One endpoint; all of them where it is not given.")
    var endpoint: String?

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let ledger = try await ledger.open()
        let releases = try await ledger.releases(of: endpoint)
        if let endpoint, releases.isEmpty, try await ledger.status(of: endpoint).isEmpty {
            throw Failed(sentence: "the ledger knows no endpoint \(endpoint)")
        }
        if json.isOn { return try json.print(releases) }
        if releases.isEmpty { print("no releases yet") }
        for release in releases { Screen.summary(of: release).forEach { print($0) } }
    }
}
