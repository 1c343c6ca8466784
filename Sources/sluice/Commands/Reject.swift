import ArgumentParser

struct Reject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Refuse a release at the gate where it waits.",
        discussion: """
            The release ends refused, and the versions that it changed are barred in every stage until `sluice \
            retry` or a new decision in the registry lifts the bar.

            Example:
              sluice reject demand-forecast.3f9c2a71b0 --stage prod --reason "too slow on the big stores" --wait
            """
    )

    @OptionGroup var decision: GateDecision

    func run() async throws { try await decision.post("reject") }
}
