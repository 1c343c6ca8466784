extension Section {
    /// The smoke tests; none where the document says so. `targets` is absent where it cannot be told
    /// what the endpoint serves.
    func smoke(of serves: EndpointDocument.Serves?, targets: Set<String>?) -> [SmokeTest] {
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
        let tests = sections.map { $0.smokeTest(of: serves, targets: targets) }
        // An entry whose target was reported may be the one that is missing.
        let isWhole =
            sections.count == values.count
            && zip(sections, tests).allSatisfy { section, test in
                test.target != nil || !section.isStated("target")
            }
        // The entries of a single-model endpoint name no target.
        let isForAll = serves == .singleModel && !tests.isEmpty
        if let targets, isWhole, !isForAll, tests.allSatisfy({ $0.target != nil }) {
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

    private func smokeTest(of serves: EndpointDocument.Serves?, targets: Set<String>?) -> SmokeTest {
        let target = value("target", .target)
        if let target, serves == .singleModel {
            source.report(
                "`target` is \(target.value.shown), but a single-model endpoint has no targets: leave it out",
                line: target.line
            )
        } else if let target, let targets, !targets.contains(target.value) {
            let hint = Spelling.hint(for: target.value, in: targets.sorted(), listing: "it serves")
            source.report(
                "`target` is \(target.value.shown), which this endpoint does not serve\(hint)",
                line: target.line
            )
        }
        return SmokeTest(
            target: target?.value,
            question: question(),
            within: value("within", .invocation)?.value
        )
    }

    private func question() -> SmokeTest.Question {
        if isStated("golden") {
            for key in Self.keysOfRequests where value("golden") != nil && value(key) != nil {
                source.report(
                    "`\(key)` is for a request, but `golden` makes its own from the rows of its data: leave "
                        + "`\(key)` out, or make it an entry of its own",
                    line: line(of: key)
                )
            }
            return golden().map { .golden($0) }
                ?? .requests(SmokeTest.Requests(contentType: "", body: .bytes([])))
        }
        if !isStated("contentType") {
            source.report("`contentType` is missing: a request needs it", line: line)
        }
        return .requests(
            SmokeTest.Requests(
                contentType: value("contentType", .contentType)?.value ?? "",
                body: body() ?? .bytes([]),
                invocations: value("invocations", .number(from: 1, to: 100))?.value,
                expect: list("expect", mayBeEmpty: true)?
                    .compactMap { Section($0, as: .expectation, in: source)?.expectation() } ?? []
            )
        )
    }

    private static let keysOfRequests = ["contentType", "body", "bodyFrom", "expect", "invocations"]

    private func golden() -> SmokeTest.GoldenSet? {
        guard let golden = section("golden", as: .golden) else { return nil }
        golden.checkChoice(of: "mae", "rmse", "accuracy")
        let data = golden.value("data", .object)
        let label = golden.value("label", .column)
        let mae = golden.value("mae", .error).map { SmokeTest.GoldenSet.Threshold.mae(atMost: $0.value) }
        let rmse = golden.value("rmse", .error).map { SmokeTest.GoldenSet.Threshold.rmse(atMost: $0.value) }
        let accuracy = golden.value("accuracy", .share).map {
            SmokeTest.GoldenSet.Threshold.accuracy(atLeast: $0.value)
        }
        let place = golden.place(byDefault: .column(0))
        guard let data, let label, let threshold = mae ?? rmse ?? accuracy, let place else { return nil }
        return SmokeTest.GoldenSet(
            data: data.value,
            label: label.value,
            threshold: threshold,
            prediction: place
        )
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

extension Grammar where Value == Double {
    fileprivate static var error: Grammar {
        .number(0...Double.greatestFiniteMagnitude, named: "a number from 0 on, the largest error allowed")
    }

    /// A threshold of nothing would pass whatever comes.
    fileprivate static var share: Grammar {
        .number(
            Double.leastNonzeroMagnitude...1,
            named: "a number above 0 and up to 1, the share of rows that are right"
        )
    }
}

extension Grammar where Value == String {
    fileprivate static var column: Grammar {
        .text("the name of a column, 1 to 256 characters") { name in
            (1...256).contains(name.unicodeScalars.count) ? name : nil
        }
    }
}
