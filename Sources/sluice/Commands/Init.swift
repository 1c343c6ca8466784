import AWS
import ArgumentParser
import Foundation
import Promotion
import Worker

struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write an accounts folder to begin with.",
        discussion: """
            Writes a registry document, one document for each account and one for the endpoint, with comments that \
            explain every key, and checks them as `sluice check` does. On a terminal it asks for what no option \
            says. A folder that is there is never touched.

            Accounts are named in the order that a release goes through them, each a stage of its own; \
            `prod/prod-eu=333333333333` is account prod-eu of stage prod. Roles, buckets and the queue are called \
            as the templates in deploy/ call them, where no option says otherwise.

            With --from-endpoint a live endpoint is read in each of the accounts (as the deployment role, or with \
            your own credentials where they are in the account) and the folder describes what runs there: what it \
            serves, the machines, the container, the execution role and where the models are. It changes nothing.

            Example:
              sluice init --registry 111111111111 --region eu-west-1 --endpoint demand-forecast \\
                --account staging=222222222222 --account prod=333333333333 \\
                --model demand-de.tar.gz=demand-de --approver 'AROAEXAMPLEID:*'
              sluice init --registry 111111111111 --from-endpoint churn --account prod=333333333333 --no-approval
            """
    )

    @OptionGroup var accounts: AccountsOption

    @Option(help: "The account of the model registry: twelve digits.")
    var registry: String?

    @Option(help: "The region of the registry, the accounts and the queue. Default: AWS_REGION.")
    var region: String?

    @Option(name: .customLong("account"), help: "A deployment account, as [STAGE/]NAME=ACCOUNT_ID.")
    var deployments: [String] = []

    @Option(help: "The endpoint's name.")
    var endpoint: String?

    @Option(
        help: "A live endpoint to describe, whose name is also the endpoint's where --endpoint is not given."
    )
    var fromEndpoint: String?

    @Option(
        name: .customLong("model"),
        help:
            "TARGET=GROUP for each target model and its model package group, or one GROUP for a single model."
    )
    var models: [String] = []

    @Option(help: "The instance type.")
    var instance = "ml.m5.large"

    @Option(help: "How many instances.")
    var count = 1

    @Option(name: .customLong("approver"), help: "Who approves after the first stage, by SenderId pattern.")
    var approvers: [String] = []

    @Flag(help: "Nobody approves: releases go on by themselves once they are verified and soaked.")
    var noApproval = false

    @Option(help: "The queue's URL. Default: the queue `sluice` of the registry's account.")
    var queue: String?

    @Option(help: "The deployment role's name in each account.")
    var roleName = "sluice-deploy"

    @Option(help: "The execution role's name in each account.")
    var executionRoleName = "sluice-sagemaker"

    @Option(help: "The external id that the deployment roles ask for.")
    var externalId = "sluice"

    @Option(help: "Buckets of models are called PREFIX-ACCOUNT-REGION.")
    var bucketPrefix = "sluice-models"

    @Option(help: "A request that every changed model is asked. Without it nothing is, so far.")
    var smokeBody: String?

    @Option(help: "The request's content type.")
    var contentType = "text/csv"

    func validate() throws {
        if let registry, !Answers.isAccount(registry) {
            throw ValidationError("--registry has to be \(Answers.account).")
        }
        for text in deployments where FolderDraft.Account.parts(text) == nil {
            throw ValidationError("--account \(text) has to be \(Answers.deployment).")
        }
        for text in approvers where (try? SenderPattern(text)) == nil {
            throw ValidationError("--approver \(text) has to be \(Answers.pattern).")
        }
        guard approvers.isEmpty || !noApproval else {
            throw ValidationError("--approver and --no-approval contradict each other.")
        }
        guard models.isEmpty || Answers.models(models) != nil else {
            throw ValidationError("--model has to be \(Answers.groups).")
        }
    }

    func run() async throws {
        // Before anybody is asked anything.
        guard !FileManager.default.fileExists(atPath: accounts.folder) else { throw isThere }
        var draft = try await Answers.draft(self)
        if let fromEndpoint {
            let aws = try OwnAWS(ProcessInfo.processInfo.environment, region: draft.region)
            do {
                for sentence in try await draft.take(from: fromEndpoint, as: aws) {
                    print(Screen.escaped(sentence))
                }
            } catch let error as NothingFound {
                throw Failed(sentence: Screen.escaped("\(error)"))
            }
            await aws.close()
        }
        try requireModels(draft)
        do {
            for file in try draft.write(to: accounts.folder) { print("wrote \(file)") }
        } catch is FolderThere {
            throw isThere
        } catch let error as AccountsError {
            throw WrongCommand(sentence: "nothing was written, because it would be wrong:\n\(error)")
        }
        sayNext(draft)
    }

    private var isThere: WrongCommand {
        WrongCommand(
            sentence: "\(accounts.folder) is there already, and is left as it is; "
                + "name another folder with --accounts"
        )
    }

    private func requireModels(_ draft: FolderDraft) throws {
        let isEmpty =
            switch draft.models {
            case .single(let group): group.isEmpty
            case .multi(let groups): groups.isEmpty
            }
        guard isEmpty else { return }
        throw WrongCommand(
            sentence: "nothing was written, because nothing says which model package group feeds "
                + "\(draft.endpoint): give --model"
        )
    }

    private func sayNext(_ draft: FolderDraft) {
        let folder = accounts.folder == "accounts" ? "" : " --accounts \(accounts.folder)"
        if !draft.guessed.isEmpty {
            print(
                "The groups of \(draft.guessed.sorted().joined(separator: ", ")) are guesses; look at them."
            )
        }
        print(
            """
            `sluice check` finds nothing wrong with it. Next:
              sluice check\(folder)                 # what each gate asks for
              sluice permissions\(folder)           # what each role needs; the templates in deploy/ grant it
              sluice doctor\(folder)                # what is still missing, in every account
              sluice worker\(folder) --ledger sqlite:sluice.sqlite
            """
        )
    }
}
