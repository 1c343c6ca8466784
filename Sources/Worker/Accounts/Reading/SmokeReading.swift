extension Section {
    /// The smoke tests; none where the document says so. `targets` is absent where it cannot be told
    /// what the endpoint serves.
    func smoke(targets: Set<String>?) -> [SmokeTest] {
        if case .scalar(let scalar) = value("smoke")?.content {
            if scalar.text != "none" || scalar.kind != .text {
                source.report(
                    "`smoke` must be a list of smoke tests or `none`, but is \(value("smoke")?.found ?? "")",
                    line: line(of: "smoke")
                )
            }
            return []
        }
        guard let values = list("smoke", mayBeEmpty: true) else { return [] }
        let sections = values.compactMap { Section($0, as: .smoke, in: source) }
        let tests = sections.map { $0.smokeTest(targets: targets) }
        // An entry whose target was reported may be the one that is missing.
        let isWhole =
            sections.count == values.count
            && zip(sections, tests).allSatisfy { section, test in
                test.target != nil || !section.isStated("target")
            }
        if let targets, isWhole, tests.allSatisfy({ $0.target != nil }) {
            // A misspelt target was reported and need not be called missing as well.
            let tested = tests.compactMap(\.target).compactMap { Spelling.nearest(to: $0, in: targets) }
            let missing = targets.subtracting(tested).sorted().map(\.shown)
            if !missing.isEmpty {
                source.report(
                    "`smoke` has no test for \(missing.joined(separator: ", ")): add one, or one without "
                        + "`target` for all, or write `smoke: none`",
                    line: line(of: "smoke")
                )
            }
        }
        return tests
    }

    private func smokeTest(targets: Set<String>?) -> SmokeTest {
        let target = value("target", .target)
        if let target, let targets, !targets.contains(target.value) {
            let hint = Spelling.hint(for: target.value, in: targets.sorted(), listing: "it serves")
            source.report(
                "`target` is \(target.value.shown), which this endpoint does not serve\(hint)",
                line: target.line
            )
        }
        let requests = SmokeTest.Requests(
            contentType: value("contentType", .contentType)?.value ?? "",
            body: .bytes(Array((value("body", .anyText)?.value ?? "").utf8)),
            expect: list("expect", mayBeEmpty: true)?
                .compactMap { Section($0, as: .expectation, in: source)?.expectation() } ?? []
        )
        return SmokeTest(
            target: target?.value,
            question: .requests(requests),
            within: value("within", .invocation)?.value
        )
    }

    private func expectation() -> SmokeTest.Expectation? {
        let pointer = value("pointer", .pointer)
        let (equals, between) = (equals(), between())
        switch (isStated("equals"), isStated("between")) {
        case (true, true):
            source.report("`equals` and `between` exclude each other: keep one", line: line(of: "between"))
        case (false, false):
            source.report("an entry of `expect` needs `equals` or `between`", line: line)
        default: break
        }
        guard let pointer, let check = equals ?? between else { return nil }
        return SmokeTest.Expectation(place: .pointer(pointer.value), check: check)
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

extension Grammar where Value == Duration {
    /// SageMaker ends an invocation that takes longer than a minute.
    fileprivate static var invocation: Grammar {
        .duration(
            .milliseconds(1) ... .seconds(60),
            named: "a duration up to `60s`, which is as long as SageMaker waits"
        )
    }
}
