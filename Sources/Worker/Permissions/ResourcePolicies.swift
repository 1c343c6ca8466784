import AWS

/// The policies that resources have to have, because who acts on them is in another account or a service.
extension AccountsFolder {
    func resourcePolicies(_ workers: [WorkerPlan], _ artifacts: [S3Prefix]) -> [ResourcePolicy] {
        let queues = workers.flatMap { $0.queues(in: self) }.unique
        return queues.map { queuePolicy($0, workers) } + [artifactPolicy(workers, artifacts)]
            + groupPolicies(workers)
    }

    /// The policy of a queue: for events, and for the workers that hand releases over there.
    func queuePolicy(_ url: String, _ workers: [WorkerPlan]) -> ResourcePolicy {
        let isCentral = url == registry.queue
        let sources = ([registry.names] + accounts.filter { isCentral || $0.queue == url }.map(\.names))
            .unique
        let events = Statement(
            "Events",
            [AWSOperation.sendMessage].actions(on: .queue),
            on: [arn(ofQueue: url)],
            condition: ["ArnLike": ["aws:SourceArn": sources.map { $0.arn("events", "rule/sluice-*") }]],
            principal: .service("events.amazonaws.com"),
            because: "EventBridge delivers for rules named like these, and for nobody else's."
        )
        let before = workers.filter { $0.nextQueues(in: self).contains(url) }.map(\.arn)
        let handOver = Statement(
            "HandOver",
            [AWSOperation.sendMessage].actions(on: .queue),
            on: [arn(ofQueue: url)],
            principal: .roles(before),
            because: "The workers of the stage before hand over here; whom to believe, `upstream` says."
        )
        return ResourcePolicy(
            what: "queue \(url.split(separator: "/").last ?? "")"
                + (isCentral
                    ? "" : " of " + accounts.filter { $0.queue == url }.map(\.name).joined(separator: ", ")),
            account: AWSNames.account(ofQueue: url),
            statements: [events] + (before.isEmpty ? [] : [handOver])
        )
    }

    private func artifactPolicy(_ workers: [WorkerPlan], _ artifacts: [S3Prefix]) -> ResourcePolicy {
        let places = artifacts.isEmpty ? [S3Prefix(bucket: "ARTIFACTS", prefix: "")] : artifacts
        return ResourcePolicy(
            what: "artifact bucket " + places.map(\.bucket).unique.joined(separator: ", "),
            account: registry.artifactOwners.count == 1 ? registry.artifactOwners[0] : nil,
            statements: artifactStatements(places, workers)
        )
    }

    /// What the policies of buckets with artifacts have to say.
    func artifactStatements(_ places: [S3Prefix], _ workers: [WorkerPlan]) -> [Statement] {
        let readers = accounts.compactMap { account in
            account.role ?? workers.first { $0.drives(account) }?.arn
        }.unique
        return [
            Statement(
                "ReadArtifacts",
                [.headObject].actions(on: .object)
                    + [.copyObject, .uploadPartCopy].actions(on: .source, .sourceVersion),
                on: places.map(registry.names.objects),
                principal: .roles(readers),
                because: "The deployment roles copy the artifacts into their accounts."
            ),
            Statement(
                "FindArtifacts",
                [AWSOperation.headObject].actions(on: .bucket),
                on: places.map { registry.names.bucket($0.bucket) },
                principal: .roles(readers),
                because:
                    "Whoever may not list a bucket is told that an artifact is forbidden where it is missing."
            ),
        ]
    }

    /// One for every group that is read from another account than its own.
    private func groupPolicies(_ workers: [WorkerPlan]) -> [ResourcePolicy] {
        // Who reads the packages: the registry's own role, or the workers themselves.
        let accounts = registry.role == nil ? workers.map(\.account).unique : [registry.account]
        return groups.compactMap { group in
            let owner = group.owner(in: registry).account
            let readers = accounts.filter { $0 != owner }
            guard !readers.isEmpty else { return nil }
            let arns = group.arns(in: registry)
            return ResourcePolicy(
                what: "model package group \(group.name)",
                account: owner,
                statements: [
                    Statement(
                        "ReadPackages",
                        [AWSOperation.describeModelPackage].actions(on: .modelPackage)
                            + [AWSOperation.listModelPackages].actions(on: .modelPackageGroup),
                        on: arns.group + arns.packages,
                        principal: .accounts(readers),
                        because: "These accounts read the group's packages."
                    )
                ]
            )
        }
    }
}
