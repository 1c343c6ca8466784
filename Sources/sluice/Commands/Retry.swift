import ArgumentParser

struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lift the bars of a release and release its versions again.",
        discussion: """
            The release is opened once more, or, where later decisions have overtaken it, what they ask for is \
            released with the versions that were barred. Every gate applies.

            Example:
              sluice retry demand-forecast.3f9c2a71b0 --reason "the data was wrong, not the model" --wait
            """
    )

    @Argument(help: "The release that ended, <endpoint>.<ten hex digits>.")
    var release: String

    @Option(help: "Only the bar on this target model.")
    var model: String?

    @Option(
        help: "Only the worker that drives this stage; every one of the endpoint's where it is not given."
    )
    var stage: String?

    @OptionGroup var posting: PostingOptions

    func run() async throws {
        var fields: [String: PostingOptions.Field] = ["release": .text(release)]
        if let model { fields["model"] = .text(model) }
        try await posting.post(
            "retry",
            fields,
            endpoint: endpoint(ofRelease: release),
            stage: stage,
            follows: .endpoint
        )
    }
}
