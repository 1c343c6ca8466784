extension Section {
    /// One entry of a smoke test's `expect`.
    func expectation() -> SmokeTest.Expectation? {
        checkChoice(of: "equals", "between")
        let (place, equals, between) = (place(byDefault: nil), equals(), between())
        guard let place, let check = equals ?? between else { return nil }
        return SmokeTest.Expectation(place: place, check: check)
    }

    /// The place in a reply that `pointer` or `column` names.
    func place(byDefault place: SmokeTest.Place?) -> SmokeTest.Place? {
        let (pointer, column) = (value("pointer", .pointer), value("column", .number(from: 0, to: 9_999)))
        if let place, !isStated("pointer"), !isStated("column") { return place }
        checkChoice(of: "pointer", "column")
        return pointer.map { .pointer($0.value) } ?? column.map { .column($0.value) }
    }

    private func equals() -> SmokeTest.Expectation.Check? {
        let grammar = Grammar<SmokeTest.Expectation.Value>("text, a number, `true` or `false`") {
            scalar throws(Complaint) in
            if scalar.kind == .text { return .text(scalar.text) }
            if let number = SmokeTest.Expectation.number(in: scalar) { return .number(number) }
            switch scalar.text {
            case "true": return .flag(true)
            case "false": return .flag(false)
            default:
                throw Complaint(
                    "is \(scalar.text.shown), which YAML and JSON read differently: quote it if it is text"
                )
            }
        }
        return value("equals", grammar).map { .equals($0.value) }
    }

    private func between() -> SmokeTest.Expectation.Check? {
        guard let values = list("between", mayBeEmpty: true) else { return nil }
        guard values.count == 2 else {
            source.report(
                "`between` must be two numbers, the low end and the high end, but has \(values.count)",
                line: line(of: "between")
            )
            return nil
        }
        let numbers = values.compactMap {
            source.read($0, called: "an entry of `between`", Grammar<Double>.number)
        }
        guard numbers.count == 2 else { return nil }
        let (low, high) = (numbers[0].value, numbers[1].value)
        guard low <= high else {
            source.report(
                "`between` must begin with the low end, but is \(values[0].found) and then \(values[1].found)",
                line: numbers[0].line
            )
            return nil
        }
        return .between(low: low, high: high)
    }
}
