import ArgumentParser

struct Promote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Approve a release for the stage at whose gate it waits.",
        discussion: """
            Counts as one approval of the person whose credentials post it; the gate says how many it needs. An \
            approval holds for this release, this stage and the settings in force.
            """
    )

    @Argument(help: "The release that waits, <endpoint>.<ten hex digits>.")
    var release: String

    @Option(help: "The stage at whose gate it waits.")
    var stage: String

    @OptionGroup var posting: PostingOptions

    func run() async throws {
        try await posting.post(
            "promote",
            ["release": .text(release), "stage": .text(stage)],
            endpoint: endpoint(ofRelease: release),
            stage: stage
        )
    }
}
