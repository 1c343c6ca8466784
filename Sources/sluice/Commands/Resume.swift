import ArgumentParser

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let go on what was held.",
        discussion: """
            Give the same endpoint and stage as the hold.
            """
    )

    @OptionGroup var scope: Scope
    @OptionGroup var posting: PostingOptions

    func run() async throws {
        try await posting.post("resume", scope.fields, endpoint: scope.endpoint, stage: scope.stage)
    }
}
