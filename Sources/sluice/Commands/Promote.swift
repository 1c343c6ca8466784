import ArgumentParser

struct Promote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Approve a release for the stage at whose gate it waits.",
        discussion: """
            Counts as one approval of the person whose credentials post it; the gate says how many it needs. An \
            approval holds for this release, this stage and the settings in force.

            With --override the release goes past the gate in an emergency. Only those whom the gate's \
            mayOverride names may, and it is recorded as what it is.

            Example:
              sluice promote demand-forecast.3f9c2a71b0 --stage prod --reason "holdout week looks right" --wait
            """
    )

    @OptionGroup var decision: GateDecision

    @Flag(help: "Go past the gate in an emergency, where its mayOverride names you.")
    var override = false

    func run() async throws {
        try await decision.post("promote", override ? ["override": .flag(true)] : [:], follows: true)
    }
}
