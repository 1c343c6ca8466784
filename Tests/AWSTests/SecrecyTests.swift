import Foundation
import TestTools
import Testing

@testable import AWS

/// Every secret of these tests holds the word "sesame": no error and no count may.
@Suite struct SecrecyTests {
    @Test(arguments: [
        TestReply(500, "sesame <html>"), TestReply(200, "sesame"), TestReply(200, #"{"a": "sesame"}"#),
        TestReply(action: .reset), TestReply(200, "sesame sesame", action: .half),
        TestReply(
            403,
            #"""
            {"__type": "InvalidSignatureException", "message": "The request signature we calculated does not match.\n\nThe Canonical String for this request should have been\n'POST\nx-amz-security-token:sesame-token1'"}
            """#
        ),
        TestReply(
            403,
            #"{"__type": "UnrecognizedClientException", "message": "The token sesame-token2 is invalid"}"#
        ),
        TestReply(403, #"{"__type": "ExpiredTokenException", "message": "sesame2 sesame-token2"}"#),
    ])
    func errorsHoldNone(_ reply: TestReply) async throws {
        let bench = try Bench()
        for _ in 0..<4 { try await bench.server.reply(reply) }
        let error = try #require(
            await fails { _ = try await SageMaker(bench.client).describeEndpoint(name: "ep") }
        )
        for text in ["\(error)", error.message, String(reflecting: error), dumped(error)] {
            #expect(!text.contains("sesame"))
        }
        #expect(!dumped(bench.observer.attempts).contains("sesame"))
    }

    @Test func credentialsPrintNone() {
        let credentials = Credentials(accessKeyID: "AKID", secretAccessKey: "sesame", sessionToken: "sesame")
        let session = AssumedSession(credentials: credentials, assumedRoleID: "r", arn: "a")
        for text in [
            "\(credentials)", String(reflecting: credentials), dumped(credentials), "\(session)",
            dumped(session),
            dumped(StaticCredentials(credentials)),
        ] {
            #expect(!text.contains("sesame"))
            #expect(text.contains("AKID"))
        }
    }

    private func dumped(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text
    }
}
