import Foundation
import Native
import TestTools
import Testing

@Suite struct HTTPFailureTests {
    private let client = HTTPClient.patient

    @Test func cancellationAbortsTheTransfer() async throws {
        let server = try TestServer()
        try await server.reply(TestReply(action: .hold))
        let task = Task { try await client.send(HTTPRequest(url: server.url)) }
        try await server.waitUntilHeld(1)
        task.cancel()
        let error = await #expect(throws: HTTPError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(error?.mayHaveReachedServer == true)
        try await server.waitUntilGone(1)
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        let server = try TestServer()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(HTTPRequest(url: server.url))
        }
        let error = await #expect(throws: HTTPError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(error?.mayHaveReachedServer == false)
        #expect(try await server.requests().isEmpty)
    }

    @Test(arguments: [
        (TestReply.Action.hold, HTTPTimeouts(total: .seconds(1)), HTTPError.Phase.total),
        (.pause, HTTPTimeouts(total: .seconds(1)), .total),
        (.hold, HTTPTimeouts(total: nil, idle: .seconds(1)), .idle),
        (.pause, HTTPTimeouts(total: nil, idle: .seconds(1)), .idle),
    ])
    func timesOut(_ action: TestReply.Action, _ timeouts: HTTPTimeouts, _ phase: HTTPError.Phase) async throws
    {
        let server = try TestServer()
        try await server.reply(TestReply(200, "0123456789", action: action))
        let error = await fails(HTTPRequest(url: server.url, timeouts: timeouts))
        #expect(error?.code == .timedOut(phase))
        #expect(error?.mayHaveReachedServer == true)
        try await server.waitUntilGone(1)
    }

    /// The whole reply takes longer than the idle limit, no single pause does.
    @Test func aSlowReplyIsNotAnIdleOne() async throws {
        let server = try TestServer()
        try await server.reply(TestReply(200, "0123456789ABCDEFGHIJ", action: .dribble, every: 0.2))
        let timeouts = HTTPTimeouts(total: nil, idle: .seconds(3))
        let response = try await client.send(HTTPRequest(url: server.url, timeouts: timeouts))
        #expect(response.body == Array("0123456789ABCDEFGHIJ".utf8))
    }

    @Test func aRequestMayWaitLongerThanItsConnectionMay() async throws {
        let server = try TestServer()
        try await server.reply(TestReply(200, "late", action: .hold))
        let timeouts = HTTPTimeouts(connect: .seconds(1), total: nil)
        async let response = client.send(HTTPRequest(url: server.url, timeouts: timeouts))
        try await server.waitUntilHeld(1)
        // The connection is made; a second request's time-out shows that its limit has passed since.
        try await server.reply(TestReply(action: .hold))
        _ = await fails(HTTPRequest(url: server.url, timeouts: HTTPTimeouts(total: .milliseconds(1200))))
        try await server.release()
        #expect(try await response.body == Array("late".utf8))
    }

    @Test func aBodyCutShortIsTruncated() async throws {
        let server = try TestServer()
        try await server.reply(TestReply(200, "0123456789", action: .half))
        let error = await fails(HTTPRequest(url: server.url))
        #expect(error?.code == .truncated)
    }

    @Test(arguments: [TestReply.Action.reset, .close])
    func aConnectionLostBeforeTheReplyIsReset(_ action: TestReply.Action) async throws {
        let server = try TestServer()
        try await server.reply(TestReply(action: action))
        let error = await fails(HTTPRequest(method: "POST", url: server.url, body: [1]))
        #expect(error?.code == .reset)
        #expect(error?.mayHaveReachedServer == true)
        #expect(try await server.requests().count == 1)
    }

    /// libcurl sends a request again when a kept-alive connection ends before the reply begins. That is wanted
    /// for a request that may be repeated and must not happen to one that may not.
    @Test(arguments: [true, false], [[1], []] as [[UInt8]])
    func repeatsOnlyWhatMayBeRepeated(_ isRepeatable: Bool, _ body: [UInt8]) async throws {
        let server = try TestServer()
        try await server.reply(TestReply(200), TestReply(action: .close), TestReply(200, "second"))
        _ = try await client.send(HTTPRequest(url: server.url))
        let request = HTTPRequest(method: "POST", url: server.url, body: body, isRepeatable: isRepeatable)
        if isRepeatable {
            #expect(try await client.send(request).body == Array("second".utf8))
        } else {
            let error = await fails(request)
            #expect(error?.code == .reset)
            #expect(error?.mayHaveReachedServer == true)
        }
        #expect(try await server.requests().count == (isRepeatable ? 3 : 2))
    }

    @Test func nothingReachesAClosedPort() async throws {
        // Port 1 of the loopback interface is not listened on.
        let error = await fails(HTTPRequest(method: "POST", url: "http://127.0.0.1:1/p?secret=s", body: [1]))
        #expect(error?.code == .couldNotConnect)
        #expect(error?.mayHaveReachedServer == false)
    }

    @Test func namesThatDoNotExistAreNotResolved() async throws {
        // RFC 6761 keeps this domain from ever existing.
        let error = await fails(HTTPRequest(url: "http://nowhere.invalid/"))
        #expect(error?.code == .couldNotResolve)
        #expect(error?.mayHaveReachedServer == false)
    }

    @Test func plainTextIsNoTLS() async throws {
        let server = try TestServer()
        let error = await fails(HTTPRequest(url: server.url.replacing("http:", with: "https:")))
        #expect(error?.code == .tls)
        #expect(error?.mayHaveReachedServer == false)
    }

    @Test func aMissingCertificateFileIsAnError() async throws {
        let server = try TestServer()
        let client = HTTPClient(HTTPClient.Configuration(certificateAuthorities: "/nonexistent.pem"))
        let request = HTTPRequest(url: server.url.replacing("http:", with: "https:"))
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(error?.code == .tls)
    }

    @Test func boundsTheResponse() async throws {
        let server = try TestServer()
        try await server.reply(
            TestReply(200, "0123456789"),
            TestReply(200, "0123456789"),
            TestReply(200, headers: ["X-Long": String(repeating: "x", count: 90_000)]),
            TestReply(200, headers: ["X-A": .long, "X-B": .long, "X-C": .long])
        )
        #expect(
            try await client.send(HTTPRequest(url: server.url, maximumResponseBytes: 10)).body.count == 10
        )
        let error = await fails(HTTPRequest(url: server.url, maximumResponseBytes: 9))
        #expect(error?.code == .tooLarge)
        #expect(try await client.send(HTTPRequest(url: server.url)).status == 200)
        #expect(await fails(HTTPRequest(url: server.url))?.code == .tooLarge)
    }

    @Test(arguments: [
        HTTPRequest(url: "ftp://127.0.0.1/"), HTTPRequest(url: "not a url"), HTTPRequest(url: "/only/a/path"),
        HTTPRequest(url: "file:///etc/passwd"), HTTPRequest(url: "http://user:word@127.0.0.1/"),
        HTTPRequest(url: "http://127.0.0.1/", headers: [HTTPHeader("A", "b\r\nC: d")]),
        HTTPRequest(url: "http://127.0.0.1/", headers: [HTTPHeader("A\n", "b")]),
        HTTPRequest(method: "GET / HTTP/1.1\r\n", url: "http://127.0.0.1/"),
        HTTPRequest(url: "http://127.0.0.1/\0"),
    ])
    func refusesToSend(_ request: HTTPRequest) async {
        let error = await fails(request)
        #expect(error?.code == .invalidRequest)
        #expect(error?.mayHaveReachedServer == false)
    }

    @Test func saysNoSecrets() async throws {
        let server = try TestServer()
        let actions: [TestReply.Action] = [.reset, .half, .close]
        for action in actions { try await server.reply(TestReply(200, "sesame reply", action: action)) }
        for base in Array(repeating: server.url, count: 3) + ["http://127.0.0.1:1", "ftp://127.0.0.1"] {
            let request = HTTPRequest(
                method: "POST",
                url: base + "/path?token=sesame",
                headers: [HTTPHeader("Authorization", "sesame")],
                body: Array("sesame".utf8)
            )
            let error = try #require(await fails(request))
            #expect(!error.description.contains("sesame"))
            #expect(!"\(error)".contains("sesame"))
        }
    }

    private func fails(_ request: HTTPRequest) async -> HTTPError? {
        await #expect(throws: HTTPError.self) { try await client.send(request) }
    }
}

extension String {
    fileprivate static let long = String(repeating: "x", count: 95_000)
}
