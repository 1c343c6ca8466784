public import Foundation
import Native

/// The call made to Amazon CloudWatch.
///
/// See the [Amazon CloudWatch API Reference](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/).
public struct CloudWatch: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// The alarms of these names, metric and composite ones, as they are now; a name nobody gave an alarm is
    /// not among them. Throws `AWSError`.
    ///
    /// AWS takes a role's permission to see composite alarms only where it covers every alarm (`*`).
    ///
    /// See [DescribeAlarms](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html).
    public func describeAlarms(names: [String]) async throws -> [AlarmDescription] {
        var alarms: [AlarmDescription] = []
        // Asked for no names, AWS would list every alarm there is.
        for start in stride(from: 0, to: names.count, by: Self.namesPerCall) {
            let part = Array(names[start..<min(start + Self.namesPerCall, names.count)])
            var token: String?
            repeat {
                let page = try await describe(part, token)
                alarms += (page.metricAlarms ?? []) + (page.compositeAlarms ?? [])
                token = page.nextToken
            } while token != nil
        }
        return alarms
    }

    private static let namesPerCall = 100

    private func describe(_ names: [String], _ token: String?) async throws -> Output {
        let call = try AWSCall.json(
            .describeAlarms,
            target: "GraniteServiceVersion20100801",
            version: "1.0",
            subject: names.joined(separator: ", "),
            input: Input(alarmNames: names, nextToken: token)
        )
        return try await client.send(call) { try AWSJSON.decode(Output.self, from: $0.body) }
    }

    private struct Input: Encodable {
        let alarmNames: [String]
        // Unasked, AWS leaves composite alarms out.
        let alarmTypes = ["MetricAlarm", "CompositeAlarm"]
        let maxRecords = 100
        let nextToken: String?
    }

    private struct Output: Decodable {
        let metricAlarms: [AlarmDescription]?
        let compositeAlarms: [AlarmDescription]?
        let nextToken: String?

        private enum CodingKeys: String, CodingKey {
            case metricAlarms = "MetricAlarms"
            case compositeAlarms = "CompositeAlarms"
            case nextToken = "NextToken"
        }
    }
}

/// An alarm as DescribeAlarms shows it.
public struct AlarmDescription: Sendable, Decodable, Equatable {
    public enum State: String, Sendable, Decodable {
        case ok = "OK"
        case alarm = "ALARM"
        case insufficientData = "INSUFFICIENT_DATA"
    }

    public let name: String
    public let state: State
    /// Since when it is in the state: StateTransitionedTimestamp, or where CloudWatch leaves that out the last
    /// update of the state, which may have changed nothing.
    public let since: Date?

    private enum CodingKeys: String, CodingKey {
        case name = "AlarmName"
        case state = "StateValue"
        case transitioned = "StateTransitionedTimestamp"
        case updated = "StateUpdatedTimestamp"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        state = try values.decode(State.self, forKey: .state)
        since =
            try values.decodeIfPresent(Date.self, forKey: .transitioned)
            ?? values.decodeIfPresent(Date.self, forKey: .updated)
    }
}
