import Promotion

/// The rows of a golden set: what a model is asked, and the right answer to it.
struct GoldenRows: Sendable {
    struct Row: Sendable, Equatable {
        /// The line of the CSV that it begins on, counted from 1.
        let line: Int
        /// The columns besides the label, as one line of CSV.
        let input: [UInt8]
        let label: String
    }

    /// More than that and a check becomes a load test.
    static let most = 10_000

    let rows: [Row]

    /// Reads the CSV. What is wrong with it is nobody's fault but its author's, and bars nothing.
    init(_ set: SmokeTest.GoldenSet, _ content: [UInt8]) throws(FailureError) {
        var reader = CSVReader(content)
        do throws(CSVReader.Malformed) {
            guard let header = try reader.next() else {
                throw CSVReader.Malformed(line: 1, what: "there is no header line")
            }
            let columns = header.fields.indices.filter { header.fields[$0] == set.label }
            guard let label = columns.first, columns.count == 1 else {
                let names = header.fields.prefix(20).map(\.shown).joined(separator: ", ")
                let count = columns.isEmpty ? "no column" : "\(columns.count) columns"
                throw CSVReader.Malformed(
                    line: header.line,
                    what: "there is \(count) \(set.label.shown), the `label`, but \(names)"
                )
            }
            var rows: [Row] = []
            while let record = try reader.next() {
                guard rows.count < Self.most else {
                    throw CSVReader.Malformed(
                        line: record.line,
                        what: "there are more than \(Self.most) rows, and no more are asked"
                    )
                }
                rows.append(try Self.row(record, header.fields, label: label, set.threshold))
            }
            guard !rows.isEmpty else {
                throw CSVReader.Malformed(line: header.line, what: "no row follows the header line")
            }
            self.rows = rows
        } catch {
            throw FailureError(
                .invalid,
                "the golden set \(set.data) cannot be used: \(error). Upload one that can, then retry this release."
            )
        }
    }

    private static func row(
        _ record: CSVReader.Record,
        _ header: [String],
        label: Int,
        _ threshold: SmokeTest.GoldenSet.Threshold
    ) throws(CSVReader.Malformed) -> Row {
        guard record.fields.count == header.count else {
            throw CSVReader.Malformed(
                line: record.line,
                what: "the row has \(record.fields.count) columns, and the header line \(header.count)"
            )
        }
        var input = record.fields
        let answer = input.remove(at: label)
        if threshold.isOfNumbers, Reply.Value.number(answer) == nil {
            throw CSVReader.Malformed(
                line: record.line,
                what: "the `label` is \(answer.shown), and \(threshold.name) needs a number"
            )
        }
        return Row(line: record.line, input: Array(CSVReader.line(of: input).utf8), label: answer)
    }
}

extension SmokeTest.GoldenSet.Threshold {
    /// Whether it measures how far numbers are apart.
    var isOfNumbers: Bool {
        if case .accuracy = self { false } else { true }
    }

    /// The metric's name.
    var name: String {
        switch self {
        case .mae: "MAE"
        case .rmse: "RMSE"
        case .accuracy: "accuracy"
        }
    }
}
