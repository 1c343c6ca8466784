import Foundation
import Promotion
import Testing

@testable import Worker

@Suite struct FolderDraftTests {
    @Test(arguments: [
        ("prod=333333333333", "prod", "prod"), ("prod/prod-eu=333333333333", "prod", "prod-eu"),
    ])
    func anAccountIsItsOwnStageUnlessItSays(_ text: String, _ stage: String, _ name: String) throws {
        let parts = try #require(FolderDraft.Account.parts(text))
        #expect(parts == (stage, name, "333333333333"))
    }

    @Test(arguments: [
        "", "prod", "prod=", "prod=33", "=333333333333", "a/b/c=333333333333", "../x=333333333333",
        "Prod=333333333333", "prod=333333333333=", "prod/=333333333333",
    ])
    func whatIsNoAccountIsNone(_ text: String) {
        #expect(FolderDraft.Account.parts(text) == nil)
    }

    /// YAML has many words and forms that are no text unless they are quoted.
    @Test(arguments: [
        "yes", "NO", "null", "1e3", "0x1", "1_000", "2026-11-21", "a: b", "a #b", "- a", "*a", "&a", "{a",
        "a\\b\"c",
        "été", "line\nbreak", "tab\there", "", "'", "a:b", "12:30:45", "~", "=", "ok-as.it/is",
    ])
    func whateverIsWrittenIsReadBack(_ value: String) throws {
        var draft = Self.draft
        draft.container = ContainerDocument(image: "img:1", environment: ["A": value, "no": value])
        let folder = try Self.written(draft)
        #expect(folder.endpoints.first?.container?.environment == ["A": value, "no": value])
    }

    @Test func aStageHasItsOwnMachinesWhereTheyDiffer() throws {
        var draft = Self.draft
        draft.accounts[1].variant = VariantDocument(name: "blue", instance: "ml.g5.xlarge", count: 4)
        let stages = try #require(try Self.written(draft).endpoints.first?.stages)
        #expect(stages.map(\.variant.instance) == ["ml.m5.large", "ml.g5.xlarge"])
        #expect(stages.last?.variant.name == "blue")
        #expect(stages.map(\.gate.approvals) == [0, 1])
    }

    @Test func onlyOneOfTwoAtOnceWritesTheFolder() throws {
        let parent = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        let folder = parent.appending(path: "accounts").path
        #expect(try Self.draft.write(to: folder).count == 4)
        #expect(throws: FolderThere.self) { try Self.draft.write(to: folder) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == ["accounts"])
    }

    private static let draft = FolderDraft(
        registry: "111111111111",
        region: "eu-west-1",
        externalId: "acme",
        accounts: [("staging", "222222222222"), ("prod", "333333333333")].map { name, account in
            FolderDraft.Account(
                name: name,
                stage: name,
                account: account,
                region: "eu-west-1",
                roleName: "sluice-deploy",
                executionRoleName: "sluice-sagemaker",
                bucketPrefix: "acme-models"
            )
        },
        endpoint: "churn",
        models: .single(group: "churn"),
        variant: VariantDocument(instance: "ml.m5.large", count: 1),
        approvers: ["AROAEXAMPLEID:*"]
    )

    private static func written(_ draft: FolderDraft) throws -> AccountsFolder {
        let parent = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        _ = try draft.write(to: parent.appending(path: "accounts").path)
        return try AccountsFolder.load(parent.appending(path: "accounts").path)
    }
}
