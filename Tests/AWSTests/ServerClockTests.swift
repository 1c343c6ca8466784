import Foundation
import Native
import TestTools
import Testing

@testable import AWS

/// A machine whose clock is an hour off, and a service that says so.
@Suite struct ServerClockTests {
    private static let identity = TestReply(
        200,
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId>"
            + "<Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )

    private static func refusal(_ code: String, date: String?) -> TestReply {
        var reply = TestReply(
            403,
            "<ErrorResponse><Error><Code>\(code)</Code><Message>Signature expired</Message></Error></ErrorResponse>"
        )
        reply.headers += date.map { [["Date", $0]] } ?? []
        return reply
    }

    /// The bench's machine believes that it is 2026-01-02 03:04:05.
    @Test(arguments: [
        "RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired",
    ])
    func aRefusalCorrectsTheClockAndTheCallIsSignedAnew(code: String) async throws {
        let bench = try Bench(attempts: 1)
        try await bench.server.reply(
            Self.refusal(code, date: "Fri, 02 Jan 2026 04:04:05 GMT"),
            Self.identity,
            Self.identity
        )
        #expect(try await STS(bench.client).callerIdentity().account == "1")
        _ = try await STS(bench.client).callerIdentity()
        let dates = try await bench.server.requests().flatMap { $0.header("X-Amz-Date") }
        #expect(dates.map { $0.prefix(11) } == ["20260102T03", "20260102T04", "20260102T04"])
        #expect(bench.pauses.all.isEmpty)
        #expect(STS(bench.client).now() > Date(timeIntervalSince1970: 1_767_323_045 + 3500))
    }

    /// S3 answers a HEAD with no body, so that the status and the Date are all that tells of the time.
    @Test func aRefusalWithoutABodyCorrectsTheClockToo() async throws {
        let bench = try Bench(attempts: 1)
        var refusal = TestReply(403, "")
        refusal.headers.append(["Date", "Fri, 02 Jan 2026 04:04:05 GMT"])
        try await bench.server.reply(refusal, Self.identity)
        #expect(try await STS(bench.client).callerIdentity().account == "1")
        let dates = try await bench.server.requests().flatMap { $0.header("X-Amz-Date") }
        #expect(dates.map { $0.prefix(11) } == ["20260102T03", "20260102T04"])
    }

    /// A wrong signature at the right time is a denial, however often the server tells the time.
    @Test func aRightClockStaysAsItIs() async throws {
        for date in ["Fri, 02 Jan 2026 03:04:09 GMT", "yesterday", nil] {
            let bench = try Bench(attempts: 1)
            try await bench.server.reply(Self.refusal("SignatureDoesNotMatch", date: date))
            let error = await fails { _ = try await STS(bench.client).callerIdentity() }
            #expect(error?.kind == .denied)
            #expect(try await bench.server.requests().count == 1)
        }
    }

    @Test func aServerThatCannotBePleasedIsAskedTwiceAtTheMost() async throws {
        let bench = try Bench(attempts: 1)
        try await bench.server.reply(
            Self.refusal("RequestTimeTooSkewed", date: "Fri, 02 Jan 2026 04:04:05 GMT"),
            Self.refusal("RequestTimeTooSkewed", date: "Fri, 02 Jan 2026 09:04:05 GMT"),
            Self.identity
        )
        let error = await fails { _ = try await STS(bench.client).callerIdentity() }
        #expect(error?.kind == .denied)
        #expect(try await bench.server.requests().count == 2)
    }
}
