/// One worker as policies see it: what it drives, and as whom.
struct WorkerPlan: Hashable {
    /// `worker`, or `worker of` the accounts that have one of their own.
    let who: String
    /// The role or user that it runs as.
    let arn: String
    /// The accounts that it drives, in order of their names.
    let accounts: [AccountDocument]

    /// The name of a worker's role where nobody says another.
    static let roleByDefault = "sluice-worker"

    /// The twelve digits of the account that it runs in.
    var account: String {
        String(arn.split(separator: ":", omittingEmptySubsequences: false).dropFirst(4).first ?? "")
    }

    /// The queues that it polls.
    func queues(in folder: AccountsFolder) -> [String] {
        accounts.map { $0.queue ?? folder.registry.queue }.unique
    }

    /// The queues of the workers that it hands releases over to.
    func nextQueues(in folder: AccountsFolder) -> [String] {
        folder.endpoints.flatMap { endpoint in
            zip(endpoint.stages, endpoint.stages.dropFirst()).filter { stage, _ in
                stage.accounts.contains { drives($0) }
            }.flatMap { _, next in
                next.accounts.filter { !drives($0) }.compactMap(\.queue)
            }
        }.unique
    }

    func drives(_ account: AccountDocument) -> Bool { accounts.contains { $0.name == account.name } }
}

extension AccountsFolder {
    /// The workers that the folder asks for: one for all accounts without a queue, and one for each other queue.
    ///
    /// - Parameters:
    ///   - accounts: Only those that drive these; nil for all.
    ///   - arns: What they run as. Each worker takes the first in the account of its queue.
    func workers(driving accounts: [AccountDocument]? = nil, as arns: [String] = []) -> [WorkerPlan] {
        let driven = accounts ?? self.accounts
        let queues = driven.map(\.queue).unique.sorted { ($0 ?? "") < ($1 ?? "") }
        return queues.map { queue in
            let accounts = driven.filter { $0.queue == queue }
            let url = queue ?? registry.queue
            let number = AWSNames.account(ofQueue: url) ?? registry.account
            let names = ResourceNames(region: registry.region, account: number)
            return WorkerPlan(
                who: queue == nil
                    ? "worker" : "worker of " + accounts.map(\.name).joined(separator: ", "),
                arn: arns.first { $0.contains(":\(number):") } ?? names.role(WorkerPlan.roleByDefault),
                accounts: accounts
            )
        }
    }
}
