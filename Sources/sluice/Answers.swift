import AWS
import Foundation
import Promotion
import Worker

/// What `sluice init` was told, by its options and then on the terminal.
struct Answers {
    private let command: Init
    private var registry: String?
    private var region: String?
    private var endpoint: String?
    private var deployments: [String]
    /// Nil where nobody said, and a live endpoint will not either.
    private var models: [String]?
    private var approvers: [String]?

    static let account = "twelve digits"
    static let deployment = "[STAGE/]NAME=ACCOUNT_ID, such as prod=333333333333, in lower case"
    static let pattern = "a SenderId pattern, AIDA… or AROA…:*; `sluice whoami` prints one's own"
    static let groups = "TARGET=GROUP for each target model, or one GROUP for a single model"

    private init(_ command: Init) {
        self.command = command
        registry = command.registry
        region = command.region
        endpoint = command.endpoint ?? command.fromEndpoint
        deployments = command.deployments
        models = command.models.isEmpty && command.fromEndpoint == nil ? nil : command.models
        approvers = command.approvers.isEmpty && !command.noApproval ? nil : command.approvers
    }

    /// Asks for what no option says, or names all of it where nobody can be asked.
    static func draft(_ command: Init) async throws -> FolderDraft {
        var answers = Answers(command)
        let ambient = AWSEnvironment(ProcessInfo.processInfo.environment).region
        if Questions.isPossible {
            try await answers.ask(Questions(), in: ambient)
        } else {
            answers.region = answers.region ?? ambient
        }
        guard let draft = answers.draft() else {
            throw WrongCommand(
                sentence: "nothing was written, because these are missing: "
                    + "\(answers.missing.joined(separator: ", ")). On a terminal they are asked for"
            )
        }
        return draft
    }

    private var missing: [String] {
        [
            region == nil ? "--region" : nil, registry == nil ? "--registry ACCOUNT_ID" : nil,
            endpoint == nil ? "--endpoint NAME (or --from-endpoint)" : nil,
            deployments.isEmpty ? "--account NAME=ACCOUNT_ID" : nil,
            models == nil ? "--model TARGET=GROUP" : nil,
            approvers == nil ? "--approver (or --no-approval)" : nil,
        ].compactMap(\.self)
    }

    private func draft() -> FolderDraft? {
        guard let registry, let region, let endpoint, !deployments.isEmpty, let models, let approvers else {
            return nil
        }
        return FolderDraft(
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

// The questions, in their order.
extension Answers {
    private mutating func ask(_ questions: Questions, in ambient: String?) async throws {
        // A person is known by their own credentials, where there are any.
        let own = try? await caller(region ?? ambient)
        registry =
            try registry
            ?? questions.ask(
                "The account of the model registry",
                usual: own?.account,
                expects: Self.account
            ) { Self.isAccount($0) ? $0 : nil }
        region =
            try region
            ?? questions.ask(
                "The region",
                usual: ambient ?? "eu-west-1",
                expects: "a region",
                read: Self.word
            )
        endpoint = try endpoint ?? questions.ask("The endpoint's name", expects: "a name", read: Self.word)
        if deployments.isEmpty {
            deployments = try questions.ask(
                "The accounts it goes through, in order, such as staging=222222222222 prod=333333333333",
                expects: Self.deployment
            ) { Self.words($0) { FolderDraft.Account.parts($0) != nil } }
        }
        models =
            try models
            ?? questions.ask(
                "The model package group (of a single model), or TARGET=GROUP for each target model",
                expects: Self.groups
            ) { text in Self.words(text) { _ in true }.flatMap { Self.models($0) == nil ? nil : $0 } }
        approvers =
            try approvers
            ?? questions.ask(
                "Who approves after the first stage, by SenderId pattern, or `nobody`",
                usual: own?.pattern?.text,
                expects: Self.pattern
            ) { $0 == "nobody" ? [] : Self.words($0) { (try? SenderPattern($0)) != nil } }
    }

    private func caller(_ region: String?) async throws -> WhoAmI {
        let aws = try OwnAWS(ProcessInfo.processInfo.environment, region: region)
        let identity = try await STS(aws.client).callerIdentity()
        await aws.close()
        return WhoAmI(identity)
    }
}

// What an answer may look like.
extension Answers {
    static func isAccount(_ text: String) -> Bool { text.wholeMatch(of: /[0-9]{12}/) != nil }

    /// What `--model` says, or nothing where that cannot be.
    static func models(_ texts: [String]) -> FolderDraft.Models? {
        let pairs = texts.map { $0.split(separator: "=", omittingEmptySubsequences: false).map(String.init) }
        if pairs.count == 1, pairs[0].count == 1, !pairs[0][0].isEmpty { return .single(group: pairs[0][0]) }
        guard !pairs.isEmpty, pairs.allSatisfy({ $0.count == 2 && !$0.contains("") }) else { return nil }
        return .multi(Dictionary(pairs.map { ($0[0], $0[1]) }) { $1 })
    }

    private static func word(_ text: String) -> String? { text.isEmpty ? nil : text }

    /// The words of a line, if there are any and all of them are right.
    private static func words(_ text: String, _ isRight: (String) -> Bool) -> [String]? {
        let words = text.split(separator: " ").map(String.init)
        return !words.isEmpty && words.allSatisfy(isRight) ? words : nil
    }
}
