import Foundation
import Testing

@testable import AWS

private let casesFile = ProcessInfo.processInfo.environment["SLUICE_SIGV4_CASES"]

/// Random requests signed by botocore, written by `sigv4_cases.py`.
@Suite(.enabled(if: casesFile != nil, "SLUICE_SIGV4_CASES names no file"))
struct SigV4RandomTests {
    private struct Expected: Decodable {
        let authorization: String
    }

    @Test func signsAsBotocoreDoes() throws {
        let lines = try String(contentsOfFile: #require(casesFile), encoding: .utf8).split(separator: "\n")
        try #require(lines.count >= 1000)
        for line in lines {
            let data = Data(line.utf8)
            let request = try JSONDecoder().decode(SigningCase.self, from: data)
            let expected = try JSONDecoder().decode(Expected.self, from: data).authorization
            let signed = try Signing.sign(request)
            try #require(signed["Authorization"] == expected, "\(line)")
        }
    }
}
