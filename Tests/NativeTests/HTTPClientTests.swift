import Foundation
import Glibc
import Native
import TestTools
import Testing

@Suite struct HTTPClientTests {
    @Test func sendsExactlyWhatIsWritten() async throws {
        let server = try TestServer()
        let client = HTTPClient.patient
        let target = "/a//b/../c~d%20e%2Bf%25.json?uploads&x=%2F&x=&y=a+b"
        let headers = [HTTPHeader("X-One", "1"), HTTPHeader("x-two", "a  b"), HTTPHeader("X-Empty", "")]
        let response = try await client.send(
            HTTPRequest(
                method: "POST",
                url: server.url + target,
                headers: headers,
                body: Array("body\0é".utf8)
            )
        )
        #expect(response.status == 200)
        #expect(response.body == Array("body\0é".utf8))

        let request = try #require(try await server.requests().first)
        #expect(request.method == "POST")
        #expect(request.target == target)
        #expect(request.bytes == Array("body\0é".utf8))
        #expect(request.header("x-one") == ["1"])
        #expect(request.header("x-two") == ["a  b"])
        #expect(request.header("x-empty") == [""])
        let names = Set(request.headers.map { $0[0].lowercased() })
        #expect(names == ["host", "user-agent", "content-length", "x-one", "x-two", "x-empty"])
    }

    @Test(arguments: ["GET", "HEAD", "PUT", "POST", "DELETE"])
    func speaksTheMethodWithoutABody(_ method: String) async throws {
        let server = try TestServer()
        let client = HTTPClient.patient
        try await server.reply(TestReply(204, headers: ["X-Reply": "yes"]), TestReply(200, "abc"))
        let response = try await client.send(HTTPRequest(method: method, url: server.url))
        #expect(response.status == 204)
        #expect(response.header("x-REPLY") == "yes")
        // The connection is still in step afterwards.
        let next = try await client.send(HTTPRequest(url: server.url + "/next"))
        #expect(next.body == Array("abc".utf8))
        #expect(next.connectionReused)

        let request = try #require(try await server.requests().first)
        #expect(request.method == method)
        #expect(request.target == "/")
        let hasLength = method == "PUT" || method == "POST"
        #expect(request.header("Content-Length") == (hasLength ? ["0"] : []))
    }

    @Test func headDoesNotWaitForABody() async throws {
        let server = try TestServer()
        let client = HTTPClient.patient
        try await server.reply(TestReply(200, "", headers: ["Content-Length": "123456789012"]))
        let response = try await client.send(HTTPRequest(method: "HEAD", url: server.url))
        #expect(response.header("Content-Length") == "123456789012")
        #expect(response.body.isEmpty)
    }

    @Test func sendsALargeBodyAtOnce() async throws {
        let server = try TestServer()
        let client = HTTPClient.patient
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for isRepeatable in [true, false] {
            let request = HTTPRequest(method: "POST", url: server.url, body: body, isRepeatable: isRepeatable)
            #expect(try await client.send(request).body == body)
        }
        for request in try await server.requests() { #expect(request.header("Expect") == []) }
    }

    @Test func keepsConnectionsAlive() async throws {
        let server = try TestServer()
        let client = HTTPClient.patient
        var reused: [Bool] = []
        for _ in 0..<20 {
            reused.append(try await client.send(HTTPRequest(url: server.url)).connectionReused)
        }
        #expect(reused == [false] + Array(repeating: true, count: 19))
        #expect(Set(try await server.requests().map(\.connection)) == [1])
    }

    @Test func returnsEveryStatusAndFollowsNothing() async throws {
        let server = try TestServer()
        let client = HTTPClient.patient
        try await server.reply(
            TestReply(301, "moved", headers: ["Location": "/elsewhere"]),
            TestReply(500, "broken")
        )
        #expect(try await client.send(HTTPRequest(url: server.url)).status == 301)
        #expect(try await client.send(HTTPRequest(url: server.url)).status == 500)
        #expect(try await server.requests().count == 2)
    }

    @Test func aThousandWaitingRequestsCostNoThreads() async throws {
        let server = try TestServer()
        let client = HTTPClient.patient
        let count = 1000
        try raiseOpenFileLimit()
        try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
            for index in 0..<count { try await server.reply(TestReply(200, "\(index)", action: .hold)) }
            for _ in 0..<count { group.addTask { try await client.send(HTTPRequest(url: server.url)) } }
            try await server.waitUntilHeld(count)
            // The whole process is counted, with the ledgers and servers of the tests beside this one, which
            // has been above a hundred on a busy machine. A thread each would be a thousand more.
            #expect(try threadCount() < count / 2)
            try await server.release()
            var bodies: Set<String> = []
            for try await response in group { bodies.insert(String(decoding: response.body, as: UTF8.self)) }
            #expect(bodies.count == count)
        }
    }

    @Test func shutdownEndsWhatIsUnderWay() async throws {
        let server = try TestServer()
        let client = HTTPClient.patient
        try await server.reply(TestReply(action: .hold))
        let held = Task { try await client.send(HTTPRequest(url: server.url)) }
        try await server.waitUntilHeld(1)
        await client.shutdown()
        await #expect(throws: HTTPError.self) { try await held.value }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(url: server.url))
        }
        #expect(error?.code == .shutDown)
        await client.shutdown()
    }

    @Test func aDroppedClientClosesItsConnections() async throws {
        let server = try TestServer()
        try await server.reply(TestReply(200, action: .closing), TestReply(200))
        for _ in 0..<2 { _ = try await HTTPClient().send(HTTPRequest(url: server.url)) }
        #expect(try await server.requests().count == 2)
    }
}

/// A thousand connections are more than a process may open where nobody raised the limit.
private func raiseOpenFileLimit() throws {
    var limit = rlimit()
    try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
    limit.rlim_cur = limit.rlim_max
    try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
}

/// The number of threads of this process.
private func threadCount() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Threads:") }
    return try #require(line.flatMap { Int($0.dropFirst(8).trimmingCharacters(in: .whitespaces)) })
}
