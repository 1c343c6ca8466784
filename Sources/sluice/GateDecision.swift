import ArgumentParser

/// What `promote` and `reject` share: the release, and the stage at whose gate it waits.
struct GateDecision: ParsableArguments {
    @Argument(help: "The release that waits, <endpoint>.<ten hex digits>.")
    var release: String

    @Option(help: "The stage at whose gate it waits.")
    var stage: String

    @OptionGroup var posting: PostingOptions

    /// - Parameter further: Fields of the message besides the release and the stage.
    func post(
        _ action: String,
        _ further: [String: PostingOptions.Field] = [:],
        follows: Bool = false
    ) async throws {
        try await posting.post(
            action,
            ["release": .text(release), "stage": .text(stage)].merging(further) { _, new in new },
            endpoint: endpoint(ofRelease: release),
            stage: stage,
            follows: follows ? .release(release) : nil
        )
    }
}
