import ArgumentParser

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Stop an endpoint, one of its stages, or everything.",
        discussion: """
            No new effect begins. An update that was already asked for is awaited, tested and, if it is bad, \
            undone; the time that approvals have runs on. `sluice status` says what is held, by whom and why.

            Example:
              sluice hold demand-forecast --stage prod --reason "incident 4711" --wait
            """
    )

    @OptionGroup var decision: HoldDecision

    func run() async throws { try await decision.post("hold") }
}
