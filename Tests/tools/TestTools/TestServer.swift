import Foundation
import Glibc
import Native

/// A server process for one test, which answers as the test tells it: see `http_server.py`.
public final class TestServer: Sendable {
    /// `http://127.0.0.1:<port>` or the same with `https`, without a slash.
    public let url: String

    private let control: HTTPClient
    private let pid: pid_t
    /// The process also ends when this does, should nobody be left to end it.
    private let input: Int32

    /// Starts the process and returns once it listens.
    ///
    /// - Parameter certificate: A file with a key and its certificate, for TLS. It must be valid for 127.0.0.1
    ///   where the server is to be told anything.
    public init(certificate: String? = nil) throws {
        let (output, itsOutput) = try Subprocess.pipe()
        let (itsInput, input) = try Subprocess.pipe()
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        pid = try Subprocess.start(
            ["/usr/bin/env", "python3", script.appending(path: "http_server.py").path()]
                + (certificate.map { [$0] } ?? []),
            input: .descriptor(itsInput),
            output: .descriptor(itsOutput)
        )
        close(itsInput)
        close(itsOutput)
        self.input = input
        let listening = FileHandle(fileDescriptor: output, closeOnDealloc: true)
        var line = ""
        while !line.hasSuffix("\n") {
            let more = listening.availableData
            if more.isEmpty { break }
            line += String(decoding: more, as: UTF8.self)
        }
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ServerError(message: "the test server printed \(line)")
        }
        url = "\(certificate == nil ? "http" : "https")://127.0.0.1:\(port)"
        control = HTTPClient(HTTPClient.Configuration(certificateAuthorities: certificate))
    }

    deinit {
        close(input)
        kill(pid, SIGKILL)
        Subprocess.wait(for: pid)
    }

    /// Appends to the replies for the next requests.
    public func reply(_ replies: TestReply...) async throws { try await reply(replies) }

    public func reply(_ replies: [TestReply]) async throws {
        _ = try await ask("POST", "replies", Array(JSONEncoder().encode(replies)))
    }

    /// The requests so far, in the order they came.
    public func requests() async throws -> [TestRequest] {
        try JSONDecoder().decode([TestRequest].self, from: Data(try await ask("GET", "requests")))
    }

    /// Returns once `count` requests are held at the same time.
    public func waitUntilHeld(_ count: Int) async throws {
        _ = try await ask("GET", "held?n=\(count)")
    }

    /// Returns once the clients of `count` held requests have gone away.
    public func waitUntilGone(_ count: Int) async throws {
        _ = try await ask("GET", "gone?n=\(count)")
    }

    /// Lets every held request go on.
    public func release() async throws {
        _ = try await ask("POST", "release")
    }

    private func ask(_ method: String, _ path: String, _ body: [UInt8] = []) async throws -> [UInt8] {
        let timeouts = HTTPTimeouts(total: .seconds(600))
        let request = HTTPRequest(
            method: method,
            url: "\(url)/_control/\(path)",
            body: body,
            timeouts: timeouts
        )
        return try await control.send(request).body
    }
}

/// One reply of a `TestServer`.
public struct TestReply: Sendable, Encodable {
    public enum Action: String, Sendable, Encodable {
        case reply, hold, reset, close, half, pause, dribble, closing
    }

    public var status = 200
    public var headers: [[String]] = []
    public var body = ""
    public var body64: String?
    public var action = Action.reply
    /// Seconds between the bytes of a `dribble`.
    public var every: Double?

    public init(
        _ status: Int = 200,
        _ body: String = "",
        headers: [String: String] = [:],
        action: Action = .reply,
        every: Double? = nil
    ) {
        self.status = status
        self.body = body
        self.headers = headers.map { [$0.key, $0.value] }
        self.action = action
        self.every = every
    }

    /// A reply whose body is no text.
    public init(bytes: [UInt8]) {
        body64 = Data(bytes).base64EncodedString()
    }
}

/// One request as the server read it.
public struct TestRequest: Sendable, Decodable {
    public let method: String
    /// Path and query, byte for byte.
    public let target: String
    /// Which of the server's connections it came on, from 1.
    public let connection: Int
    public let headers: [[String]]
    private let body: String

    public var bytes: [UInt8] { Data(base64Encoded: body).map(Array.init) ?? [] }
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The values of all header fields of that name; case does not matter.
    public func header(_ name: String) -> [String] {
        headers.filter { $0[0].lowercased() == name.lowercased() }.map { $0[1] }
    }
}

struct ServerError: Error {
    let message: String
}
