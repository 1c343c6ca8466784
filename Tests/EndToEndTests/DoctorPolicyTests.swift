import Foundation
import Native
import Testing

/// The doctor reads the same policies that `sluice permissions` prints, and misses each action of them.
@Suite(.enabled(if: LocalAWS.url != nil))
struct DoctorPolicyTests {
    /// One role's policies, as the program prints them.
    private struct Role {
        let who: String
        let arn: String
        let needed: [JSONValue]
        let optional: [JSONValue]
    }

    @Test func everyActionThatIsTakenAwayIsMissed() async throws {
        try await World.with { world in
            try await world.becomeHealthy()
            let roles = try await Self.roles(in: world)
            #expect(roles.map(\.who) == ["worker", "staging", "execution role of staging"])
            for role in roles { try await Self.put(role.needed, to: role, in: world) }
            let (status, findings) = try await world.examine()
            #expect(status == 0, "\(findings.filter { $0.verdict != "ok" })")

            for role in roles {
                for (index, statement) in role.needed.enumerated() {
                    let actions = (statement["Action"]?.array ?? []).compactMap(\.string)
                    for action in actions where !Self.isSpared(action) {
                        try await Self.put(Self.without(action, role.needed, index), to: role, in: world)
                        let (status, findings) = try await world.examine()
                        #expect(status == 1, "\(role.who) lacks \(action)")
                        #expect(
                            findings.contains { finding in
                                finding.verdict == "missing" && finding.text.contains(action)
                                    && finding.fix?.contains("\"\(action)\"") == true
                            },
                            "\(role.who) lacks \(action)"
                        )
                    }
                }
                try await Self.put(role.needed, to: role, in: world)
            }
        }
    }

    /// What a container writes is missed by no release.
    private static func isSpared(_ action: String) -> Bool {
        action.hasPrefix("logs:") || action == "cloudwatch:PutMetricData"
    }

    private static func roles(in world: World) async throws -> [Role] {
        let outcome = try await world.run(
            [
                "permissions", "--json", "--artifacts", "s3://acme-artifacts-\(world.registry)/", "--worker",
                "arn:aws:iam::\(world.registry):user/sluice-worker",
            ],
            as: nil
        )
        let report = try JSONDocument(parsing: Array(outcome.output.utf8), limits: JSONLimits(depth: 64)).root
        return (report["roles"]?.array ?? []).compactMap { role in
            guard let who = role["who"]?.string, let arn = role["arn"]?.string,
                ["worker", "staging", "execution role of staging"].contains(who)
            else { return nil }
            return Role(
                who: who,
                arn: arn,
                needed: role["policy"]?["Statement"]?.array ?? [],
                optional: role["optional"]?["Statement"]?.array ?? []
            )
        }
    }

    private static func without(_ action: String, _ statements: [JSONValue], _ index: Int) -> [JSONValue] {
        var statements = statements
        var statement = statements[index].object ?? [:]
        let others = (statement["Action"]?.array ?? []).filter { $0.string != action }
        statement["Action"] = .array(others)
        statements[index] = .object(statement)
        if others.isEmpty { statements.remove(at: index) }
        return statements
    }

    private static func put(_ needed: [JSONValue], to role: Role, in world: World) async throws {
        let policy: JSONValue = [
            "Version": "2012-10-17", "Statement": .array(needed + role.optional),
        ]
        let name = String(role.arn.split(separator: "/").last ?? "")
        let isUser = role.arn.contains(":user/")
        try await world.administer(
            String(role.arn.split(separator: ":", omittingEmptySubsequences: false)[4]),
            "iam",
            isUser ? "PutUserPolicy" : "PutRolePolicy",
            [
                isUser ? "UserName" : "RoleName": .string(name), "PolicyName": "p",
                "PolicyDocument": .string(policy.text),
            ]
        )
    }
}
