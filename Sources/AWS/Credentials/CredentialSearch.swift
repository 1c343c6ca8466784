import Native

/// Looks for credentials in the order of the `CredentialChain`.
struct CredentialSearch: Sendable {
    private let environment: AWSEnvironment
    private let http: any HTTPSender
    private let region: String
    private let profiles: Profiles

    init(_ environment: AWSEnvironment, http: any HTTPSender, region: String) {
        self.environment = environment
        self.http = http
        profiles = Profiles(environment)
        self.region = environment.region ?? profiles[environment.profile]?["region"] ?? region
    }

    func find() throws(CredentialsError) -> any CredentialProvider {
        let profile = profiles[environment.profile]
        if let keys = try EnvironmentCredentials.read(environment), !asksForARoleWithThem(profile) {
            return StaticCredentials(keys)
        }
        if let name = environment["AWS_PROFILE"], profile == nil {
            throw CredentialsError(
                source: "profile \(name)",
                reason: "there is no such profile in \(profiles.place)"
            )
        }
        if let profile, let found = try role(of: profile) { return found }
        if let found = try WebIdentity(environment, profile) { return provider(found) }
        if let found = try profile?.ownCredentials(environment) { return found }
        if let container = try ContainerCredentials(environment, http: http) { return provider(container) }
        return try instance(lacking: lacks(profile))
    }

    /// The last place: what it lacks is only known when it is asked.
    private func instance(lacking lacks: [String]) throws(CredentialsError) -> any CredentialProvider {
        guard let metadata = try InstanceMetadata(environment, http: http) else {
            throw Self.nothing(lacks + ["AWS_EC2_METADATA_DISABLED keeps from the instance's metadata"])
        }
        return ExpiringCredentials {
            do {
                return try await metadata.fetch()
            } catch let error as CredentialsError {
                let last = "\(error.source): \(error.reason)"
                throw Self.nothing(lacks + [last], isTransient: error.isTransient)
            }
        }
    }

    private func lacks(_ profile: Profile?) -> [String] {
        let name = environment.profile
        var said = "profile \(name) has no role_arn, no keys and no credential_process"
        if profile == nil { said = "there is no profile \(name) in \(profiles.place)" }
        if profile?["sso_session"] != nil || profile?["sso_start_url"] != nil {
            said +=
                " (it signs in through IAM Identity Center: add `credential_process = aws configure "
                + "export-credentials --profile \(name) --format process` to a profile of its own)"
        }
        return [
            "the environment has neither AWS_ACCESS_KEY_ID nor AWS_WEB_IDENTITY_TOKEN_FILE", said,
            "no container service is named by AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI",
        ]
    }

    private static func nothing(_ lacks: [String], isTransient: Bool = false) -> CredentialsError {
        CredentialsError(
            source: "anywhere",
            reason: lacks.joined(separator: "; "),
            isTransient: isTransient
        )
    }
}

extension CredentialSearch {
    /// The credentials of the role a profile names, if it names one.
    ///
    /// - Parameter earlier: The profiles whose roles are assumed with this one's, the first one first.
    private func role(
        of profile: Profile,
        after earlier: [String] = []
    ) throws(CredentialsError) -> (any CredentialProvider)? {
        guard let role = try ProfileRole(profile) else { return nil }
        let source: any CredentialProvider
        switch role.source {
        case .profile(let name):
            source = try self.source(name, of: profile, after: earlier + [profile.name])
        case .environment:
            guard let keys = try EnvironmentCredentials.read(environment) else {
                throw profile.error("its credential_source is Environment, which has no AWS_ACCESS_KEY_ID")
            }
            source = StaticCredentials(keys)
        case .instance:
            guard let metadata = try InstanceMetadata(environment, http: http) else {
                throw profile.error(
                    "its credential_source is Ec2InstanceMetadata, from which AWS_EC2_METADATA_DISABLED keeps"
                )
            }
            source = ExpiringCredentials { try await metadata.fetch() }
        case .container:
            guard let container = try ContainerCredentials(environment, http: http) else {
                throw profile.error(
                    "its credential_source is EcsContainer, but neither "
                        + "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor _FULL_URI is set"
                )
            }
            source = provider(container)
        }
        return AssumedRole(
            sts: sts(source),
            roleARN: role.roleARN,
            sessionName: role.sessionName,
            externalID: role.externalID,
            durationSeconds: role.durationSeconds
        )
    }

    /// The credentials of a `source_profile`. Its own keys come before its role, so that a profile may name
    /// itself for its keys; the environment does not count here.
    private func source(
        _ name: String,
        of profile: Profile,
        after earlier: [String]
    ) throws(CredentialsError) -> any CredentialProvider {
        guard let source = profiles[name] else {
            throw profile.error("its source_profile \(name) is not in \(profiles.place)")
        }
        if let keys = try source.staticKeys { return StaticCredentials(keys) }
        guard !earlier.contains(name) else {
            let way = (earlier + [name]).joined(separator: " → ")
            throw profile.error("its source_profile leads back to where it came from: \(way)")
        }
        if let role = try role(of: source, after: earlier) { return role }
        if let identity = try WebIdentity(nil, source) { return provider(identity) }
        if let own = try source.ownCredentials(environment) { return own }
        throw profile.error(
            "its source_profile \(name) has no role_arn, no web_identity_token_file, no keys and no "
                + "credential_process"
        )
    }

    /// Whether a profile that somebody chose ends, source by source, in `credential_source = Environment`.
    private func asksForARoleWithThem(_ profile: Profile?) -> Bool {
        var next = environment["AWS_PROFILE"] == nil ? nil : profile
        var seen: Set<String> = []
        while let profile = next, seen.insert(profile.name).inserted, profile["role_arn"] != nil {
            if profile["credential_source"] == "Environment" { return true }
            next = profile["source_profile"].flatMap { profiles[$0] }
        }
        return false
    }

    private func provider(_ container: ContainerCredentials) -> any CredentialProvider {
        ExpiringCredentials { try await container.fetch() }
    }

    private func provider(_ identity: WebIdentity) -> any CredentialProvider {
        let sts = sts(NoCredentials())
        return ExpiringCredentials(now: { sts.now() }) { try await identity.fetch(sts) }
    }

    private func sts(_ credentials: any CredentialProvider) -> STS {
        STS(AWSClient(http: http, credentials: credentials, region: region, environment: environment))
    }
}
