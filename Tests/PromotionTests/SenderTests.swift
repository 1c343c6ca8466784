import Promotion
import Testing

/// Who a sender is and which patterns name them.
@Suite struct SenderTests {
    @Test func allSessionsOfARoleAreOnePerson() {
        #expect(Sender("AROAEXAMPLEID:ann").person == Sender("AROAEXAMPLEID:bob").person)
        #expect(Sender("AROAEXAMPLEID:ann").session == "ann")
        #expect(Sender("AROAEXAMPLEID:a:b").session == "a:b")
        #expect(Sender("AIDAEXAMPLEID").person == "AIDAEXAMPLEID")
        #expect(Sender("AIDAEXAMPLEID").session == nil)
        #expect(Sender("").person == "")
    }

    @Test(arguments: [
        ("AIDAEXAMPLEID", "AIDAEXAMPLEID"), ("AROAEXAMPLEID:*", "AROAEXAMPLEID:ann"),
        ("AROAEXAMPLEID:*", "AROAEXAMPLEID:a:b"), ("AROAEXAMPLEID:ann", "AROAEXAMPLEID:ann"),
        ("AROAEXAMPLEID:a*n", "AROAEXAMPLEID:an"), ("AROAEXAMPLEID:a*n", "AROAEXAMPLEID:annan"),
        ("AROAEXAMPLEID:?nn", "AROAEXAMPLEID:ann"),
        ("AROAEXAMPLEID:*@acme.com", "AROAEXAMPLEID:ann@acme.com"),
        ("AROAEXAMPLEID:*a*b*", "AROAEXAMPLEID:xaxabx"), ("AROAEXAMPLEID:*aab", "AROAEXAMPLEID:aaab"),
        ("AROAEXAMPLEID:**", "AROAEXAMPLEID:x"),
    ])
    func matches(_ pattern: String, _ sender: String) throws {
        #expect(try SenderPattern(pattern).matches(Sender(sender)))
    }

    @Test(arguments: [
        ("AIDAEXAMPLEID", "AIDAEXAMPLEIDS"), ("AIDAEXAMPLEID", "AIDAEXAMPLEID:ann"),
        ("AIDAEXAMPLEID", "aidaexampleid"),
        ("AROAEXAMPLEID:*", "AROAEXAMPLEID"), ("AROAEXAMPLEID:*", "AROAANOTHER:ann"),
        ("AROAEXAMPLEID:ann", "AROAEXAMPLEID:Ann"), ("AROAEXAMPLEID:ann", "AROAEXAMPLEID:anna"),
        ("AROAEXAMPLEID:a?", "AROAEXAMPLEID:a"), ("AROAEXAMPLEID:a*n", "AROAEXAMPLEID:anna"),
        ("AROAEXAMPLEID:a.n", "AROAEXAMPLEID:ann"), ("AROAEXAMPLEID:*", "111111111111"),
        ("AROAEXAMPLEID:*", ""),
    ])
    func doesNotMatch(_ pattern: String, _ sender: String) throws {
        #expect(try !SenderPattern(pattern).matches(Sender(sender)))
    }

    /// A name chosen to make a naive glob try every way there is.
    @Test func aGlobIsNotABomb() throws {
        let pattern = try SenderPattern("AROAEXAMPLEID:" + String(repeating: "*a", count: 31) + "b")
        #expect(!pattern.matches(Sender("AROAEXAMPLEID:" + String(repeating: "a", count: 20_000))))
    }

    @Test(arguments: [
        "AIDAABCD", "AROA0123:*", "AIDA" + String(repeating: "Z", count: 124), "AROAEXAMPLEID:a_+=,.@-?",
    ])
    func isAPattern(_ text: String) throws {
        #expect(try SenderPattern(text).text == text)
        #expect(try SenderPattern(text).person == text.prefix { $0 != ":" })
    }

    @Test(arguments: [
        ("", SenderPattern.Problem.notAnID("")), ("*", .wildcardInID("*")),
        ("AROA*:x", .wildcardInID("AROA*:x")),
        ("AIDAEXAMPLE?", .wildcardInID("AIDAEXAMPLE?")), ("AIDAABC", .notAnID("AIDAABC")),
        ("AIDAexample", .notAnID("AIDAexample")), ("ASIAEXAMPLEID", .notAnID("ASIAEXAMPLEID")),
        ("AIDA" + String(repeating: "Z", count: 125), .notAnID("AIDA" + String(repeating: "Z", count: 125))),
        ("AROAEXAMPLEID", .roleWithoutSession("AROAEXAMPLEID")),
        ("AROAEXAMPLEID:", .notASession("AROAEXAMPLEID:")),
        ("AROAEXAMPLEID:a b", .notASession("AROAEXAMPLEID:a b")),
        ("AIDAEXAMPLEID:*", .sessionOfUser("AIDAEXAMPLEID:*")),
    ])
    func isNoPattern(_ text: String, _ problem: SenderPattern.Problem) {
        #expect(throws: problem) { try SenderPattern(text) }
    }

    @Test func aProblemSaysWhatWouldBeRight() {
        #expect(
            SenderPattern.Problem.roleWithoutSession("AROAX").description
                == "`AROAX` names a role without its sessions: write `AROAX:*` for all of them"
        )
    }
}
