import ArgumentParser

/// What `promote` and `reject` share: the release, and the stage at whose gate it waits.
struct GateDecision: ParsableArguments {
    @Argument(help: "The release that waits, <endpoint>.<ten hex digits>.")
    var release: String

    @Option(help: "The stage at whose gate it waits.")
    var stage: String

    @OptionGroup var posting: PostingOptions

    func post(_ action: String) async throws {
        try await posting.post(
            action,
            ["release": .text(release), "stage": .text(stage)],
            endpoint: endpoint(ofRelease: release),
            stage: stage
        )
    }
}
