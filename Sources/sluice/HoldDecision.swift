import ArgumentParser

/// What `hold` and `resume` share: the endpoint or every one, and the stage.
struct HoldDecision: ParsableArguments {
    @Argument(help: "The endpoint.")
    var endpoint: String?

    @Flag(help: "Every endpoint.")
    var all = false

    @Option(help: "One stage; the whole endpoint where it is not given.")
    var stage: String?

    @OptionGroup var posting: PostingOptions

    func validate() throws {
        guard (endpoint == nil) == all else { throw ValidationError("Name an endpoint, or give --all.") }
    }

    func post(_ action: String) async throws {
        var fields: [String: PostingOptions.Field] = ["endpoint": .text(endpoint ?? "*")]
        if let stage { fields["stage"] = .text(stage) }
        try await posting.post(action, fields, endpoint: endpoint, stage: stage)
    }
}
