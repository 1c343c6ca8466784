import Foundation
import Native

/// The calls made to AWS Identity and Access Management, which is the same in all regions of a partition.
///
/// All of them throw `AWSError`.
/// See the [IAM API Reference](https://docs.aws.amazon.com/IAM/latest/APIReference/).
public struct IAM: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// The policy that says who may assume a role, as JSON.
    ///
    /// - Parameter name: Without its path.
    public func trustPolicy(ofRole name: String) async throws -> String {
        struct Output: Decodable {
            struct Result: Decodable {
                struct Role: Decodable {
                    let trust: String?

                    private enum CodingKeys: String, CodingKey { case trust = "AssumeRolePolicyDocument" }
                }
                let role: Role

                private enum CodingKeys: String, CodingKey { case role = "Role" }
            }
            let result: Result

            private enum CodingKeys: String, CodingKey { case result = "GetRoleResult" }
        }
        return try await client.send(call(.getRole, subject: name, [("RoleName", name)])) { response in
            let text = try AWSXML.decode(Output.self, from: response.body).result.role.trust ?? ""
            // IAM writes the document as a URL would.
            return text.removingPercentEncoding ?? text
        }
    }

    /// All roles of the account, page by page.
    ///
    /// See [ListRoles](https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html).
    public func roles() async throws -> [IAMRole] {
        struct Output: Decodable {
            struct Result: Decodable {
                struct Members: Decodable { let member: [IAMRole]? }
                let roles: Members?
                let isTruncated: Bool?
                let marker: String?

                private enum CodingKeys: String, CodingKey {
                    case roles = "Roles"
                    case isTruncated = "IsTruncated"
                    case marker = "Marker"
                }
            }
            let result: Result

            private enum CodingKeys: String, CodingKey { case result = "ListRolesResult" }
        }
        var roles: [IAMRole] = []
        var marker: String?
        repeat {
            let form = [("MaxItems", "1000")] + (marker.map { [("Marker", $0)] } ?? [])
            let page = try await client.send(call(.listRoles, subject: "", form)) {
                try AWSXML.decode(Output.self, from: $0.body).result
            }
            roles += page.roles?.member ?? []
            marker = page.isTruncated == true ? page.marker : nil
        } while marker != nil
        return roles
    }

    /// What a role's own policies, its boundary and the organization's policies say to actions on resources.
    /// Policies of the resources themselves are not asked.
    ///
    /// See [SimulatePrincipalPolicy](https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html).
    ///
    /// - Parameters:
    ///   - resources: ARNs; none for everything.
    ///   - context: What keys of conditions have.
    public func simulate(
        role arn: String,
        actions: [String],
        resources: [String] = [],
        context: [SimulatedFact] = []
    ) async throws -> [SimulatedDecision] {
        var form = [("PolicySourceArn", arn)]
        form += actions.enumerated().map { ("ActionNames.member.\($0 + 1)", $1) }
        form += resources.enumerated().map { ("ResourceArns.member.\($0 + 1)", $1) }
        for (index, fact) in context.enumerated() {
            let name = "ContextEntries.member.\(index + 1)"
            form += [
                ("\(name).ContextKeyName", fact.key),
                ("\(name).ContextKeyType", fact.isBoolean ? "boolean" : "string"),
                ("\(name).ContextKeyValues.member.1", fact.value),
            ]
        }
        var decisions: [SimulatedDecision] = []
        var marker: String?
        repeat {
            let more = marker.map { [("Marker", $0)] } ?? []
            let page = try await client.send(call(.simulatePrincipalPolicy, subject: arn, form + more)) {
                try AWSXML.decode(Simulation.self, from: $0.body).result
            }
            decisions += page.decisions
            marker = page.isTruncated == true ? page.marker : nil
        } while marker != nil
        return decisions
    }

    private func call(_ operation: AWSOperation, subject: String, _ form: [(String, String)]) -> AWSCall {
        var call = AWSCall(operation, subject: subject)
        call.headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
        let fixed = [("Action", operation.name), ("Version", "2010-05-08")]
        call.body = Array(URIEncoding.query(fixed + form).utf8)
        call.region = Self.region(client.region)
        return call
    }

    /// Where a partition's IAM is.
    static func region(_ region: String) -> String {
        if region.hasPrefix("cn-") { return "cn-north-1" }
        return region.hasPrefix("us-gov-") ? "us-gov-west-1" : "us-east-1"
    }
}

/// What a key that conditions ask for has in a simulation.
public struct SimulatedFact: Sendable, Hashable {
    let key: String
    let value: String
    let isBoolean: Bool

    public init(key: String, value: String, isBoolean: Bool = false) {
        self.key = key
        self.value = value
        self.isBoolean = isBoolean
    }
}

/// A role as ListRoles shows it.
public struct IAMRole: Sendable, Decodable {
    /// `AROA…`; a role that is made again under its name has another one.
    public let id: String
    public let name: String
    public let arn: String
    /// The policy that says who may assume it, as JSON.
    public let trust: String

    private enum CodingKeys: String, CodingKey {
        case id = "RoleId"
        case name = "RoleName"
        case arn = "Arn"
        case trust = "AssumeRolePolicyDocument"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        name = try values.decode(String.self, forKey: .name)
        arn = try values.decode(String.self, forKey: .arn)
        let text = try values.decodeIfPresent(String.self, forKey: .trust) ?? ""
        // IAM writes the document as a URL would.
        trust = text.removingPercentEncoding ?? text
    }
}

/// What policies say to one action on one resource.
public struct SimulatedDecision: Sendable, Equatable {
    public let action: String
    public let resource: String
    public let isAllowed: Bool
    /// Whether a statement denies it, which no statement that allows it makes good.
    public let isForbidden: Bool

    /// - Parameter decision: `allowed`, `implicitDeny` or `explicitDeny`.
    package init(_ action: String, _ resource: String, _ decision: String) {
        self.action = action
        self.resource = resource
        isAllowed = decision == "allowed"
        isForbidden = decision == "explicitDeny"
    }
}

private struct Simulation: Decodable {
    let result: Result

    private enum CodingKeys: String, CodingKey { case result = "SimulatePrincipalPolicyResult" }

    struct Result: Decodable {
        let evaluations: Members<Evaluation>?
        let isTruncated: Bool?
        let marker: String?

        private enum CodingKeys: String, CodingKey {
            case evaluations = "EvaluationResults"
            case isTruncated = "IsTruncated"
            case marker = "Marker"
        }

        /// One for each action and resource: AWS lists the resources apart where there are several.
        var decisions: [SimulatedDecision] {
            (evaluations?.member ?? []).flatMap { evaluation in
                let apart = evaluation.apart?.member ?? []
                return apart.isEmpty
                    ? [
                        SimulatedDecision(evaluation.action, evaluation.resource ?? "*", evaluation.decision)
                    ]
                    : apart.map {
                        SimulatedDecision(evaluation.action, $0.resource, $0.decision)
                    }
            }
        }
    }

    struct Members<Member: Decodable>: Decodable {
        let member: [Member]?
    }

    struct Evaluation: Decodable {
        let action: String
        let resource: String?
        let decision: String
        let apart: Members<OfResource>?

        private enum CodingKeys: String, CodingKey {
            case action = "EvalActionName"
            case resource = "EvalResourceName"
            case decision = "EvalDecision"
            case apart = "ResourceSpecificResults"
        }
    }

    struct OfResource: Decodable {
        let resource: String
        let decision: String

        private enum CodingKeys: String, CodingKey {
            case resource = "EvalResourceName"
            case decision = "EvalResourceDecision"
        }
    }
}
