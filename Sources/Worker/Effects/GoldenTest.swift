import Foundation

/// Asks a model every row of a golden set and measures how far its answers are from the right ones.
struct GoldenTest: Sendable {
    let set: SmokeTest.GoldenSet
    let rows: [GoldenRows.Row]

    /// How many rows are asked at a time.
    private static let breadth = 8

    init(_ set: SmokeTest.GoldenSet, _ content: [UInt8]) throws(FailureError) {
        self.set = set
        rows = try GoldenRows(set, content).rows
    }

    /// The evidence that the model is good enough. Throws `Disappointment` where it is not.
    func ask(in interview: inout Interview) async throws -> String {
        // The model is loaded by the first row, and only then asked for several at a time.
        let first = try answer(to: rows[0], try await interview.ask(question(rows[0])))
        let loaded = interview
        let others = try await Array(rows.dropFirst()).concurrentMap(atMost: Self.breadth) { row in
            try answer(to: row, try await loaded.askAgain(question(row)))
        }
        return try judge([first] + others)
    }

    private func question(_ row: GoldenRows.Row) -> SmokeCalls.Question {
        SmokeCalls.Question(contentType: "text/csv", accept: [set.prediction].accept, body: row.input)
    }

    /// What the model answered to one row.
    struct Answer: Sendable, Equatable {
        let row: GoldenRows.Row
        /// The prediction as a sentence quotes it.
        let prediction: String
        /// How far it is off: the distance of numbers, or else 0 for the label and 1 for anything else.
        let error: Double
    }

    func answer(to row: GoldenRows.Row, _ body: [UInt8]) throws(Disappointment) -> Answer {
        do throws(Disappointment) {
            let value = try Reply(body, for: [set.prediction]).value(at: set.prediction)
            let error: Double
            if set.threshold.isOfNumbers {
                guard let number = value.number else {
                    throw Disappointment("has no number \(set.prediction), but \(value.shown)")
                }
                error = abs(number - (Reply.Value.number(row.label) ?? .infinity))
            } else {
                error = value.isLabel(row.label) ? 0 : 1
            }
            return Answer(row: row, prediction: value.shown, error: error)
        } catch {
            throw Disappointment("\(error.sentence), for line \(row.line) of the golden set \(set.data)")
        }
    }

    /// The evidence in all answers together.
    func judge(_ answers: [Answer]) throws(Disappointment) -> String {
        let count = Double(answers.count)
        let value: Double
        let limit: Double
        let isGood: Bool
        switch set.threshold {
        case .mae(let most):
            value = answers.reduce(0) { $0 + $1.error } / count
            (limit, isGood) = (most, value <= most)
        case .rmse(let most):
            value = (answers.reduce(0) { $0 + $1.error * $1.error } / count).squareRoot()
            (limit, isGood) = (most, value <= most)
        case .accuracy(let least):
            value = Double(answers.count { $0.error == 0 }) / count
            (limit, isGood) = (least, value >= least)
        }
        let (shownValue, shownLimit) = Self.texts(value, limit)
        let rows = "\(answers.count) row\(answers.count == 1 ? "" : "s")"
        if isGood {
            let sign = set.threshold.isOfNumbers ? "≤" : "≥"
            return "golden set \(rows), \(set.threshold.name) \(shownValue) \(sign) \(shownLimit)"
        }
        let worst = answers.dropFirst().reduce(answers[0]) { $1.error > $0.error ? $1 : $0 }
        throw Disappointment(
            "has \(set.threshold.name) \(shownValue) over the \(rows) of the golden set \(set.data), and "
                + "\(set.threshold.isOfNumbers ? "at most" : "at least") \(shownLimit) is asked; for line "
                + "\(worst.row.line) it answered \(worst.prediction), and \(worst.row.label.shown) is right"
        )
    }

    /// Two numbers with six digits, or with all where six do not tell them apart.
    private static func texts(_ value: Double, _ limit: Double) -> (String, String) {
        let short = (String(format: "%.6g", value), String(format: "%.6g", limit))
        return short.0 == short.1 && value != limit ? ("\(value)", "\(limit)") : short
    }
}

extension Reply.Value {
    /// Whether the value is the label: the same text, or the same number written in another way.
    fileprivate func isLabel(_ label: String) -> Bool {
        if text == label || flag.map({ "\($0)" }) == label { return true }
        guard let number = number ?? text.flatMap(Self.number) else { return false }
        return number == Self.number(label)
    }
}
