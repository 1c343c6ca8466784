import ArgumentParser
import Foundation
import Worker

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look in every account for what a rollout will need, and say all that is missing at once.",
        discussion: """
            Looks with the worker's own credentials and changes nothing: who it is, the clock, the queue, its policy \
            and the rules that feed it, the groups and their newest approved packages; and in every account the role \
            and the account behind it, artifacts, model prefix, endpoints, execution role, images, keys, alarms, and \
            quotas for an update, which doubles the instances. What only a change would show, IAM is asked by policy \
            simulation.

            Run it where the worker runs, or with the worker's credentials. `missing` is what a rollout will fail \
            for, with the statement or setting to add; `unknown` is what could not be looked at. Exits 1 if \
            anything is missing.

            Example:
              sluice doctor --accounts accounts
              sluice doctor --accounts accounts --only prod     # as the worker of prod's own queue

            --json prints an array of {`account`, `check`, `verdict`: ok, missing or unknown, `text`, `fix`}; \
            `account` is an account's name, worker or registry, and `fix` is left out where nothing is to be done.
            """
    )

    @OptionGroup var accounts: AccountsOption
    @OptionGroup var only: OnlyOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let findings = try await Examination.findings(try accounts.load(), only)
        if json.isOn { try json.print(findings) } else { Screen.lines(of: findings).forEach { print($0) } }
        try Examination.judge(findings)
    }
}

/// An examination as the commands make one: with the credentials and endpoints of the environment.
enum Examination {
    static func findings(_ folder: AccountsFolder, _ only: OnlyOption) async throws -> [Finding] {
        let aws = try OwnAWS(ProcessInfo.processInfo.environment, region: folder.registry.region)
        let (expanded, units) = try await aws.expanded(folder)
        let settings: Settings
        do {
            settings = try only.settings(expanded)
        } catch  where units.contains(where: { $0.verdict == .missing }) {
            // Whoever is to be driven may be in a unit that could not be used, which is what has to be said then.
            await aws.close()
            return units
        }
        let findings = try await aws.doctor(settings).examine()
        await aws.close()
        // Who the worker is comes first.
        return findings.prefix(1) + units + findings.dropFirst()
    }

    /// Throws `Failed` where anything is missing.
    static func judge(_ findings: [Finding]) throws {
        if findings.contains(where: { $0.verdict == .missing }) { throw Failed(sentence: "") }
    }
}

extension Screen {
    /// A table with what is to be done below each line that wants something, and the sum at the end.
    static func lines(of findings: [Finding]) -> [String] {
        let rows = table(findings.map { [$0.account, $0.check, $0.verdict.rawValue, escaped($0.text)] })
        let lines = zip(rows, findings).flatMap { row, finding in
            [row] + (finding.fix.map { ["    \(escaped($0))"] } ?? [])
        }
        func count(_ verdict: Finding.Verdict) -> Int { findings.filter { $0.verdict == verdict }.count }
        return lines + ["\(count(.missing)) missing, \(count(.unknown)) unknown, \(count(.ok)) ok"]
    }
}
