/// A stage's `traffic`: how SageMaker moves traffic to a new fleet, and what makes it take it back.
///
/// See [DeploymentConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html).
public struct TrafficDocument: Hashable, Sendable {
    /// How the traffic moves.
    public enum Shift: Hashable, Sendable {
        case allAtOnce
        /// So many percent of the capacity first, 1 to 50, the rest after the wait.
        case canary(percent: Int)
        /// In steps of so many percent, 10 to 50.
        case linear(percent: Int)

        /// SageMaker's word for it.
        public var type: String {
            switch self {
            case .allAtOnce: "ALL_AT_ONCE"
            case .canary: "CANARY"
            case .linear: "LINEAR"
            }
        }
    }

    public var shift: Shift
    /// How long the canary, each step or the whole new fleet is watched before the next thing happens.
    public var wait: Duration
    /// CloudWatch alarms of the account that make SageMaker go back to the old fleet; at most ten.
    public var alarms: [String]
    /// How long the update may take altogether, 10 minutes to 8 hours; nil leaves it to SageMaker.
    public var maximumExecution: Duration?
    /// How long the old fleet is kept after the traffic has moved, at most an hour.
    public var terminationWait: Duration

    public init(
        shift: Shift,
        wait: Duration = .zero,
        alarms: [String] = [],
        maximumExecution: Duration? = nil,
        terminationWait: Duration = .zero
    ) {
        self.shift = shift
        self.wait = wait
        self.alarms = alarms
        self.maximumExecution = maximumExecution
        self.terminationWait = terminationWait
    }
}
