import AWS
import ArgumentParser
import Foundation
import Promotion
import Worker

struct WhoAmICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Say who a queue takes this shell for, and what that sender may decide.",
        discussion: """
            SQS tells the worker who sent a message, and the accounts folder says whose word counts by exactly \
            that `SenderId`. This asks AWS who you are (sts:GetCallerIdentity, which needs no permission), prints \
            the SenderId and the pattern to write into `approvers`, `operators` and the like, and lists what the \
            accounts folder lets you do now. Without an accounts folder it says who you are and no more.

            Example:
              sluice whoami --accounts accounts
            """
    )

    @OptionGroup var accounts: AccountsOption
    @OptionGroup var json: JSONFlag

    private struct Report: Encodable {
        let account: String
        let arn: String
        let senderId: String
        let kind: WhoAmI.Kind
        let pattern: String?
        let sessionPattern: String?
        /// Absent without an accounts folder.
        let rights: [SenderRight]?
    }

    func run() async throws {
        let folder = accounts.isThere ? try accounts.load() : nil
        let aws = try OwnAWS(ProcessInfo.processInfo.environment, region: folder?.registry.region)
        let who = WhoAmI(try await STS(aws.client).callerIdentity())
        await aws.close()
        let rights = folder?.rights(of: who.sender)
        if json.isOn {
            return try json.print(
                Report(
                    account: who.account,
                    arn: who.arn,
                    senderId: who.sender.id,
                    kind: who.kind,
                    pattern: who.pattern?.text,
                    sessionPattern: who.sessionPattern?.text,
                    rights: rights
                )
            )
        }
        for line in who.lines { print(Screen.escaped(line)) }
        guard let rights else {
            return print(
                "there is no accounts folder at \(accounts.folder), so nothing says what they may do"
            )
        }
        guard !rights.isEmpty else {
            return print(
                "\(accounts.folder) names this sender nowhere: what it posts is refused and recorded"
            )
        }
        print("by \(accounts.folder) they may")
        for right in rights { print("  \(Screen.escaped(right.text))") }
    }
}
