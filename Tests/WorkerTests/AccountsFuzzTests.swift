import Testing
import Worker

/// Whatever stands in a file, the loader answers: with the folder or with problems that have a file.
@Suite struct AccountsFuzzTests {
    @Test(arguments: 1...8)
    func noTextBringsTheLoaderDown(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<10 {
            var fixture = try Bool.random(using: &random) ? AccountsFixture() : Self.everyKey()
            let file = ["registry.yaml", "staging.yaml", "prod.yaml", "endpoint.yaml"].randomElement(
                using: &random
            )
            let name = try #require(file)
            var text = try Array(#require(fixture[name]).unicodeScalars)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                let end = Int.random(in: place...min(place + 12, text.count), using: &random)
                let piece = try #require(Self.pieces.randomElement(using: &random))
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text.replaceSubrange(place..<end, with: piece.unicodeScalars)
                case 1: text.insert(contentsOf: piece.unicodeScalars, at: place)
                default:
                    text.insert(
                        contentsOf: text[place..<end],
                        at: Int.random(in: 0..<text.count, using: &random)
                    )
                }
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: text)
            fixture[name] = String(view)
            let problems = try fixture.problems()
            #expect(problems.allSatisfy { $0.hasPrefix("accounts") }, "\(fixture[name] ?? "")")
        }
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

    /// A seed says everything: the same one repeats the same run.
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }
}
