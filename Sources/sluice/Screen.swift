import Ledger

/// Text for people on a terminal.
enum Screen {
    /// Text from outside with its control characters escaped, so that it cannot steer the terminal.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The last part of an ARN: `demand-de/3` of a model package's.
    static func short(_ arn: String) -> String {
        let parts = arn.split(separator: "/")
        return escaped(parts.count > 1 ? parts.dropFirst().joined(separator: "/") : arn)
    }

    static func models(_ models: [String: String]) -> String {
        models.sorted { $0.key < $1.key }.map { "\(escaped($0.key)) = \(short($0.value))" }.joined(
            separator: ", "
        )
    }

    /// Models on one line: many are only counted.
    static func brief(_ models: [String: String]) -> String {
        models.count > 3 ? "\(models.count) models" : Self.models(models)
    }

    /// A release in a few lines: what it is, where it is, and what it waits for.
    static func summary(of release: ReleaseView) -> [String] {
        var lines = ["\(release.id)  #\(release.number)  \(release.state)"]
        lines.append("  models   \(models(release.models))")
        if let reason = release.reason { lines.append("  reason   \(escaped(reason))") }
        if !release.serving.isEmpty { lines.append("  serving  \(release.serving.joined(separator: ", "))") }
        for stage in release.stages {
            let accounts = stage.accounts.map { "\($0.name) \($0.state)" }.joined(separator: ", ")
            lines.append("  \(stage.stage): \(stage.state) (\(accounts))")
            lines += stage.waitingFor.map { "    waits for \(escaped($0))" }
        }
        return lines
    }

    static func table(_ rows: [[String]]) -> [String] {
        let widths = (rows.map(\.count).max().map { 0..<$0 } ?? 0..<0).map { column in
            rows.compactMap { $0.count > column ? $0[column].count : nil }.max() ?? 0
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            // A row whose last cells are empty ends where its text ends.
            let line = cells.joined(separator: "  ")
            return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
        }
    }
}
