import ArgumentParser
import Foundation
import Ledger
import Worker

struct TeardownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "teardown",
        abstract: "Remove what Sluice made of an endpoint in one account.",
        discussion: """
            Lists the endpoint, its configs and models, the releases' artifacts and unfinished uploads in the \
            account, asks, and removes them in that order, as the account's deployment role. What has no \
            `sluice:endpoint` or `sluice:release` tag is left alone, and so are other versions of objects where \
            the bucket keeps them. It may be run again at any time, and goes on where it was.

            It refuses while the accounts folder deploys the endpoint there, because a worker would make it again, \
            unless the ledger says that it is held. The deployment role needs sagemaker:ListModels and \
            sagemaker:ListEndpointConfigs for it, which no rollout does (`sluice permissions` lists them as \
            optional).

            Example:
              sluice teardown demand-forecast --account staging --dry-run

            --json prints {`endpoint`, `account`, `obstacle`, `items`: [{`kind`, `name`, `count`}], `stays`, \
            `removed`} and, without --yes, removes nothing.
            """
    )

    @Argument(help: "The endpoint's name. It need not be in the accounts folder any more.")
    var endpoint: String

    @Option(help: "The account's name in the accounts folder.")
    var account: String

    @Flag(help: "Remove without asking.")
    var yes = false

    @Flag(help: "Only show what there is.")
    var dryRun = false

    @OptionGroup var accounts: AccountsOption
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var json: JSONFlag

    private struct Report: Encodable {
        let endpoint: String
        let account: String
        let obstacle: String?
        let items: [Inventory.Item]
        let stays: [Inventory.Item]
        let removed: Bool
    }

    func validate() throws {
        guard !(yes && dryRun) else { throw ValidationError("--yes and --dry-run contradict each other.") }
    }

    func run() async throws {
        let folder = try accounts.load()
        guard let document = folder.account(named: account) else {
            let known = folder.accounts.map(\.name).joined(separator: ", ")
            throw WrongCommand(sentence: "the accounts folder has no account \(account); it has \(known)")
        }
        guard endpoint.wholeMatch(of: /[0-9A-Za-z](-*[0-9A-Za-z]){0,62}/) != nil else {
            throw WrongCommand(sentence: "\(endpoint) is no endpoint's name")
        }
        let aws = try OwnAWS(ProcessInfo.processInfo.environment, region: document.region)
        let teardown = try Teardown(endpoint, in: document, by: folder, as: aws)
        do {
            let inventory = try await teardown.look()
            let folder = await known(folder)
            let obstacle = TeardownPermit.obstacle(
                to: endpoint,
                in: document,
                by: folder,
                ledger: await sight()
            )
            let isRemoved = try await act(on: inventory, obstacle, teardown, by: folder)
            await aws.close()
            if json.isOn {
                try json.print(
                    Report(
                        endpoint: endpoint,
                        account: account,
                        obstacle: obstacle,
                        items: inventory.items,
                        stays: inventory.stays,
                        removed: isRemoved
                    )
                )
            }
        } catch let error as TeardownRefused {
            throw Failed(sentence: Screen.escaped(error.sentence))
        }
    }

    /// Shows what there is and removes it, if that is what is wanted.
    ///
    /// - Returns: Whether it was removed.
    private func act(
        on inventory: Inventory,
        _ obstacle: String?,
        _ teardown: Teardown,
        by folder: AccountsFolder
    ) async throws -> Bool {
        let document = teardown.account
        say(
            "what Sluice made of \(endpoint) in account \(account) (\(document.account), \(document.region)):"
        )
        for item in inventory.items { say("  \(item.text)") }
        for item in inventory.stays { say("  stays, because it has no tag of Sluice's: \(item.text)") }
        guard !inventory.items.isEmpty else {
            say("  nothing to remove")
            return false
        }
        let isShownOnly = dryRun || (json.isOn && !yes)
        if let obstacle {
            guard isShownOnly else { throw Failed(sentence: "nothing was removed: \(obstacle)") }
            say("It would be refused: \(obstacle).")
        } else if let caution = TeardownPermit.caution(on: endpoint, in: document, by: folder) {
            say(caution)
        }
        if isShownOnly { return false }
        if !yes { try confirm() }
        try await teardown.remove(inventory) { say("removed \($0.text)") }
        return true
    }

    private func confirm() throws {
        guard Questions.isPossible else {
            throw WrongCommand(
                sentence: "nothing was removed: give --yes, or run it on a terminal to be asked"
            )
        }
        let answer = try Questions().ask(
            "Type the endpoint's name to remove all of it from \(account), or `no`",
            expects: "\(endpoint) or `no`"
        ) { [endpoint, "no"].contains($0) ? $0 : nil }
        guard answer == endpoint else { throw Failed(sentence: "nothing was removed") }
    }

    private func say(_ text: String) {
        if !json.isOn { print(Screen.escaped(text)) }
    }

    /// The folder with the accounts that its organizational units were last seen to have, where the ledger says.
    private func known(_ folder: AccountsFolder) async -> AccountsFolder {
        guard !folder.units.isEmpty, let units = try? await ledger.open().units() else { return folder }
        return (try? folder.expanded(by: units)) ?? folder
    }

    private func sight() async -> TeardownPermit.Sight {
        do {
            return .seen(try await ledger.open().status(of: endpoint).first)
        } catch {
            return .unseen("\(error)")
        }
    }
}
