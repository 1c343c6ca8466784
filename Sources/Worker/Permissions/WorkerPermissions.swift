import AWS

/// What the worker itself, whoever reads the registry, and people need.
extension AccountsFolder {
    func statements(of worker: WorkerPlan) -> [Statement] {
        // Within its own account the worker needs no more than that the role's trust names it.
        let roles = ([registry.role] + worker.accounts.map(\.role)).compactMap(\.self)
            .filter { AWSNames.account(ofRole: $0) != worker.account }
        var statements = [
            Statement(
                "Queue",
                [AWSOperation.receiveMessage, .deleteMessageBatch].actions(on: .queue),
                on: worker.queues(in: self).map(arn(ofQueue:)),
                because: "The worker takes events and people's messages from the queue."
            )
        ]
        let next = worker.nextQueues(in: self)
        if !next.isEmpty {
            statements.append(
                Statement(
                    "HandOver",
                    [AWSOperation.sendMessage].actions(on: .queue),
                    on: next.map(arn(ofQueue:)),
                    because: "What is verified is handed over to the worker of the next stage's accounts."
                )
            )
        }
        if !roles.isEmpty {
            statements.append(
                Statement(
                    "AssumeRoles",
                    [AWSOperation.assumeRole].actions(on: .role),
                    on: roles,
                    because: "The worker acts in an account as the role of that account alone."
                )
            )
        }
        if accounts.contains(where: { $0.organizationalUnit != nil }) {
            statements.append(.listingUnits)
        }
        if let bus = bus(of: worker) {
            statements.append(
                Statement(
                    "Events",
                    [AWSOperation.putEvents].actions(on: .eventBus),
                    on: [bus],
                    because: "What was decided is put on the bus that `events` names."
                )
            )
        }
        return statements + (registry.role == nil ? registryStatements : [])
    }

    func arn(ofQueue url: String) -> String { RegistryDocument.arn(ofQueue: url, region: registry.region) }

    /// The ARN of the bus that gets Sluice's own events, where one does.
    func bus(of worker: WorkerPlan) -> String? {
        let names = ResourceNames(region: registry.region, account: worker.account)
        return registry.events.map { $0.hasPrefix("arn:") ? $0 : names.arn("events", "event-bus/\($0)") }
    }

    /// The model package groups that some endpoint is fed by, in order of their names.
    var groups: [ModelPackageGroup] {
        endpoints.flatMap(\.models.values).unique.sorted { $0.name < $1.name }
    }

    var registryStatements: [Statement] {
        let arns = groups.map { $0.arns(in: registry) }
        return [
            Statement(
                "Packages",
                [AWSOperation.describeModelPackage].actions(on: .modelPackage),
                on: arns.flatMap(\.packages),
                because: "An event only says where to look; what a package is, the registry says."
            ),
            Statement(
                "Groups",
                [AWSOperation.listModelPackages].actions(on: .modelPackageGroup),
                on: ["*"],
                because:
                    "The registry is compared with the ledger, because events get lost; AWS documents nothing "
                    + "narrower for a list."
            ),
        ]
    }

    var people: RolePermissions {
        RolePermissions(
            who: "people",
            arn: nil,
            statements: [
                Statement(
                    "Decide",
                    [AWSOperation.sendMessage].actions(on: .queue),
                    on: accounts.map { arn(ofQueue: $0.queue ?? registry.queue) },
                    because:
                        "A deciding command posts a message; whose decision counts, the accounts folder says."
                )
            ]
        )
    }
}

extension Statement {
    /// Finding the accounts of organizational units.
    static let listingUnits = Statement(
        "Units",
        [AWSOperation.listAccountsForParent, .listOrganizationalUnitsForParent].actions(on: .everything),
        on: ["*"],
        because:
            "Which accounts a unit has, and which units are below it, Organizations says, to its management account and "
            + "those that it delegated this to."
    )
}
