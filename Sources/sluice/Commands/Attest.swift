import ArgumentParser

struct Attest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer a check of your own that a gate waits for.",
        discussion: """
            For a script in CI: when a release is verified in the stage before, Sluice's `verified` event starts \
            the script, and this tells the gate what it found. Only the senders that the gate's `checks` name for \
            the check are heard. Inconclusive never promotes: the gate waits on.

            Example:
              sluice attest demand-forecast.3f9c2a71b0 --stage prod --check integration --verdict passed \
            --evidence https://ci.example.com/runs/4711 --reason "all 212 cases passed"
            """
    )

    /// As the core has them; a message with another is refused.
    enum Verdict: String, ExpressibleByArgument, CaseIterable {
        case passed, failed, inconclusive, errored
    }

    @OptionGroup var decision: GateDecision

    @Option(help: "The check's name, as the gate's `checks` give it.")
    var check: String

    @Option(help: "What it came to.")
    var verdict: Verdict

    @Option(help: "Where the evidence is, or what it is: a link to the run, a number.")
    var evidence: String?

    func run() async throws {
        var fields: [String: PostingOptions.Field] = [
            "check": .text(check), "verdict": .text(verdict.rawValue),
        ]
        if let evidence { fields["evidence"] = .text(evidence) }
        try await decision.post("attest", fields)
    }
}
