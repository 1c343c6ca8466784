import AWS
import Native

/// The rules that deliver to the queue, and which of the registry's events they pass on.
struct RuleSight {
    static let account = "registry"

    let registry: RegistryDocument
    /// The names of the groups that endpoints are fed by.
    let groups: [String]
    let rules: [EventRule]

    /// The approval statuses a package may have; an event about any of them has to arrive.
    private static let statuses = ["Approved", "Rejected", "PendingManualApproval"]

    var finding: Finding {
        if rules.isEmpty, registry.queueNames.account != registry.account {
            // From another account events may come by way of a bus there, whose rules are not the registry's.
            let text = "no rule in account \(registry.account) delivers to the queue itself"
            return .unknown(Self.account, "rule", text)
        }
        guard !rules.isEmpty else {
            return missing("no rule in account \(registry.account) delivers to the queue")
        }
        let enabled = rules.filter { $0.state?.hasPrefix("ENABLED") ?? true }
        var isUnsure = false
        for group in groups {
            for status in Self.statuses {
                let verdicts = enabled.map { rule in
                    rule.pattern.flatMap(EventPattern.init).map { $0.matches(event(group, status)) } ?? false
                }
                if verdicts.contains(true) { continue }
                if verdicts.contains(nil) {
                    isUnsure = true
                } else {
                    let off = rules.filter { rule in !enabled.contains { $0.name == rule.name } }.map(\.name)
                    let remark = off.isEmpty ? "" : " (\(off.joined(separator: ", ")) is disabled)"
                    return missing(
                        "no event about \(group) that is \(status) is passed on to the queue\(remark)"
                    )
                }
            }
        }
        let names = enabled.map(\.name).sorted().joined(separator: ", ")
        return isUnsure
            ? .unknown(
                Self.account,
                "rule",
                "a pattern of \(names) asks in a way that is not understood here"
            )
            : .ok(Self.account, "rule", "every status of the groups is passed on by \(names)")
    }

    private func missing(_ text: String) -> Finding {
        .missing(
            Self.account,
            "rule",
            "\(text): approvals are found by the comparison with the registry alone, every five minutes",
            fix:
                "put an enabled rule on the default bus of \(registry.account) in \(registry.region), target "
                + "\(registry.queueARN), pattern {\"source\":[\"aws.sagemaker\"],\"detail-type\":[\"\(Self.type)\"],"
                + "\"detail\":{\"ModelPackageGroupName\":[\(groups.map { "\"\($0)\"" }.joined(separator: ","))]}}"
        )
    }

    static let type = "SageMaker Model Package State Change"

    private func event(_ group: String, _ status: String) -> JSONValue {
        .object([
            "source": .string("aws.sagemaker"), "detail-type": .string(Self.type),
            "account": .string(registry.account), "region": .string(registry.region),
            "detail": .object([
                "ModelPackageGroupName": .string(group), "ModelApprovalStatus": .string(status),
                "ModelPackageStatus": .string("Completed"),
            ]),
        ])
    }
}
