import Promotion

/// Reads a stage's `traffic`, within the bounds of SageMaker's
/// [DeploymentConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html).
extension Section {
    /// The stage's traffic, where it says any; `count` is how many instances it starts with, if known.
    func traffic(count: Int?) -> TrafficDocument? {
        guard let traffic = section("traffic", as: .traffic) else { return nil }
        let shift = traffic.shift()
        let wait = traffic.value("wait", .seconds(1...3_600))
        let alarms = traffic.list("alarms", of: .alarm, atMost: 10)
        let maximumExecution = traffic.value("maximumExecution", .seconds(600...28_800))
        let terminationWait = traffic.value("terminationWait", .seconds(1...3_600))
        guard let shift else { return nil }
        let document = TrafficDocument(
            shift: shift.value,
            wait: wait?.value ?? .zero,
            alarms: alarms?.map(\.value) ?? [],
            maximumExecution: maximumExecution?.value,
            terminationWait: terminationWait?.value ?? .zero
        )
        if count == 1, shift.value != .allAtOnce {
            source.report(
                "\(traffic.written(shift.value)) moves at most half of the fleet first, but the stage's variant has a "
                    + "`count` of 1: give it 2 instances or more, or write `allAtOnce: true`",
                line: shift.line
            )
        }
        if let maximumExecution, maximumExecution.value <= document.waits {
            source.report(
                "`maximumExecution` is \(maximumExecution.value.written), but the update waits for "
                    + "\(document.waits.written) altogether (\(document.whatWaits)): let it be longer, or the waits "
                    + "shorter",
                line: maximumExecution.line
            )
        }
        return document
    }

    private func shift() -> Located<TrafficDocument.Shift>? {
        checkChoice(of: "canary", "linear", "allAtOnce")
        let canary = value("canary", .percentage(1...50))
        let linear = value("linear", .percentage(10...50))
        let allAtOnce = value("allAtOnce", .flag)
        if let allAtOnce, !allAtOnce.value {
            source.report(
                "`allAtOnce` is `false`: write `true`, or `canary` or `linear` in its place",
                line: allAtOnce.line
            )
        }
        return canary.map { Located(value: .canary(percent: $0.value), line: $0.line) }
            ?? linear.map { Located(value: .linear(percent: $0.value), line: $0.line) }
            ?? allAtOnce.map { Located(value: .allAtOnce, line: $0.line) }
    }

    private func written(_ shift: TrafficDocument.Shift) -> String {
        switch shift {
        case .allAtOnce: "`allAtOnce`"
        case .canary(let percent): "`canary: \(percent)%`"
        case .linear(let percent): "`linear: \(percent)%`"
        }
    }
}

extension TrafficDocument {
    /// How often `wait` passes until all traffic has moved.
    private var steps: Int {
        switch shift {
        case .allAtOnce, .canary: 1
        case .linear(let percent): (100 + percent - 1) / percent
        }
    }

    /// How long SageMaker waits in all, which `maximumExecution` has to exceed.
    fileprivate var waits: Duration { wait * steps + terminationWait }

    fileprivate var whatWaits: String {
        let wait = steps == 1 ? "`wait`" : "\(steps) times `wait`"
        return terminationWait == .zero ? wait : "\(wait) and `terminationWait`"
    }
}
