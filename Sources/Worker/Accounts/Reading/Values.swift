import Promotion

extension Grammar where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of an enumeration's words.
    static var word: Grammar {
        Grammar(Value.allCases.map(\.rawValue.shown).formatted("or")) { scalar throws(Complaint) in
            scalar.kind == .text ? Value(rawValue: scalar.text) : nil
        }
    }
}

extension Grammar where Value == Bool {
    /// YAML would also take `yes` and `on`, which look like text.
    static var flag: Grammar {
        Grammar("`true` or `false`") { scalar throws(Complaint) in
            switch scalar.isQuoted ? "" : scalar.text {
            case "true": true
            case "false": false
            default: nil
            }
        }
    }
}

extension Grammar where Value == Int {
    /// A whole number written plainly: YAML would also take `010` and `0x10` and mean 8 and 16.
    static func number(from least: Int, to most: Int? = nil) -> Grammar {
        Grammar("a whole number from \(least) \(most.map { "to \($0)" } ?? "on")") {
            scalar throws(Complaint) in
            guard scalar.kind == .integer else { return nil }
            guard scalar.text.wholeMatch(of: /0|[1-9][0-9]{0,8}/) != nil, let number = Int(scalar.text),
                number >= least, number <= most ?? .max
            else { return nil }
            return number
        }
    }

    /// A percentage, `[1-9][0-9]?%`.
    static func percentage(_ range: ClosedRange<Int>) -> Grammar {
        Grammar("a percentage from `\(range.lowerBound)%` to `\(range.upperBound)%`") {
            scalar throws(Complaint) in
            guard let match = scalar.text.wholeMatch(of: /([1-9][0-9]?)%/), let number = Int(match.1)
            else { return nil }
            return range.contains(number) ? number : nil
        }
    }
}

extension Grammar where Value == Double {
    static var number: Grammar {
        Grammar("a number") { scalar throws(Complaint) in SmokeTest.Expectation.number(in: scalar) }
    }

    /// A number that has to be in a range, described in words.
    static func number(_ range: ClosedRange<Double>, named name: String) -> Grammar {
        Grammar(name) { scalar throws(Complaint) in
            SmokeTest.Expectation.number(in: scalar).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Grammar where Value == Duration {
    static func duration(
        _ range: ClosedRange<Duration>? = nil,
        named name: String = "a duration, such as `500ms`, `10m` or `7d`"
    ) -> Grammar {
        Grammar(name) { scalar throws(Complaint) in
            guard let duration = Duration(accounts: scalar.text) else { return nil }
            guard let range, !range.contains(duration) else { return duration }
            return nil
        }
    }

    /// What SageMaker counts in whole seconds.
    static func seconds(_ range: ClosedRange<Int>) -> Grammar {
        let (least, most) = (Duration.seconds(range.lowerBound), Duration.seconds(range.upperBound))
        return Grammar("a duration from `\(least.written)` to `\(most.written)`, in whole seconds") {
            scalar throws(Complaint) in
            guard let duration = Duration(accounts: scalar.text), (least...most).contains(duration),
                duration.components.attoseconds == 0
            else { return nil }
            return duration
        }
    }
}

extension Duration {
    /// Reads `[1-9][0-9]*(ms|s|m|h|d)`, up to a hundred years, past which nobody waits on purpose.
    public init?(accounts text: String) {
        guard let match = text.wholeMatch(of: /([1-9][0-9]{0,14})(ms|s|m|h|d)/), let count = Int64(match.1)
        else { return nil }
        let milliseconds: Int64 =
            switch match.2 {
            case "ms": 1
            case "s": 1_000
            case "m": 60_000
            case "h": 3_600_000
            default: 86_400_000
            }
        guard count <= 36_500 * 86_400_000 / milliseconds else { return nil }
        self = .milliseconds(count * milliseconds)
    }
}

extension SmokeTest.Expectation {
    /// The number a scalar is in both YAML and JSON.
    static func number(in scalar: YAMLValue.Scalar) -> Double? {
        let json = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+\-]?[0-9]+)?/
        guard !scalar.isQuoted, scalar.text.wholeMatch(of: json) != nil, let number = Double(scalar.text),
            number.isFinite
        else { return nil }
        return number
    }
}
