import AWS

/// What the worker itself, whoever reads the registry, and people need.
extension AccountsFolder {
    var workerStatements: [Statement] {
        let roles = ([registry.role] + accounts.map(\.role)).compactMap(\.self)
        var statements = [
            Statement(
                "Queue",
                [AWSOperation.receiveMessage, .deleteMessageBatch].actions(on: .queue),
                on: [registry.queueARN],
                because: "The worker takes events and people's messages from the queue."
            )
        ]
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
        if let bus = registry.busARN {
            statements.append(
                Statement(
                    "Events",
                    [AWSOperation.putEvents].actions(on: .eventBus),
                    on: [bus],
                    because: "What was decided is put on the bus that `events` names."
                )
            )
        }
        return statements
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
                    on: [registry.queueARN],
                    because:
                        "A deciding command posts a message; whose decision counts, the accounts folder says."
                )
            ]
        )
    }
}
