import Foundation
import TestTools
import Testing

@testable import AWS

@Suite struct STSTests {
    private static let session = TestReply(
        200,
        """
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
          <SourceIdentity>x</SourceIdentity>
          <AssumedRoleUser><AssumedRoleId>AROAX:s</AssumedRoleId><Arn>arn:aws:sts::2:assumed-role/r/s</Arn></AssumedRoleUser>
          <Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>k/+=</SecretAccessKey>
          <SessionToken>t//==</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>
          <PackedPolicySize>6</PackedPolicySize></AssumeRoleResult>
          <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>
        """
    )

    @Test func assumesARole() async throws {
        let bench = try Bench()
        try await bench.server.reply(Self.session)
        let session = try await STS(bench.client)
            .assumeRole(roleARN: "arn:aws:iam::2:role/r", sessionName: "sluice-a@b", externalID: "a:b/c+d e")
        #expect(session.assumedRoleID == "AROAX:s")
        #expect(session.credentials.accessKeyID == "ASIA1")
        #expect(session.credentials.secretAccessKey == "k/+=")
        #expect(session.credentials.sessionToken == "t//==")
        #expect(session.credentials.expiration == Date(timeIntervalSince1970: 1_767_326_645))

        let request = try #require(try await bench.server.requests().first)
        #expect(request.header("Content-Type") == ["application/x-www-form-urlencoded; charset=utf-8"])
        #expect(
            request.text
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A2%3Arole%2Fr"
                + "&RoleSessionName=sluice-a%40b&DurationSeconds=3600&ExternalId=a%3Ab%2Fc%2Bd%20e"
        )
    }

    @Test func saysWhyARoleWasDenied() async throws {
        let bench = try Bench()
        try await bench.server.reply(
            TestReply(
                403,
                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not "
                    + "authorized</Message></Error><RequestId>r9</RequestId></ErrorResponse>"
            )
        )
        let error = await fails {
            _ = try await STS(bench.client).assumeRole(roleARN: "arn:aws:iam::2:role/r", sessionName: "s")
        }
        #expect(error?.kind == .denied)
        #expect(error?.requestID == "r9")
        #expect(
            error?.description
                == "STS AssumeRole of arn:aws:iam::2:role/r in account 222222222222 was denied: AccessDenied: "
                + "User: x is not authorized (request r9)"
        )
    }

    @Test func aSessionIsRenewedBeforeItEnds() async throws {
        let bench = try Bench()
        try await bench.server.reply(Self.session, Self.session)
        let role = AssumedRole(
            sts: STS(bench.client),
            roleARN: "arn:aws:iam::2:role/r",
            sessionName: "ss",
            now: { Date(timeIntervalSince1970: 1_767_323_045) }
        )
        for _ in 0..<3 { #expect(try await role.credentials().accessKeyID == "ASIA1") }
        #expect(try await bench.server.requests().count == 1)
        await role.invalidate(try await role.credentials())
        _ = try await role.credentials()
        #expect(try await bench.server.requests().count == 2)
    }

    @Test func aReplyWithoutASessionIsUnreadable() async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(200, "<AssumeRoleResponse/>"))
        let error = await fails {
            _ = try await STS(bench.client).assumeRole(roleARN: "arn", sessionName: "s")
        }
        #expect(error?.kind == .unreadable)
    }
}
