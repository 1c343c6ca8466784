import AWS

/// Where the doctor goes first: to the registry and into every account, because what is looked at there depends on
/// what was found.
extension Doctor {
    struct Registry {
        var findings: [Finding]
        /// Nil where its role cannot be assumed.
        let client: AWSClient?
        let role: RolePermissions
        let names: ResourceNames
        var packages: [NewestPackage] = []

        private var objects: [S3URL] { packages.compactMap { $0.artifact.flatMap(S3URL.init) } }

        /// The buckets that the packages have their artifacts in.
        var places: [S3Prefix] { objects.map { S3Prefix(bucket: $0.bucket, prefix: "") }.unique }

        /// The ARNs of the artifacts.
        var artifacts: [String] { objects.map { names.bucket("\($0.bucket)/\($0.key)") } }
    }

    func registry(_ roles: RoleCheck, _ permissions: Permissions) async throws -> Registry {
        let document = folder.registry
        let role = document.role.flatMap(permissions.role) ?? permissions.roles[0]
        var reader = client(base, nil, document.region)
        var findings: [Finding] = []
        if let arn = document.role {
            let sight = try await roles.look(
                .init(
                    name: "registry",
                    account: document.account,
                    region: document.region,
                    role: arn,
                    externalID: document.externalId,
                    permissions: role
                )
            )
            findings = [sight.finding]
            guard let found = sight.client else {
                return Registry(findings: findings, client: nil, role: role, names: document.names)
            }
            reader = found
        }
        let check = RegistryCheck(
            settings: settings,
            role: role,
            policies: permissions.resources,
            client: reader
        )
        let sights = try await settings.share.groups.concurrentMap(atMost: Self.breadth) {
            try await check.look(at: $0)
        }
        return Registry(
            findings: findings + sights.flatMap(\.findings),
            client: reader,
            role: role,
            names: document.names,
            packages: sights.compactMap(\.package)
        )
    }

    func wards(
        _ roles: RoleCheck,
        _ permissions: Permissions,
        _ registry: Registry
    ) async throws -> (found: [Ward], findings: [Finding]) {
        let deployments = folder.deployments(
            artifacts: ArtifactSources(owners: folder.registry.artifactOwners, prefixes: registry.places)
        ).filter { settings.driven.contains($0.account.name) }
        let seen = try await deployments.concurrentMap(atMost: Self.breadth) { deployment in
            let account = deployment.account
            let role = account.role.flatMap(permissions.role) ?? permissions.roles[0]
            let sight = try await roles.look(
                .init(
                    name: account.name,
                    account: account.account,
                    region: account.region,
                    role: account.role,
                    externalID: account.externalId,
                    permissions: role
                )
            )
            let ward = sight.client.map { found in
                // Own credentials are used in the region of the account that has no role.
                let local = account.role == nil ? client(base, account.account, account.region) : found
                return Ward(deployment: deployment, client: local, role: role, packages: registry.packages)
            }
            return (ward, sight.finding)
        }
        return (seen.compactMap(\.0), seen.map(\.1))
    }

    /// What IAM is asked about an account: its role, unless that is the worker's own, and its execution role.
    func policies(
        _ ward: Ward,
        _ permissions: Permissions,
        _ artifacts: [String]
    ) -> [PolicyCheck] {
        let execution = permissions.role(ward.account.executionRole).map(\.loading)
        let own = ward.account.role == nil ? nil : ward.role
        return [own, execution].compactMap(\.self).map { role in
            PolicyCheck(
                name: ward.name,
                role: role,
                grant: ward.statement("Simulate"),
                grantee: ward.role,
                client: ward.client,
                known: artifacts
            )
        }
    }
}
