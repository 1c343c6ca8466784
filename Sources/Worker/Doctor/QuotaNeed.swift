/// How many instances of a type the endpoints of an account take while all of them are updated.
struct QuotaNeed: Hashable, Sendable {
    let instance: String
    /// As many as serve. An update starts a second fleet before it ends the first.
    let serving: Int

    static func all(of deployment: Deployment) -> [QuotaNeed] {
        let variants = deployment.endpoints.compactMap {
            $0.stage(ofAccount: deployment.account.name)?.variant
        }
        return Dictionary(grouping: variants, by: \.instance).sorted { $0.key < $1.key }
            .map { QuotaNeed(instance: $0, serving: $1.map(\.count).reduce(0, +)) }
    }

    /// Service Quotas' name for it.
    var name: String { "\(instance) for endpoint usage" }

    func finding(_ account: String, _ quotas: [String: Double]) -> Finding {
        let wanted = 2 * serving
        guard let quota = quotas[name] else {
            return .unknown(
                account,
                "quota",
                "Service Quotas shows no \"\(name)\"; \(wanted) are needed during an update"
            )
        }
        guard quota < Double(wanted) else {
            return .ok(
                account,
                "quota",
                "\(instance): \(Int(quota)) are allowed, \(wanted) are needed during an update"
            )
        }
        return .missing(
            account,
            "quota",
            "\(instance): \(Int(quota)) are allowed, and \(wanted) are needed, because an update doubles the \(serving)",
            fix: "ask Service Quotas (sagemaker) to raise \"\(name)\" to at least \(wanted)"
        )
    }
}
