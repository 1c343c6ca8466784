import ArgumentParser
import Foundation
import Ledger

struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell the whole story of one release.",
        discussion: """
            Its state and why, what it carries, every attempt in every account, who decided what for which \
            reason, and every event, decision and effect with its time.

            With --follow the journal is printed as it happens until the release ends: exit 0 where it ends \
            released, 1 where it ends otherwise. With --json too, each line is one JSON object, an entry of \
            `journal` as `show --json` has it.

            Example:
              sluice show demand-forecast.3f9c2a71b0 --follow
            """
    )

    @Argument(help: "The release, <endpoint>.<ten hex digits>.")
    var release: String

    @Flag(help: "Print the journal as it happens, until the release ends or Ctrl-C.")
    var follow = false

    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let ledger = try await ledger.open()
        guard let view = try await ledger.show(release) else { throw unknown }
        if follow { return try await follow(view, in: ledger) }
        if json.isOn { return try json.print(view) }
        Screen.story(of: view).forEach { print($0) }
        print("journal")
        let rows = (view.journal ?? []).map { ["  \($0.at)"] + Screen.cells(of: $0) }
        Screen.table(rows).forEach { print($0) }
    }

    private var unknown: Failed {
        Failed(sentence: "the ledger knows no release \(release); `sluice releases` lists them")
    }

    private func follow(_ view: ReleaseView, in ledger: Ledger) async throws {
        if !json.isOn {
            Screen.story(of: view).forEach { print($0) }
            print("journal")
        }
        var last: Int64 = 0
        var waitedFor: [String] = []
        while true {
            guard let (view, lines) = try await ledger.follow(release, after: last) else { throw unknown }
            for (line, entry) in lines {
                last = line
                if json.isOn { try json.printLine(entry) } else { print(Screen.line(of: entry)) }
            }
            let waitsFor = view.stages.flatMap(\.waitingFor)
            if !json.isOn, waitsFor != waitedFor {
                waitsFor.forEach { print("  now waits for \(Screen.escaped($0))") }
            }
            waitedFor = waitsFor
            // A pipe is not flushed by the line as a terminal is.
            fflush(nil)
            if view.endedAt != nil {
                if !json.isOn { print("\(view.id) has ended \(view.state)") }
                if view.state != "released" { throw Failed(sentence: "") }
                return
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
