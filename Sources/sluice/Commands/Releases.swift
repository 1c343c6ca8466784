import ArgumentParser
import Ledger

struct Releases: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List releases, the newest first.")

    @Argument(help: "One endpoint; all of them where it is not given.")
    var endpoint: String?

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let releases = try await ledger.open().releases(of: endpoint)
        if json.isOn { return try json.print(releases) }
        if releases.isEmpty { print("no releases yet") }
        for release in releases { Screen.summary(of: release).forEach { print($0) } }
    }
}
