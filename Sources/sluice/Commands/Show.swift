import ArgumentParser
import Ledger

struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell the whole story of one release.",
        discussion:
            "Its state, what people decided about it, and every event, decision and effect with its time."
    )

    @Argument(help: "The release, <endpoint>.<ten hex digits>.")
    var release: String

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        guard let view = try await ledger.open().show(release) else {
            throw Failed(sentence: "the ledger knows no release \(release); `sluice releases` lists them")
        }
        if json.isOn { return try json.print(view) }
        Screen.summary(of: view).forEach { print($0) }
        let decisions = view.decisions ?? []
        if !decisions.isEmpty { print("decisions") }
        for decision in decisions {
            let stage = decision.stage.map { " for \(Screen.escaped($0))" } ?? ""
            print(
                "  \(decision.at)  \(decision.action)\(stage) by \(Screen.escaped(decision.sender)), "
                    + "\(decision.verdict): \(Screen.escaped(decision.why)). Reason: \(Screen.escaped(decision.reason))"
            )
        }
        print("journal")
        let rows = (view.journal ?? []).map { line in
            [
                "  \(line.at)", line.kind, Screen.escaped(line.account ?? line.stage ?? ""), line.name,
                Screen.escaped(line.text),
            ]
        }
        Screen.table(rows).forEach { print($0) }
    }
}
