import ArgumentParser

/// What a hold or a resume is about.
struct Scope: ParsableArguments {
    @Argument(help: "The endpoint.")
    var endpoint: String?

    @Flag(help: "Every endpoint.")
    var all = false

    @Option(help: "One stage; the whole endpoint where it is not given.")
    var stage: String?

    func validate() throws {
        guard (endpoint == nil) == all else { throw ValidationError("Name an endpoint, or give --all.") }
    }

    var fields: [String: PostingOptions.Field] {
        var fields: [String: PostingOptions.Field] = ["endpoint": .text(endpoint ?? "*")]
        if let stage { fields["stage"] = .text(stage) }
        return fields
    }
}
