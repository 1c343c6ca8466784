import Foundation
import Promotion
import Testing

@testable import AWS
@testable import Worker

/// Whom the patterns of an accounts folder name, and whether `namedSessions` may be believed.
@Suite struct SenderPatternsTests {
    @Test func everyIDIsExplainedByWhatItMayDo() throws {
        let folder = try Self.folder(
            """
            approvers: [AIDAEXAMPLEID, "AROAEXAMPLEROLE:*"]
                  mayOverride: ["AROAEXAMPLEROLE:lead-*"]
                  checks: [{check: ci, senders: ["AROAEXAMPLECI:*"]}]
            """
        )
        #expect(folder.senderUses.map(\.id) == ["AIDAEXAMPLEID", "AROAEXAMPLEROLE", "AROAEXAMPLECI"])
        #expect(
            folder.senderUses[1].powers == [
                "approves demand-forecast in prod",
                "may override the gate of demand-forecast in prod (sessions lead-*)",
                "operates demand-forecast",
            ]
        )
        #expect(folder.roleIDs == ["AROAEXAMPLEROLE", "AROAEXAMPLECI"])
        let roles = [try Self.role("AROAEXAMPLEROLE", Self.trust("{}"))]
        let findings = folder.senderUses.map {
            SenderPatterns.finding(of: $0, among: roles, in: ["111111111111"])
        }
        #expect(findings.map(\.verdict) == [.ok, .ok, .unknown])
        #expect(
            findings[0].text
                == "AIDAEXAMPLEID is one user: approves demand-forecast in prod; operates demand-forecast"
        )
        #expect(
            findings[1].text.hasPrefix(
                "AROAEXAMPLEROLE is arn:aws:iam::111111111111:role/r, all its sessions one"
            )
        )
        #expect(findings[2].text.hasPrefix("AROAEXAMPLECI is no role of 111111111111 that could be listed"))
    }

    @Test func whoHandsOverIsExplainedAsWell() throws {
        var folder = try AccountsFixture().load()
        folder.accounts[0].upstream = [try SenderPattern("AROAEXAMPLEROLE:*")]
        #expect(folder.senderUses.last?.powers == ["hands over to prod"])
    }

    @Test(arguments: [
        (#"{"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}"#, true),
        (#"{"StringLike": {"STS:rolesessionname": ["${aws:PrincipalTag/mail}"]}}"#, true),
        (#"{"StringEquals": {"sts:RoleSessionName": "ci"}}"#, true), ("{}", false),
        (#"{"StringEquals": {"sts:RoleSessionName": ["ann", "bob"]}}"#, false),
        (#"{"StringLike": {"sts:RoleSessionName": "*"}}"#, false),
        (#"{"StringLike": {"sts:RoleSessionName": ["${aws:username}", "*"]}}"#, false),
        (#"{"StringEquals": {"sts:ExternalId": "acme"}}"#, false),
    ])
    func namedSessionsNeedATrustPolicyThatNamesThem(_ condition: String, _ isFixed: Bool) throws {
        let role = try Self.role("AROAEXAMPLEROLE", Self.trust(condition))
        #expect(SenderPatterns.fixesSessionNames(role) == isFixed)
        let use = SenderUse(id: role.id, isNamed: true, powers: ["approves"])
        let finding = SenderPatterns.finding(of: use, among: [role], in: [])
        #expect(finding.verdict == (isFixed ? .ok : .missing))
        #expect(isFixed || finding.fix?.contains("sts:RoleSessionName") == true)
    }

    @Test(arguments: [
        // IAM Identity Center says who somebody is.
        (
            #"{"Effect": "Allow", "Principal": {"Federated": "saml"}, "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"]}"#,
            true
        ),
        // Whoever has a token chooses the name.
        (
            #"{"Effect": "Allow", "Principal": {"Federated": "oidc"}, "Action": "sts:AssumeRoleWithWebIdentity"}"#,
            false
        ),
        (#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*"}"#, false),
        (#"{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}"#, false),
    ])
    func whoVouchesForTheNameMatters(_ statement: String, _ isFixed: Bool) throws {
        let role = try Self.role("AROAEXAMPLEROLE", #"{"Statement": [\#(statement)]}"#)
        #expect(SenderPatterns.fixesSessionNames(role) == isFixed)
    }

    @Test func aTrustPolicyThatCannotBeReadFixesNothing() throws {
        #expect(!SenderPatterns.fixesSessionNames(try Self.role("AROAEXAMPLEROLE", "no policy")))
    }

    private static func trust(_ condition: String) -> String {
        """
        {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
          "Action": "sts:AssumeRole", "Condition": \(condition)}]}
        """
    }

    private static func role(_ id: String, _ trust: String) throws -> IAMRole {
        let members = [
            "RoleId": id, "RoleName": "r", "Arn": "arn:aws:iam::111111111111:role/r",
            "AssumeRolePolicyDocument": trust,
        ]
        return try JSONDecoder().decode(IAMRole.self, from: JSONEncoder().encode(members))
    }

    private static func folder(_ approvers: String) throws -> AccountsFolder {
        var fixture = AccountsFixture()
        try fixture.replace("approvers: [AIDAEXAMPLEID]", with: approvers, in: "endpoint.yaml")
        return try fixture.load()
    }
}
