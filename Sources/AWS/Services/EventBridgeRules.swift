import Native

/// What is set up on an event bus.
///
/// All of these throw `AWSError`.
extension EventBridge {
    /// The names of the default bus's rules that deliver to a target.
    ///
    /// See [ListRuleNamesByTarget](https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html).
    public func ruleNames(target arn: String) async throws -> [String] {
        struct Input: Encodable {
            let targetArn: String
            let nextToken: String?
        }
        struct Output: Decodable {
            let names: [String]?
            let nextToken: String?

            private enum CodingKeys: String, CodingKey {
                case names = "RuleNames"
                case nextToken = "NextToken"
            }
        }
        var names: [String] = []
        var token: String?
        repeat {
            let page: Output = try await ask(
                .listRuleNamesByTarget,
                subject: arn,
                Input(targetArn: arn, nextToken: token)
            )
            names += page.names ?? []
            token = page.nextToken
        } while token != nil
        return names
    }

    /// A rule of the default bus.
    ///
    /// See [DescribeRule](https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html).
    public func describeRule(name: String) async throws -> EventRule {
        struct Input: Encodable { let name: String }
        return try await ask(.describeRule, subject: name, Input(name: name))
    }

    /// The ARN of a bus, by its name or ARN.
    ///
    /// See [DescribeEventBus](https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html).
    public func describeEventBus(name: String) async throws -> String? {
        struct Input: Encodable { let name: String }
        struct Output: Decodable {
            let arn: String?

            private enum CodingKeys: String, CodingKey { case arn = "Arn" }
        }
        let output: Output = try await ask(.describeEventBus, subject: name, Input(name: name))
        return output.arn
    }

    private func ask<Output: Decodable>(
        _ operation: AWSOperation,
        subject: String,
        _ input: some Encodable
    ) async throws -> Output {
        let call = try AWSCall.json(
            operation,
            target: "AWSEvents",
            version: "1.1",
            subject: subject,
            input: input
        )
        return try await client.send(call) { try AWSJSON.decode(Output.self, from: $0.body) }
    }
}

/// A rule of an event bus.
public struct EventRule: Sendable, Decodable, Equatable {
    public let name: String
    public let arn: String?
    /// The pattern that events have to match, as JSON; nil for a rule with a schedule.
    public let pattern: String?
    /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    public let state: String?

    public init(name: String, arn: String?, pattern: String?, state: String?) {
        self.name = name
        self.arn = arn
        self.pattern = pattern
        self.state = state
    }

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case arn = "Arn"
        case pattern = "EventPattern"
        case state = "State"
    }
}
