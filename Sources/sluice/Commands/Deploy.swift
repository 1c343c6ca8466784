import ArgumentParser

struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Release versions on purpose, or carry changed settings through.",
        discussion: """
            With --model an older version that is still approved is released again. Without it the next release \
            is composed of what the registry says, under the settings now in force. Every gate applies.

            Example:
              sluice deploy demand-forecast --model demand-de.tar.gz=arn:aws:sagemaker:…/demand-de/3 --reason \
            "back to version 3" --wait
            """
    )

    @Argument(help: "The endpoint.")
    var endpoint: String

    @Option(help: "TARGET=ARN of a version to serve; may be given for several targets.")
    var model: [String] = []

    @OptionGroup var posting: PostingOptions

    func run() async throws {
        var models: [String: String] = [:]
        for text in model {
            guard let equals = text.firstIndex(of: "="), text.hasPrefix("arn:") == false else {
                throw WrongCommand(sentence: "--model \(text) is not TARGET=ARN")
            }
            models[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        var fields: [String: PostingOptions.Field] = ["endpoint": .text(endpoint)]
        if !models.isEmpty { fields["models"] = .texts(models) }
        try await posting.post(
            "deploy",
            fields,
            endpoint: endpoint,
            stage: nil,
            composes: true,
            follows: .endpoint
        )
    }
}
