import Foundation
import Native
import TestTools
import Testing

@Suite struct TLSTests {
    @Test func trustsTheGivenAuthority() async throws {
        let certificate = try Certificate(name: "IP:127.0.0.1")
        defer { withExtendedLifetime(certificate) {} }
        let server = try TestServer(certificate: certificate.file)
        let client = HTTPClient(
            HTTPClient.Configuration(
                certificateAuthorities: certificate.file,
                maximumIdleTime: .seconds(3600)
            )
        )
        let body = Array(repeating: UInt8(ascii: "x"), count: 200_000)
        for isReused in [false, true, true] {
            let request = HTTPRequest(method: "POST", url: server.url, body: body, isRepeatable: false)
            let response = try await client.send(request)
            #expect(response.body == body)
            #expect(response.connectionReused == isReused)
        }
    }

    @Test func trustsNobodyElse() async throws {
        let certificate = try Certificate(name: "IP:127.0.0.1")
        defer { withExtendedLifetime(certificate) {} }
        let server = try TestServer(certificate: certificate.file)
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().send(HTTPRequest(method: "POST", url: server.url, body: [1]))
        }
        #expect(error?.code == .tls)
        #expect(error?.mayHaveReachedServer == false)
        #expect(error?.description.contains("certificate") == true)
        #expect(try await server.requests().isEmpty)
    }

    @Test func wantsTheRightName() async throws {
        let certificate = try Certificate(name: "DNS:elsewhere.example")
        defer { withExtendedLifetime(certificate) {} }
        let server = try TestServer(certificate: certificate.file)
        let client = HTTPClient(HTTPClient.Configuration(certificateAuthorities: certificate.file))
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(url: server.url))
        }
        #expect(error?.code == .tls)
    }
}

/// A key and a certificate it signs itself, in a file that is removed with the value.
private final class Certificate: Sendable {
    let file: String

    init(name: String) throws {
        file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).pem").path()
        let certify = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=test",
            "-addext", "subjectAltName=\(name)", "-keyout", file, "-out", file + ".crt",
        ]
        _ = try Subprocess.run(["/usr/bin/env"] + certify, errors: .nowhere)
        let certificate = try String(contentsOfFile: file + ".crt", encoding: .utf8)
        let key = try String(contentsOfFile: file, encoding: .utf8)
        try FileManager.default.removeItem(atPath: file + ".crt")
        try (key + certificate).write(toFile: file, atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: file) }
}
