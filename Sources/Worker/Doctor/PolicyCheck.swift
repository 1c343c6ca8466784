import AWS

/// Asks IAM what a role's policies say to everything the role has to do, where only a change would show it.
struct PolicyCheck: Sendable {
    /// What the findings are about.
    let name: String
    let role: RolePermissions
    /// The statement that lets it ask.
    let grant: Statement?
    let grantee: RolePermissions
    let client: AWSClient

    /// What stands in an ARN for names that are not known before.
    private static let sample = "sluice-doctor"

    func look() async throws -> [Finding] {
        guard let arn = role.arn else { return [] }
        let answers = try await role.statements.concurrentMap(atMost: 4) { statement in
            Answer(statement: statement, decisions: try await see { try await ask(arn, statement) })
        }
        return Self.findings(name, role, answers) { .unseen(name, "policy", $0, grantee, grant) }
    }

    /// What IAM said to one statement's actions.
    struct Answer: Sendable {
        let statement: Statement
        let decisions: Seen<[SimulatedDecision]>
    }

    private func ask(_ arn: String, _ statement: Statement) async throws -> [SimulatedDecision] {
        let context = statement.condition.values.flatMap(\.self).compactMap { key, values in
            values.first.map { (key, $0) }
        }
        return try await IAM(client).simulate(
            role: arn,
            actions: statement.actions,
            resources: statement.resources == ["*"]
                ? [] : statement.resources.map { $0.replacing("*", with: Self.sample) },
            context: Dictionary(context) { first, _ in first }
        )
    }

    /// One finding for each statement that does not hold, or one that all do; one that IAM may not be asked.
    static func findings(
        _ name: String,
        _ role: RolePermissions,
        _ answers: [Answer],
        unseen: (AWSError) -> Finding
    ) -> [Finding] {
        var findings: [Finding] = []
        for answer in answers {
            switch answer.decisions {
            // That there is no such role is another check's to say.
            case .failure(let error) where error.isMissing: return findings
            case .failure(let error):
                if let previous = findings.last, previous.verdict == .unknown { continue }
                findings.append(unseen(error))
            case .success(let decisions):
                let refused = decisions.filter { !$0.isAllowed }
                guard let first = refused.first else { continue }
                let actions = refused.map(\.action).unique.joined(separator: ", ")
                let forbidden = refused.contains(where: \.isForbidden)
                findings.append(
                    .missing(
                        name,
                        answer.statement.sid.hasPrefix("PassExecutionRole") ? "pass role" : "policy",
                        "\(role.arn ?? role.who) may not \(actions) on \(first.resource.replacing(sample, with: "*"))"
                            + (forbidden ? ": a statement denies it" : ""),
                        fix: (forbidden ? "take the Deny away, and " : "")
                            + Finding.add(answer.statement, to: role)
                    )
                )
            }
        }
        guard findings.isEmpty else { return findings }
        return [
            .ok(
                name,
                "policy",
                "IAM says yes to all that \(role.who) has to do (\(answers.count) statements)"
            )
        ]
    }
}
