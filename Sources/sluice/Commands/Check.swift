import ArgumentParser
import Foundation
import Promotion
import Worker

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the accounts folder.",
        discussion: """
            Reads every *.yaml below the folder and reports everything that is wrong with it at once, each with \
            its file and line. Nothing is asked of AWS. Exits 3 if anything is wrong.

            Example:
              sluice check --accounts accounts
            """
    )

    @OptionGroup var accounts: AccountsOption
    @OptionGroup var json: JSONFlag

    private struct Report: Encodable {
        struct Problem: Encodable {
            let file: String
            let line: Int?
            let message: String
        }

        let problems: [Problem]
        let endpoints: [String]
        let accounts: [String]
    }

    func run() throws {
        do {
            let folder = try accounts.load()
            if json.isOn {
                return try json.print(
                    Report(
                        problems: [],
                        endpoints: folder.endpoints.map(\.name),
                        accounts: folder.accounts.map(\.name)
                    )
                )
            }
            for endpoint in folder.endpoints {
                let way = endpoint.stages.map { stage in
                    "\(stage.name) (\(stage.accounts.map(\.name).joined(separator: ", ")))"
                }
                print("\(endpoint.name): \(endpoint.models.count) models, \(way.joined(separator: " → "))")
                for stage in endpoint.stages.dropFirst() where stage.gate.approvals == 0 {
                    print("  note: \(stage.name) asks for no approval; releases go on there by themselves")
                }
            }
            let (accounts, endpoints) = (folder.accounts.count, folder.endpoints.count)
            print("accounts: \(accounts), endpoints: \(endpoints); nothing is wrong")
        } catch let error as AccountsError where json.isOn {
            try json.print(
                Report(
                    problems: error.problems.map { .init(file: $0.file, line: $0.line, message: $0.message) },
                    endpoints: [],
                    accounts: []
                )
            )
            Foundation.exit(3)
        }
    }
}
