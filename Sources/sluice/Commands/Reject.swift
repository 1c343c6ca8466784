import ArgumentParser

struct Reject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Refuse a release at the gate where it waits.",
        discussion: """
            The release ends refused, and the versions that it changed are barred in every stage until `sluice \
            retry` or a new decision in the registry lifts the bar.
            """
    )

    @Argument(help: "The release that waits, <endpoint>.<ten hex digits>.")
    var release: String

    @Option(help: "The stage at whose gate it waits.")
    var stage: String

    @OptionGroup var posting: PostingOptions

    func run() async throws {
        try await posting.post(
            "reject",
            ["release": .text(release), "stage": .text(stage)],
            endpoint: endpoint(ofRelease: release),
            stage: stage
        )
    }
}
