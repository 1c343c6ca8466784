import AWS

/// The policies that resources have to have, because who acts on them is in another account or a service.
extension AccountsFolder {
    func resourcePolicies(worker: String, artifacts: [S3Prefix]) -> [ResourcePolicy] {
        [queuePolicy, artifactPolicy(worker: worker, artifacts)] + groupPolicies
    }

    var queuePolicy: ResourcePolicy {
        let owners = ([registry.names] + accounts.map(\.names)).unique
        return ResourcePolicy(
            what: "queue \(registry.queue.split(separator: "/").last ?? "")",
            account: AWSNames.account(ofQueue: registry.queue),
            statements: [
                Statement(
                    "Events",
                    [AWSOperation.sendMessage].actions(on: .queue),
                    on: [registry.queueARN],
                    condition: [
                        "ArnLike": ["aws:SourceArn": owners.map { $0.arn("events", "rule/sluice-*") }]
                    ],
                    principal: .service("events.amazonaws.com"),
                    because: "EventBridge delivers for rules named like these, and for nobody else's."
                )
            ]
        )
    }

    private func artifactPolicy(worker: String, _ artifacts: [S3Prefix]) -> ResourcePolicy {
        let places = artifacts.isEmpty ? [S3Prefix(bucket: "ARTIFACTS", prefix: "")] : artifacts
        return ResourcePolicy(
            what: "artifact bucket " + places.map(\.bucket).unique.joined(separator: ", "),
            account: registry.artifactOwners.count == 1 ? registry.artifactOwners[0] : nil,
            statements: artifactStatements(places, worker: worker)
        )
    }

    /// What the policies of buckets with artifacts have to say.
    func artifactStatements(_ places: [S3Prefix], worker: String) -> [Statement] {
        let readers = accounts.map { $0.role ?? worker }.unique
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
    var groupPolicies: [ResourcePolicy] {
        groups.compactMap { group in
            let owner = group.owner(in: registry).account
            let readers = groupReaders.filter { $0 != owner }
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

    /// The accounts that packages are read from.
    private var groupReaders: [String] {
        [registry.role == nil ? registry.workerNames.account : registry.account]
    }
}
