import Promotion

/// What a stage's gate asks for, in words.
public struct GateSummary: Hashable, Sendable {
    /// One phrase for each thing a release needs before it enters the stage.
    public let asks: [String]
    /// What becomes of a release that waits too long, and what else the gate arranges.
    public let remarks: [String]
    /// Settings that are allowed but may do less than was meant.
    public let notes: [String]

    /// The gate of a stage, which has another before it unless it is the first.
    public init(of stage: StageDocument, after before: StageDocument?) {
        let asks = stage.outline.asks(after: before?.outline)
        self.asks = asks.filter(\.isNeeded).map(\.text)
        remarks = asks.filter { !$0.isNeeded }.map(\.text)
        var notes: [String] = []
        if before != nil, stage.gate.approvals == 0 {
            notes.append("\(stage.name) asks for no approval; releases go on there by themselves")
        }
        if let before, before.soak == .zero, !stage.gate.alarms.isEmpty,
            stage.accounts.contains(where: { $0.queue != nil })
        {
            notes.append(
                "an account of \(stage.name) has a worker of its own, which cannot look at the alarms of "
                    + "\(before.name); they are watched during the `soak` of \(before.name), and it has none"
            )
        }
        if let traffic = stage.traffic, traffic.alarms.isEmpty {
            notes.append(
                "the `traffic` of \(stage.name) names no `alarms`; SageMaker goes back by itself only for those"
            )
        }
        self.notes = notes
    }
}

extension StageDocument {
    /// The stage without the settings' digests, which no gate speaks of.
    fileprivate var outline: StagePlan {
        plan(accounts: Dictionary(accounts.map { ($0.name, "") }, uniquingKeysWith: { first, _ in first }))
    }
}
