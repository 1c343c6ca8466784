import AWS
import Foundation
import Promotion
import Worker

/// What `sluice init` was told, by its options or on the terminal.
struct Answers {
    private let command: Init
    private let questions: Questions?

    init(_ command: Init) {
        self.command = command
        questions = Questions.isPossible ? Questions() : nil
    }

    static let account = "twelve digits"
    static let deployment = "[STAGE/]NAME=ACCOUNT_ID, such as prod=333333333333, in lower case"
    static let pattern = "a SenderId pattern, AIDA… or AROA…:*; `sluice whoami` prints one's own"
    static let groups = "TARGET=GROUP for each target model, or one GROUP for a single model"

    static func isAccount(_ text: String) -> Bool { text.wholeMatch(of: /[0-9]{12}/) != nil }

    /// What `--model` says, or nothing where that cannot be.
    static func models(_ texts: [String]) -> FolderDraft.Models? {
        let pairs = texts.map { $0.split(separator: "=", omittingEmptySubsequences: false).map(String.init) }
        if pairs.count == 1, pairs[0].count == 1, !pairs[0][0].isEmpty { return .single(group: pairs[0][0]) }
        guard !pairs.isEmpty, pairs.allSatisfy({ $0.count == 2 && !$0.contains("") }) else { return nil }
        return .multi(Dictionary(pairs.map { ($0[0], $0[1]) }) { $1 })
    }

    /// Asks for what is missing, or says all of what is where nobody can be asked.
    func draft() async throws -> FolderDraft {
        let ambient = AWSEnvironment(ProcessInfo.processInfo.environment).region
        let region = command.region ?? (questions == nil ? ambient : nil)
        let endpoint = command.endpoint ?? command.fromEndpoint
        let hasModels = !command.models.isEmpty || command.fromEndpoint != nil
        let hasApprovers = !command.approvers.isEmpty || command.noApproval
        guard let questions else {
            let missing = [
                region == nil ? "--region" : nil, command.registry == nil ? "--registry ACCOUNT_ID" : nil,
                endpoint == nil ? "--endpoint NAME (or --from-endpoint)" : nil,
                command.deployments.isEmpty ? "--account NAME=ACCOUNT_ID" : nil,
                hasModels ? nil : "--model TARGET=GROUP",
                hasApprovers ? nil : "--approver (or --no-approval)",
            ].compactMap(\.self)
            guard let region, let registry = command.registry, let endpoint, missing.isEmpty else {
                throw WrongCommand(
                    sentence: "nothing was written, because these are missing: "
                        + "\(missing.joined(separator: ", ")). On a terminal they are asked for"
                )
            }
            return draft(registry, region, endpoint, command.deployments, command.models, command.approvers)
        }
        // A person is known by their own credentials, where there are any.
        let own = try? await caller(region ?? ambient)
        return draft(
            try command.registry
                ?? questions.ask(
                    "The account of the model registry",
                    usual: own?.account,
                    expects: Self.account
                ) { Self.isAccount($0) ? $0 : nil },
            try region
                ?? questions.ask("The region", usual: ambient ?? "eu-west-1", expects: "a region") {
                    $0.isEmpty ? nil : $0
                },
            try endpoint
                ?? questions.ask("The endpoint's name", expects: "a name") { $0.isEmpty ? nil : $0 },
            try command.deployments.isEmpty
                ? questions.ask(
                    "The accounts it goes through, in order, such as staging=222222222222 prod=333333333333",
                    expects: Self.deployment,
                    read: Self.deployments
                ) : command.deployments,
            try hasModels
                ? command.models
                : questions.ask(
                    "The model package group (of a single model), or TARGET=GROUP for each target model",
                    expects: Self.groups
                ) { text in
                    let texts = text.split(separator: " ").map(String.init)
                    return Self.models(texts) == nil ? nil : texts
                },
            try hasApprovers
                ? command.approvers
                : questions.ask(
                    "Who approves after the first stage, by SenderId pattern, or `nobody`",
                    usual: own?.pattern?.text,
                    expects: Self.pattern,
                    read: Self.approvers
                )
        )
    }

    private static func deployments(_ text: String) -> [String]? {
        let texts = text.split(separator: " ").map(String.init)
        return !texts.isEmpty && texts.allSatisfy { FolderDraft.Account.parts($0) != nil } ? texts : nil
    }

    private static func approvers(_ text: String) -> [String]? {
        if text == "nobody" { return [] }
        let texts = text.split(separator: " ").map(String.init)
        return !texts.isEmpty && texts.allSatisfy { (try? SenderPattern($0)) != nil } ? texts : nil
    }

    private func caller(_ region: String?) async throws -> WhoAmI {
        let aws = try OwnAWS(ProcessInfo.processInfo.environment, region: region)
        let identity = try await STS(aws.client).callerIdentity()
        await aws.close()
        return WhoAmI(identity)
    }

    private func draft(
        _ registry: String,
        _ region: String,
        _ endpoint: String,
        _ deployments: [String],
        _ models: [String],
        _ approvers: [String]
    ) -> FolderDraft {
        FolderDraft(
            registry: registry,
            region: region,
            queue: command.queue,
            externalId: command.externalId,
            accounts: deployments.compactMap(FolderDraft.Account.parts).map { stage, name, account in
                FolderDraft.Account(
                    name: name,
                    stage: stage,
                    account: account,
                    region: region,
                    roleName: command.roleName,
                    executionRoleName: command.executionRoleName,
                    bucketPrefix: command.bucketPrefix
                )
            },
            endpoint: endpoint,
            models: Self.models(models) ?? .multi([:]),
            variant: VariantDocument(instance: command.instance, count: command.count),
            approvers: approvers,
            question: command.smokeBody.map {
                FolderDraft.Question(contentType: command.contentType, body: $0)
            }
        )
    }
}
