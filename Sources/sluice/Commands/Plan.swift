import ArgumentParser
import Ledger
import Worker

struct Plan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what the next release would change where, and which gates it meets.",
        discussion: """
            Reads the accounts folder and the ledger, so a change of the folder can be looked at before a worker \
            is started with it. Nothing is decided, written or asked of AWS.

            Example:
              sluice plan demand-forecast --accounts accounts

            --json prints an array with, for each endpoint: `endpoint`; `verdict`, one of composes, folds (into \
            the release after the one that rolls), underWay, needsPerson, nothing and unknown; `text`, the same \
            as a sentence; `release`, `number` and `models` {target: package ARN}, the set that should serve \
            next; `stages`: [{`stage`, `accounts`: [{`name`, `release` and `since` of what serves, `changes`: \
            [{`target`, `from`, `to`}], `settings`: unchanged, changed or new}], `gate`: [{`name`, `text`, `met`, \
            `until`}], `traffic`}]; and `passedOver`: [{`target`, `package`, `why`, `at`}]. What is not there or \
            not known yet is left out: `from` of a target that is added, `to` of one that is dropped, `met` of a \
            condition that is judged only once the release is at the gate.
            """
    )

    @Argument(help: "One endpoint; all of them where it is not given.")
    var endpoint: String?

    @OptionGroup var accounts: AccountsOption
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var only: OnlyOption
    @OptionGroup var json: JSONFlag

    func run() async throws {
        let settings = try only.settings(try await known(try accounts.load()))
        if let endpoint, settings.endpoint(endpoint) == nil {
            let known = settings.folder.endpoints.map(\.name).sorted().joined(separator: ", ")
            throw WrongCommand(sentence: "the accounts folder has no endpoint \(endpoint); it has \(known)")
        }
        let outlooks = try await Ledger.open(ledger.url, plans: settings.plans)
            .outlook(on: endpoint, now: .now)
        if json.isOn { return try json.print(outlooks) }
        for outlook in outlooks { Screen.lines(of: outlook).forEach { print($0) } }
    }

    /// The folder with the accounts that its organizational units were last seen to have.
    private func known(_ folder: AccountsFolder) async throws -> AccountsFolder {
        guard !folder.units.isEmpty else { return folder }
        do {
            return try folder.expanded(by: try await Ledger.open(ledger.url).units())
        } catch let error as UnitsError {
            throw Failed(
                sentence: "\(error). A worker asks Organizations when it starts, and keeps it in the ledger"
            )
        }
    }
}

extension Screen {
    static func lines(of outlook: Outlook) -> [String] {
        var lines = ["\(outlook.endpoint): \(escaped(outlook.text))"]
        if let release = outlook.release {
            lines.append("  release \(outlook.number ?? 0) of \(outlook.endpoint), \(release)")
        }
        // Where nothing is to be done there is nothing to enter a gate either.
        if outlook.verdict != .nothing {
            for stage in outlook.stages { lines += Self.lines(of: stage).map { "  " + $0 } }
        }
        if !outlook.passedOver.isEmpty { lines.append("  passed over") }
        for version in outlook.passedOver {
            let since = version.at.map { " since \($0)" } ?? ""
            lines.append(
                "    \(short(version.package)) for \(escaped(version.target))\(since), \(escaped(version.why))"
            )
        }
        return lines
    }

    private static func lines(of stage: Outlook.Stage) -> [String] {
        var lines = [stage.stage]
        for account in stage.accounts {
            let serves =
                account.release.map { "serves \($0) since \(account.since ?? "")" } ?? "serves nothing yet"
            lines.append("  \(account.name)  \(serves)")
            lines += table(account.changes.map { ["    \(mark($0))", escaped($0.target), change($0)] })
            if account.changes.isEmpty { lines.append("      no version changes") }
            if account.settings == .changed {
                lines.append("    ~ settings in the accounts folder differ from those it serves under")
            }
        }
        if let traffic = stage.traffic { lines.append("  traffic  \(traffic)") }
        if !stage.gate.isEmpty { lines.append("  gate") }
        lines += table(
            stage.gate.map { condition in
                let standing = condition.met.map { $0 ? "holds" : "not yet" } ?? "asks"
                let until = condition.until.map { ", until \($0)" } ?? ""
                return ["    \(standing)", condition.name, escaped(condition.text) + until]
            }
        )
        return lines
    }

    private static func mark(_ change: Outlook.Change) -> String {
        change.from == nil ? "+" : change.to == nil ? "-" : "~"
    }

    private static func change(_ change: Outlook.Change) -> String {
        switch (change.from, change.to) {
        case (let from?, let to?) where from == to: "\(short(to)), with another container or artifact"
        case (let from?, let to?): "\(short(from)) → \(short(to))"
        case (nil, let to?): short(to)
        case (let from?, nil): "\(short(from)), which is dropped"
        case (nil, nil): ""
        }
    }
}
