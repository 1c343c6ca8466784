import AWS
import Promotion

/// What `sluice doctor` looks with, and `sluice teardown`, besides what a rollout needs anyway. All of it reads, and
/// none has to be given.
extension AccountsFolder {
    func looks(of worker: WorkerPlan) -> [Statement] {
        var statements = [
            Statement(
                "LookAtQueue",
                [AWSOperation.getQueueAttributes].actions(on: .queue),
                on: worker.queues(in: self).map(arn(ofQueue:)),
                because: "Whether EventBridge may send to the queue is in the queue's own policy."
            ),
            .simulation(of: [worker.arn]),
        ]
        if let bus = bus(of: worker) {
            statements.append(
                Statement(
                    "LookAtBus",
                    [AWSOperation.describeEventBus].actions(on: .eventBus),
                    on: [bus],
                    because: "An event for a bus that is not there is lost."
                )
            )
        }
        if !roleIDs.isEmpty { statements.append(.listingRoles) }
        // Another account's rules cannot be looked at from outside.
        let isAtHome = registry.role == nil && worker.account == registry.account
        return statements + (isAtHome ? ruleLooks : [])
    }

    /// The rules are in the registry's account.
    var ruleLooks: [Statement] {
        [
            Statement(
                "FindRules",
                [AWSOperation.listRuleNamesByTarget].actions(on: .everything),
                on: ["*"],
                because: "The rules that deliver to the queue are found by their target."
            ),
            Statement(
                "LookAtRules",
                [AWSOperation.describeRule].actions(on: .rule),
                on: [registry.names.arn("events", "rule/*")],
                because: "What a rule passes on is in its pattern."
            ),
        ]
    }
}

extension Statement {
    /// Finding the role behind a SenderId.
    static let listingRoles = Statement(
        "LookAtRoles",
        [AWSOperation.listRoles].actions(on: .everything),
        on: ["*"],
        because: "Approvers are named by ids, and IAM tells whose they are only by listing all roles."
    )

    /// Asking what policies say, where only a change would show it otherwise.
    static func simulation(of roles: [String]) -> Statement {
        Statement(
            "Simulate",
            [AWSOperation.simulatePrincipalPolicy].actions(on: .role),
            on: roles,
            because: "IAM can be asked what a role's policies say, where else only a change would show it."
        )
    }
}

extension Deployment {
    func looks(as role: String, among count: Int) -> [Statement] {
        var statements = [
            .simulation(of: [role, account.executionRole]),
            Statement(
                "LookAtExecutionRole",
                [.getRole].actions(on: .executionRole),
                on: [account.executionRole],
                because: "Whether SageMaker may assume the execution role is in that role's trust policy."
            ),
            Statement(
                "LookAtQuotas",
                [.listServiceQuotas].actions(on: .everything),
                on: ["*"],
                because:
                    "An update doubles the instances, and AWS lets the quotas be read on everything alone."
            ),
            Statement(
                "LookAtImages",
                [.batchGetImage].actions(on: .repository),
                on: repositories ?? ["*"],
                because: "A container's image has to be readable from the account."
            ),
        ]
        if !keyARNs.isEmpty {
            statements.append(
                Statement(
                    "LookAtKeys",
                    [.describeKey, .getKeyPolicy].actions(on: .objectKey, .volumeKey),
                    on: keyARNs,
                    because:
                        "A key that is disabled encrypts nothing, and none that its policy keeps from the roles."
                )
            )
        }
        if gateAlarms.isEmpty, !trafficAlarms.isEmpty {
            statements.append(
                Statement(
                    "LookAtAlarms",
                    [.describeAlarms].actions(on: .everything),
                    on: ["*"],
                    because: "SageMaker goes back on no alarm that does not exist."
                )
            )
        }
        statements.append(
            Statement(
                "ListForTeardown",
                [.listModels, .listEndpointConfigs].actions(on: .everything),
                on: ["*"],
                because:
                    "`sluice teardown` finds what is left in the account, and AWS lists all or nothing."
            )
        )
        if (account.upstream + endpoints.flatMap(\.patterns)).contains(where: { $0.session != nil }) {
            statements.append(.listingRoles)
        }
        if count > 1 {
            for index in statements.indices { statements[index].sid += account.name.asSID }
        }
        return statements
    }

    /// The repositories that the endpoints' containers are pulled from; nil where packages name some of them.
    var repositories: [String]? {
        let images = endpoints.map { $0.container.flatMap { ImageName($0.image)?.repository } }
        let known = images.compactMap(\.self)
        return known.count == images.count ? known.unique : nil
    }

    /// The keys that copies and volumes are encrypted with.
    var keyARNs: [String] {
        let volumes = endpoints.compactMap { $0.stage(ofAccount: account.name)?.variant.volumeKmsKey }
        return ([account.kmsKey].compactMap(\.self) + volumes).unique
    }
}
