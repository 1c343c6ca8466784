import ArgumentParser
import Ledger

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What serves where, and what everything that waits is waiting for."
    )

    @Argument(help: "One endpoint; all of them where it is not given.")
    var endpoint: String?

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let views = try await ledger.open().status(of: endpoint)
        if let endpoint, views.isEmpty { throw Failed(sentence: "the ledger knows no endpoint \(endpoint)") }
        if json.isOn { return try json.print(views) }
        for view in views { Self.lines(view).forEach { print($0) } }
    }

    private static func lines(_ view: EndpointView) -> [String] {
        var lines = [view.endpoint]
        if view.serving.isEmpty { lines.append("  nothing verified serves yet") }
        lines += Screen.table(
            view.serving.map { ["  \($0.name)", $0.release, Screen.models($0.models), "since \($0.since)"] }
        )
        for hold in view.holds {
            let what = hold.stage.map { "stage \($0)" } ?? "everything"
            lines.append(
                "  held: \(what), by \(Screen.escaped(hold.by)) since \(hold.at): \(Screen.escaped(hold.reason))"
            )
        }
        for bar in view.bars {
            lines.append(
                "  barred: \(Screen.short(bar.package)) for \(bar.target): \(Screen.escaped(bar.reason))"
            )
        }
        for trouble in view.troubles {
            lines.append(
                "  cannot read \(Screen.short(trouble.subject)): \(Screen.escaped(trouble.sentence))"
            )
        }
        for release in view.open { lines += Screen.summary(of: release).map { "  " + $0 } }
        return lines
    }
}
