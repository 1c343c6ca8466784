import ArgumentParser

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let go on what was held.",
        discussion: """
            Give the same endpoint and stage as the hold.

            Example:
              sluice resume demand-forecast --stage prod --reason "incident 4711 is over" --wait
            """
    )

    @OptionGroup var decision: HoldDecision

    func run() async throws { try await decision.post("resume") }
}
