import Testing
import Worker

/// Whatever stands in a file, the loader answers: with the folder or with problems that have a file.
@Suite struct AccountsFuzzTests {
    @Test(arguments: 1...8)
    func noTextBringsTheLoaderDown(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<10 {
            var fixture = AccountsFixture()
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

    private static let pieces = [
        "&a ", "*a", "!x ", "!!str ", "<<: ", "? ", "- ", ": ", "\n", "\t", "#", "\"", "'", "|\n", ">\n", "{",
        "}", "[",
        "]", ",", "---\n", "...\n", "%TAG ! x\n", "~", "null", "\u{E000}", "\u{FEFF}", "\u{85}", "\u{2028}",
        "\r",
        "\u{301}", "\u{1F600}", "\"\\ud800\"", "\"\\x00\"", "kind: account\n", "name: x\n", "0x10", ".nan",
        "1e999",
        "2001-01-01", "=", "\u{0}", "\u{7F}",
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
