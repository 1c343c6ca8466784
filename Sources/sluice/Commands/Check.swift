import ArgumentParser
import Foundation
import Promotion
import Worker

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the accounts folder.",
        discussion: """
            Reads every *.yaml below the folder and reports everything that is wrong with it at once, each with \
            its file and line. If nothing is, it says for every stage what its gate asks for. Nothing is asked \
            of AWS, unless with --online, which does what `sluice doctor` does then. Exits 3 if anything is \
            wrong, 1 if anything is missing online.

            Example:
              sluice check --accounts accounts
            """
    )

    @OptionGroup var accounts: AccountsOption
    @OptionGroup var only: OnlyOption
    @OptionGroup var json: JSONFlag

    @Flag(help: "Then look in every account for what a rollout will need, as `sluice doctor` does.")
    var online = false

    private struct Report: Encodable {
        struct Problem: Encodable {
            let file: String
            let line: Int?
            let message: String
        }

        struct Gate: Encodable {
            let endpoint: String
            let stage: String
            let asks: [String]
            let remarks: [String]
            let notes: [String]
        }

        var problems: [Problem] = []
        var endpoints: [String] = []
        var accounts: [String] = []
        var gates: [Gate] = []
        var findings: [Finding]?
    }

    func run() async throws {
        do {
            let folder = try accounts.load()
            if json.isOn {
                var report = report(on: folder)
                report.findings = online ? try await Examination.findings(folder, only) : nil
                try json.print(report)
                return try Examination.judge(report.findings ?? [])
            }
            for endpoint in folder.endpoints { describe(endpoint) }
            let accounts = folder.accounts.count { !$0.isTemplate }
            let units = folder.units.isEmpty ? "" : ", organizational units: \(folder.units.count)"
            print("accounts: \(accounts)\(units), endpoints: \(folder.endpoints.count); nothing is wrong")
            guard online else { return }
            let findings = try await Examination.findings(folder, only)
            Screen.lines(of: findings).forEach { print($0) }
            try Examination.judge(findings)
        } catch let error as AccountsError where json.isOn {
            try json.print(
                Report(
                    problems: error.problems.map { .init(file: $0.file, line: $0.line, message: $0.message) }
                )
            )
            Foundation.exit(3)
        }
    }

    private func describe(_ endpoint: EndpointDocument) {
        let way = endpoint.stages.map { stage in
            let pace = stage.concurrency.map { "; \($0) at a time" } ?? ""
            let tolerance = stage.failureTolerance > 0 ? "; \(stage.failureTolerance) may fail" : ""
            let accounts = stage.accounts.map { account in
                account.isTemplate
                    ? "every \(account.name) of \(account.organizationalUnit ?? "")" : account.name
            }
            return "\(stage.name) (\(accounts.joined(separator: ", "))\(pace)\(tolerance))"
        }
        let models = endpoint.models.count == 1 ? "1 model" : "\(endpoint.models.count) models"
        print("\(endpoint.name): \(models), \(way.joined(separator: " → "))")
        let gates = gates(of: endpoint)
        for (stage, gate) in gates {
            print("  gate of \(stage.name)")
            for line in gate.asks + gate.remarks { print("    \(Screen.escaped(line))") }
        }
        for (_, gate) in gates {
            for note in gate.notes { print("  note: \(note)") }
        }
    }

    private func gates(of endpoint: EndpointDocument) -> [(stage: StageDocument, gate: GateSummary)] {
        zip(endpoint.stages, [nil] + endpoint.stages.map(Optional.some)).map { stage, before in
            (stage, GateSummary(of: stage, after: before))
        }
    }

    private func report(on folder: AccountsFolder) -> Report {
        Report(
            endpoints: folder.endpoints.map(\.name),
            accounts: folder.accounts.map(\.name),
            gates: folder.endpoints.flatMap { endpoint in
                gates(of: endpoint).map { stage, gate in
                    .init(
                        endpoint: endpoint.name,
                        stage: stage.name,
                        asks: gate.asks,
                        remarks: gate.remarks,
                        notes: gate.notes
                    )
                }
            }
        )
    }
}
