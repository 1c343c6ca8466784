import TestTools
import Testing
import Worker

/// Whatever stands in a file, the loader answers: with the folder or with problems that have a file.
@Suite struct AccountsFuzzTests {
    @Test(.timeLimit(.minutes(60)), arguments: ["registry.yaml", "staging.yaml", "endpoint.yaml", "row.csv"])
    func noFileBringsTheLoaderDown(_ file: String) throws {
        var fixture = try Self.everyKey()
        let good = [try Array(#require(fixture[file]).utf8)]
        let seed = file.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }
        var fuzz = Fuzz("accounts-\(file)", usual: 120, seed: seed, part: 4)
        while var bytes = fuzz.next(from: good) {
            if Bool.random(using: &fuzz.garbler) {
                let place = Int.random(in: 0...bytes.count, using: &fuzz.garbler)
                let piece = try #require(Self.pieces.randomElement(using: &fuzz.garbler))
                bytes.insert(contentsOf: piece.utf8, at: place)
            }
            fixture.replace(file, with: bytes)
            let problems = try fixture.problems()
            #expect(
                problems.allSatisfy { $0.hasPrefix("accounts") && $0.utf8.count < 4096 },
                "\(String(decoding: bytes.prefix(500), as: UTF8.self)): \(problems)"
            )
            #expect(problems.joined().utf8.count < 100_000)
        }
        #expect(fuzz.trouble == nil)
    }

    /// Most keys there are, so that their values are garbled too.
    private static func everyKey() throws -> AccountsFixture {
        var fixture = AccountsFixture()
        try fixture.replace(
            "      expires: 7d",
            with: """
                      expires: 7d
                      namedSessions: ["AROAEXAMPLEID:*"]
                      requiredGroup: [AIDAEXAMPLEID]
                      notRequester: true
                      instructions: Look.
                      remindEvery: 1d
                      alarms: [a, b]
                      insufficientData: ok
                      windows: {zone: UTC, allow: ["Mon-Thu 09:00-16:00"], deny: ["2026-12-20/2027-01-03"]}
                      checks: [{check: a, senders: [AIDAEXAMPLEID]}]
                      mayOverride: ["AROAEXAMPLEID:a*b?"]
                    lag: 1h
                    traffic: {linear: 10%, wait: 10m, alarms: [a], maximumExecution: 8h, terminationWait: 5m}
                """,
            in: "endpoint.yaml"
        )
        try fixture.replace(
            "[AIDAEXAMPLEID]\n",
            with: "[AIDAEXAMPLEID, \"AROAEXAMPLEID:*\"]\n",
            in: "endpoint.yaml"
        )
        try fixture.replace(
            "count: 1}",
            with: "count: 2}\nkeep: 3\nadopt: true\nonRejection: hold",
            in: "endpoint.yaml"
        )
        try fixture.replace(
            "stages:",
            with: """
                  - {contentType: text/csv, bodyFrom: row.csv, invocations: 3, expect: [{column: 0, equals: 1}]}
                  - golden: {data: s3://acme/k.csv, label: y, mae: 1.5, pointer: /a}
                stages:
                """,
            in: "endpoint.yaml"
        )
        fixture["row.csv"] = "1"
        return fixture
    }

    @Test func whatIsGarbledWasGood() throws {
        #expect(try Self.everyKey().problems() == [])
    }

    private static let pieces = [
        "&a ", "*a", "!x ", "!!str ", "<<: ", "? ", "- ", ": ", "\n", "\t", "#", "\"", "'", "|\n", ">\n", "{",
        "}", "[",
        "]", ",", "---\n", "...\n", "%TAG ! x\n", "~", "null", "\u{E000}", "\u{FEFF}", "\u{85}", "\u{2028}",
        "\r",
        "\u{301}", "\u{1F600}", "\"\\ud800\"", "\"\\x00\"", "kind: account\n", "name: x\n", "0x10", ".nan",
        "1e999",
        "2001-01-01", "=", "\u{0}", "\u{7F}", "99", "%", "-", "*", "24:00",
    ]
}
