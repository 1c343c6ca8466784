import TestTools
import Testing

@testable import Worker

/// Whatever a model answers, and whatever a golden set holds: a value, or a sentence that is not long.
@Suite struct AnswerFuzzTests {
    @Test(.timeLimit(.minutes(60))) func noAnswerBringsTheJudgeDown() throws {
        let good = [
            #"{"score":0.5,"count":3,"name":"de","ok":true,"nothing":null,"list":[{"a/b":1}]}"#,
            "0.50,\"a, \"\"b\"\"\",True,, -3 \r\n9,9,9,9,9\n", "42",
        ].map { Array($0.utf8) }
        let places: [SmokeTest.Place] = [
            .pointer(""), .pointer("/score"), .pointer("/list/0/a~1b"), .column(0), .column(3),
        ]
        let checks: [SmokeTest.Expectation.Check] = [
            .between(low: 0, high: 100), .equals(.number(1)), .equals(.text("de")), .equals(.flag(true)),
        ]
        var fuzz = Fuzz("answers", usual: 2000, seed: 1)
        while let bytes = fuzz.next(from: good) {
            for place in places {
                let check = try #require(checks.randomElement(using: &fuzz.garbler))
                do throws(Disappointment) {
                    try Reply.check(bytes, [.init(place: place, check: check)])
                } catch {
                    #expect(!error.sentence.isEmpty && error.sentence.utf8.count < 2000)
                }
            }
        }
        #expect(fuzz.trouble == nil)
    }

    @Test(.timeLimit(.minutes(60))) func noTableBringsItsReaderDown() throws {
        let good = [
            "a,b\n1,2\n3,4\n", "\"a,\"\"b\"\"\r\nc\",d\n", "x\n" + String(repeating: "1\n", count: 50),
        ]
        var fuzz = Fuzz("tables", usual: 2000, seed: 2)
        while let bytes = fuzz.next(from: good.map { Array($0.utf8) }) {
            var reader = CSVReader(bytes)
            var records = 0
            do {
                while try reader.next() != nil { records += 1 }
            } catch {
                #expect("\(error)".utf8.count < 2000)
            }
            #expect(records <= bytes.count, "each record takes a byte at the least")
        }
        #expect(fuzz.trouble == nil)
    }
}
