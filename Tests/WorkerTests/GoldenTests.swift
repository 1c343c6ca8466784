import Promotion
import Testing

@testable import Worker

/// What a golden set asks and how a model's answers to it are measured.
@Suite struct GoldenTests {
    private static let data = SmokeTest.S3Object(bucket: "b", key: "golden.csv")

    @Test func theLabelIsNoInput() throws {
        let rows = try Self.rows("x,price,\"y z\"\n1,10,2\n\"a,b\",20,\n", .accuracy(atLeast: 1))
        #expect(
            rows == [
                .init(line: 2, input: Array("1,2".utf8), label: "10"),
                .init(line: 3, input: Array("\"a,b\",".utf8), label: "20"),
            ]
        )
    }

    @Test(
        arguments: [
            ("", "line 1: there is no header line"), ("x,price", "line 1: no row follows the header line"),
            ("x,y\n1,2", "line 1: there is no column `price`, the `label`, but `x`, `y`"),
            ("price,price\n1,2", "line 1: there is 2 columns `price`, the `label`, but `price`, `price`"),
            ("x,price\n1,2\n\n3\n", "line 4: the row has 1 columns, and the header line 2"),
            ("x,price\n1,cheap", "line 2: the `label` is `cheap`, and MAE needs a number"),
            ("x,price\n1,NaN", "line 2: the `label` is `NaN`, and MAE needs a number"),
            ("x,price\n1,2\n\"", "line 3: a quoted field does not end"),
        ]
    )
    func aSetThatCannotBeUsedIsNoModelsFault(_ text: String, _ why: String) {
        let error = #expect(throws: FailureError.self) { try Self.rows(text, .mae(atMost: 1)) }
        #expect(
            error?.failure
                == Failure(
                    .invalid,
                    "the golden set s3://b/golden.csv cannot be used: \(why). Upload one that can, then retry this release."
                )
        )
    }

    @Test func tenThousandRowsAreAskedAndNoMore() throws {
        let most = "price\n" + String(repeating: "1\n", count: 10_000)
        #expect(try Self.rows(most, .mae(atMost: 1)).count == 10_000)
        let error = #expect(throws: FailureError.self) { try Self.rows(most + "1\n", .mae(atMost: 1)) }
        #expect(error?.failure.sentence.contains("line 10002: there are more than 10000 rows") == true)
    }

    /// The errors are 1, 0 and 3: a mean of 4/3 and a mean of squares of 10/3.
    @Test(
        arguments: [
            (.mae(atMost: 2), "golden set 3 rows, MAE 1.33333 ≤ 2"),
            (.rmse(atMost: 2), "golden set 3 rows, RMSE 1.82574 ≤ 2"),
            (.accuracy(atLeast: 0.25), "golden set 3 rows, accuracy 0.333333 ≥ 0.25"),
        ] as [(SmokeTest.GoldenSet.Threshold, String)]
    )
    func aGoodModelLeavesEvidence(_ threshold: SmokeTest.GoldenSet.Threshold, _ evidence: String) throws {
        #expect(try Self.judge(threshold) == evidence)
    }

    @Test(
        arguments: [
            (
                .mae(atMost: 1.333), "MAE 1.33333 over the 3 rows", "at most 1.333 is asked",
                "line 4 it answered `33`, and `30` is right"
            ),
            (
                .rmse(atMost: 0), "RMSE 1.82574 over the 3 rows", "at most 0 is asked",
                "line 4 it answered `33`, and `30` is right"
            ),
            (
                .accuracy(atLeast: 0.3333334), "accuracy 0.3333333333333333 over",
                "at least 0.3333334 is asked",
                "line 2 it answered `11`, and `10` is right"
            ),
        ] as [(SmokeTest.GoldenSet.Threshold, String, String, String)]
    )
    func aBadModelIsToldWithNumbersAndALine(
        _ threshold: SmokeTest.GoldenSet.Threshold,
        _ value: String,
        _ limit: String,
        _ line: String
    ) throws {
        let error = #expect(throws: Disappointment.self) { try Self.judge(threshold) }
        let sentence = try #require(error?.sentence)
        for part in [value, limit, line, "the golden set s3://b/golden.csv"] {
            #expect(sentence.contains(part))
        }
    }

    @Test(arguments: ["", "nan", "inf", "none"])
    func aPredictionThatIsNoNumberIsAFailure(_ prediction: String) throws {
        let error = #expect(throws: Disappointment.self) {
            try Self.judge(.rmse(atMost: 1e300), predictions: ["10", prediction, "30"])
        }
        #expect(error?.sentence.hasSuffix("for line 3 of the golden set s3://b/golden.csv") == true)
    }

    @Test(arguments: [
        ("1", "1.0", true), ("1.0", "1", true), ("yes", "yes", true), ("yes", "Yes", false), ("", "", false),
    ])
    func aLabelMayBeTextOrANumber(_ label: String, _ prediction: String, _ isRight: Bool) throws {
        let test = try Self.test("x,price\n0,\"\(label)\"", .accuracy(atLeast: 1))
        if prediction.isEmpty {
            #expect(throws: Disappointment.self) { try test.answer(to: test.rows[0], []) }
        } else {
            let answer = try test.answer(to: test.rows[0], Array(prediction.utf8))
            #expect(answer.error == (isRight ? 0 : 1))
        }
    }

    @Test func aPredictionMayStandInJSON() throws {
        let set = SmokeTest.GoldenSet(
            data: Self.data,
            label: "price",
            threshold: .accuracy(atLeast: 1),
            prediction: .pointer("/p")
        )
        let labels = [("3", "3.0"), ("de", "\"de\""), ("3", "\"3.0\""), ("true", "true")]
        for (label, prediction) in labels {
            let test = try GoldenTest(set, Array("price\n\(label)".utf8))
            let answer = try test.answer(to: test.rows[0], Array("{\"p\": \(prediction)}".utf8))
            #expect(answer.error == 0, "\(label) is \(prediction)")
        }
    }

    private static func set(_ threshold: SmokeTest.GoldenSet.Threshold) -> SmokeTest.GoldenSet {
        .init(data: data, label: "price", threshold: threshold, prediction: .column(0))
    }

    private static func rows(
        _ text: String,
        _ threshold: SmokeTest.GoldenSet.Threshold
    ) throws -> [GoldenRows.Row] {
        try GoldenRows(set(threshold), Array(text.utf8)).rows
    }

    private static func test(
        _ text: String,
        _ threshold: SmokeTest.GoldenSet.Threshold
    ) throws -> GoldenTest {
        try GoldenTest(set(threshold), Array(text.utf8))
    }

    private static func judge(
        _ threshold: SmokeTest.GoldenSet.Threshold,
        predictions: [String] = ["11", "20.0", "33"]
    ) throws -> String {
        let test = try test("x,price\n1,10\n2,20\n3,30\n", threshold)
        return try test.judge(
            zip(test.rows, predictions).map { try test.answer(to: $0, Array($1.utf8)) }
        )
    }
}
