import ArgumentParser

struct Rollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let one account serve again what it served before.",
        discussion: """
            The account goes back to the last other release that it verified and that holds no rejected version, \
            or to the one that --to names, with no forward gates. The endpoint's stage is held from then on, until \
            `sluice resume`. Only operators of the endpoint may.

            Example:
              sluice rollback demand-forecast --account prod-eu --reason "errors since 14:00, incident 4711" --wait
            """
    )

    @Argument(help: "The endpoint.")
    var endpoint: String

    @Option(help: "The account that goes back, by the name of its document.")
    var account: String

    @Option(
        help: "The release to go back to, <endpoint>.<ten hex digits>; the one before where it is not given."
    )
    var to: String?

    @OptionGroup var posting: PostingOptions

    func run() async throws {
        var fields: [String: PostingOptions.Field] = ["endpoint": .text(endpoint), "account": .text(account)]
        if let to {
            guard try sluice.endpoint(ofRelease: to) == endpoint else {
                throw WrongCommand(
                    sentence: "\(to) is no release of \(endpoint); see `sluice releases \(endpoint)`"
                )
            }
            fields["release"] = .text(to)
        }
        try await posting.post(
            "rollback",
            fields,
            endpoint: endpoint,
            stage: nil,
            account: account,
            follows: .endpoint
        )
    }
}
