import Promotion
import Testing

@testable import AWS
@testable import Worker

@Suite struct WhoAmITests {
    private static let user = WhoAmI(
        CallerIdentity(
            account: "111111111111",
            arn: "arn:aws:iam::111111111111:user/ann",
            userID: "AIDAEXAMPLEANN"
        )
    )
    private static let session = WhoAmI(
        CallerIdentity(
            account: "111111111111",
            arn: "arn:aws:sts::111111111111:assumed-role/release-managers/ann",
            userID: "AROAEXAMPLEROLE:ann"
        )
    )

    @Test func aUserIsNamedByTheirID() {
        #expect(Self.user.kind == .user)
        #expect(Self.user.pattern?.text == "AIDAEXAMPLEANN")
        #expect(Self.user.sessionPattern == nil)
    }

    @Test func aRoleIsNamedWithItsSessions() {
        #expect(Self.session.kind == .role)
        #expect(Self.session.pattern?.text == "AROAEXAMPLEROLE:*")
        #expect(Self.session.sessionPattern?.text == "AROAEXAMPLEROLE:ann")
        #expect(Self.session.lines.contains { $0.contains("Where the role's trust policy fixes") })
    }

    @Test func identityCenterNamesSessionsAfterPeople() {
        let who = WhoAmI(
            CallerIdentity(
                account: "111111111111",
                arn:
                    "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Release_0123456789abcdef/ann@acme.com",
                userID: "AROAEXAMPLEROLE:ann@acme.com"
            )
        )
        #expect(who.isOfIdentityCenter)
        #expect(who.sessionPattern?.text == "AROAEXAMPLEROLE:ann@acme.com")
        #expect(who.lines.contains { $0.hasPrefix("IAM Identity Center names the sessions") })
    }

    @Test(arguments: [
        ("arn:aws:iam::111111111111:root", "111111111111", WhoAmI.Kind.root, "the root user"),
        (
            "arn:aws:sts::111111111111:federated-user/ann", "111111111111:ann", .federated,
            "neither a user (AIDA…) nor a session of a role"
        ),
    ])
    func whomNoPatternNamesIsTold(_ arn: String, _ id: String, _ kind: WhoAmI.Kind, _ words: String) {
        let who = WhoAmI(CallerIdentity(account: "111111111111", arn: arn, userID: id))
        #expect(who.kind == kind)
        #expect(who.pattern == nil)
        #expect(who.sessionPattern == nil)
        #expect(who.lines.last?.contains(words) == true)
    }

    @Test func whatTheFolderLetsASenderDoIsListed() throws {
        var fixture = AccountsFixture()
        try fixture.replace(
            "approvers: [AIDAEXAMPLEID]",
            with: """
                approvers: ["AIDAEXAMPLEANN", "AROAEXAMPLEROLE:a*"]
                      mayOverride: ["AROAEXAMPLEROLE:*"]
                      checks: [{check: ci, senders: ["AIDAEXAMPLEANN"]}]
                """,
            in: "endpoint.yaml"
        )
        let folder = try fixture.load()
        #expect(
            folder.rights(of: Self.user.sender).map(\.text) == [
                "demand-forecast, prod: promote and reject (as AIDAEXAMPLEANN)",
                "demand-forecast, prod: attest to check ci (as AIDAEXAMPLEANN)",
                "demand-forecast: retry, roll back, hold, resume and deploy (as AIDAEXAMPLEANN)",
            ]
        )
        #expect(folder.rights(of: Self.session.sender).map(\.may) == [.approve, .override, .operate])
        // Another session of the same role.
        #expect(folder.rights(of: Sender("AROAEXAMPLEROLE:bob")).map(\.may) == [.override])
        #expect(folder.rights(of: Sender("111111111111")) == [])
        var other = folder
        other.accounts[0].upstream = [try SenderPattern("AROAEXAMPLEROLE:sluice-*")]
        #expect(
            other.rights(of: Sender("AROAEXAMPLEROLE:sluice-1")).last?.text
                == "hand releases over to account prod (as AROAEXAMPLEROLE:sluice-*)"
        )
    }
}
