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
    /// ARNs of what is there, to ask about in the place of those that end in anything.
    var known: [String] = []

    /// What stands in an ARN for names that are not known before.
    private static let sample = "sluice-doctor"

    func look() async throws -> [Finding] {
        guard let arn = role.arn else { return [] }
        let statements = Self.askable(role.statements)
        // Who may not ask once may not ask again.
        let first = try await statements.prefix(1).map(\.self).concurrentMap(atMost: 1) {
            try await answer(arn, $0)
        }
        if case .failure(let error) = first.first?.decisions, !error.isMissing { return [unseen(error)] }
        let others = try await Array(statements.dropFirst()).concurrentMap(atMost: 4) {
            try await answer(arn, $0)
        }
        return Self.findings(name, role, first + others) { unseen($0) }
    }

    /// Where it is not known yet what a statement is about, there is nothing to ask.
    static func askable(_ statements: [Statement]) -> [Statement] {
        statements.filter { statement in !statement.resources.contains { $0.contains(":::*") } }
    }

    private func unseen(_ error: AWSError) -> Finding {
        let finding = Finding.unseen(name, "policy", error, grantee, grant)
        let text =
            "what \(role.arn ?? role.who) may do can only be tried by changing something, and IAM could not be "
            + "asked: \(error)"
        return .unknown(name, "policy", text, fix: finding.fix)
    }

    /// What IAM said to one statement's actions.
    struct Answer: Sendable {
        let statement: Statement
        let decisions: Seen<[SimulatedDecision]>
    }

    private func answer(_ arn: String, _ statement: Statement) async throws -> Answer {
        Answer(statement: statement, decisions: try await see { try await ask(arn, statement) })
    }

    private func ask(_ arn: String, _ statement: Statement) async throws -> [SimulatedDecision] {
        let context = statement.condition.sorted { $0.key < $1.key }.flatMap { test, keys in
            keys.sorted { $0.key < $1.key }.compactMap { key, values in
                values.first.map { SimulatedFact(key: key, value: $0, isBoolean: test == "Bool") }
            }
        }
        return try await IAM(client).simulate(
            role: arn,
            actions: statement.actions,
            resources: statement.resources == ["*"]
                ? [] : statement.resources.map { Self.example(of: $0, known) },
            context: context
        )
    }

    static func example(of resource: String, _ known: [String]) -> String {
        guard resource.contains("*") else { return resource }
        return known.first { PolicyText.glob(resource, $0) } ?? resource.replacing("*", with: sample)
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
                let finding = unseen(error)
                if !findings.contains(finding) { findings.append(finding) }
            case .success(let decisions):
                let refused = decisions.filter { !$0.isAllowed }
                guard let first = refused.first else { continue }
                let actions = refused.map(\.action).unique.joined(separator: ", ")
                let forbidden = refused.contains(where: \.isForbidden)
                if !forbidden, refused.allSatisfy({ $0.action.hasPrefix("kms:") }) {
                    let text =
                        "\(role.arn ?? role.who) may \(actions) only if the policy of key \(first.resource) says so"
                    let fix = "unless it does, \(Finding.add(answer.statement, to: role))"
                    findings.append(.unknown(name, "policy", text, fix: fix))
                    continue
                }
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
