import Promotion
import Testing

/// What an account keeps, as a table: releases are letters in the order they were opened.
@Suite struct PruningTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var held = "abcdefgh"
        var verified = "abcdefgh"
        var serving: Character? = "h"
        var inUse = ""
        var keep = 1
        let removed: String

        init(
            _ name: String,
            held: String = "abcdefgh",
            verified: String = "abcdefgh",
            serving: Character? = "h",
            inUse: String = "",
            keep: Int = 1,
            removed: String
        ) {
            testDescription = name
            self.held = held
            self.verified = verified
            self.serving = serving
            self.inUse = inUse
            self.keep = keep
            self.removed = removed
        }
    }

    @Test(arguments: [
        Case("what serves, its way back, and one more stay", removed: "abcde"),
        Case("three more stay", keep: 3, removed: "abc"),
        Case("more than there are", keep: 100, removed: ""),
        Case("nothing more", keep: 0, removed: "abcdef"),
        Case("what is in use does not count as one of the others", inUse: "ab", removed: "cde"),
        Case("what is in use was perhaps never verified", verified: "bcdefgh", inUse: "a", removed: "bcde"),
        Case("what was never verified goes", verified: "adh", removed: "bcefg"),
        Case(
            "the last one tried stays, for a retry",
            verified: "abcdef",
            serving: "f",
            keep: 0,
            removed: "abcdg"
        ),
        Case("after a rollback both sides stay", serving: "c", keep: 0, removed: "adef"),
        Case("and the newest of the others", serving: "c", keep: 1, removed: "ade"),
        Case("the first release has no way back", serving: "a", keep: 0, removed: "bcdef"),
        Case("nothing known to serve", serving: nil, keep: 0, removed: "abcdef"),
        Case("nothing verified", verified: "", serving: nil, removed: "abcdefg"),
        Case("only what left something goes", held: "bh", removed: "b"),
        Case("nothing left", held: "", removed: ""),
        Case("the only one", held: "a", verified: "a", serving: "a", keep: 0, removed: ""),
    ])
    func whatGoes(_ example: Case) {
        let pruning = Pruning(
            held: example.held.reversed().map(String.init),
            verified: example.verified.reversed().map(String.init),
            serving: example.serving.map(String.init),
            inUse: Set(example.inUse.map(String.init)),
            keep: example.keep
        )
        #expect(pruning.removable == example.removed.reversed().map(String.init))
    }
}
