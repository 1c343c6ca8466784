import ArgumentParser

struct Promote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Approve a release for the stage at whose gate it waits.",
        discussion: """
            Counts as one approval of the person whose credentials post it; the gate says how many it needs. An \
            approval holds for this release, this stage and the settings in force.
            """
    )

    @OptionGroup var decision: GateDecision

    func run() async throws { try await decision.post("promote") }
}
