/// How an update moves an endpoint's traffic to its new instances, and what makes SageMaker take it back.
///
/// See [DeploymentConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html).
public struct DeploymentConfig: Sendable, Equatable, Encodable {
    let blueGreenUpdatePolicy: Policy
    let autoRollbackConfiguration: AutoRollback?

    /// How much of the traffic moves at a time.
    public enum Routing: Sendable, Equatable {
        case allAtOnce
        /// So many percent of the capacity first, 1 to 50, and the rest after the wait.
        case canary(percent: Int)
        /// In steps of so many percent, 10 to 50, with the wait after each.
        case linear(percent: Int)
    }

    /// - Parameters:
    ///   - waitSeconds: How long each step, or the whole new fleet, is watched; 0 to 3,600.
    ///   - terminationWaitSeconds: How long the old fleet is kept after that; 0 to 3,600.
    ///   - maximumExecutionSeconds: How long all of it may take, 600 to 28,800; nil leaves it to SageMaker.
    ///   - alarms: The names of CloudWatch alarms, at most ten, any of which undoes the update.
    public init(
        routing: Routing,
        waitSeconds: Int,
        terminationWaitSeconds: Int = 0,
        maximumExecutionSeconds: Int? = nil,
        alarms: [String] = []
    ) {
        blueGreenUpdatePolicy = Policy(
            trafficRoutingConfiguration: Traffic(routing, waitSeconds),
            terminationWaitInSeconds: terminationWaitSeconds,
            maximumExecutionTimeoutInSeconds: maximumExecutionSeconds
        )
        autoRollbackConfiguration = alarms.isEmpty ? nil : AutoRollback(alarms: alarms.map(Alarm.init))
    }

    struct Policy: Sendable, Equatable, Encodable {
        let trafficRoutingConfiguration: Traffic
        let terminationWaitInSeconds: Int
        let maximumExecutionTimeoutInSeconds: Int?
    }

    struct Traffic: Sendable, Equatable, Encodable {
        let type: String
        // AWS's model asks for it even where everything moves at once.
        let waitIntervalInSeconds: Int
        let canarySize: Capacity?
        let linearStepSize: Capacity?

        init(_ routing: Routing, _ waitSeconds: Int) {
            waitIntervalInSeconds = waitSeconds
            switch routing {
            case .allAtOnce: (type, canarySize, linearStepSize) = ("ALL_AT_ONCE", nil, nil)
            case .canary(let percent): (type, canarySize, linearStepSize) = ("CANARY", Capacity(percent), nil)
            case .linear(let percent): (type, canarySize, linearStepSize) = ("LINEAR", nil, Capacity(percent))
            }
        }
    }

    struct Capacity: Sendable, Equatable, Encodable {
        let type = "CAPACITY_PERCENT"
        let value: Int

        init(_ percent: Int) { value = percent }
    }

    struct AutoRollback: Sendable, Equatable, Encodable {
        let alarms: [Alarm]
    }

    struct Alarm: Sendable, Equatable, Encodable {
        let alarmName: String
    }
}

/// A `DeploymentConfig` as DescribeEndpoint shows it, as far as it says how the traffic was moved.
struct LastDeployment: Decodable {
    /// `ALL_AT_ONCE`, `CANARY`, `LINEAR` or `ROLLING`.
    let traffic: String?

    private enum CodingKeys: String, CodingKey {
        case blueGreen = "BlueGreenUpdatePolicy"
        case rolling = "RollingUpdatePolicy"
    }

    private struct Policy: Decodable {
        struct Routing: Decodable {
            let type: String?

            private enum CodingKeys: String, CodingKey { case type = "Type" }
        }

        let routing: Routing?

        private enum CodingKeys: String, CodingKey { case routing = "TrafficRoutingConfiguration" }
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let isRolling = try values.contains(.rolling) && !values.decodeNil(forKey: .rolling)
        traffic =
            isRolling
            ? "ROLLING" : try values.decodeIfPresent(Policy.self, forKey: .blueGreen)?.routing?.type
    }
}
