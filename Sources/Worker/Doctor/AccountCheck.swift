import AWS

/// Looks at what else has to be there in an account: keys, alarms, quotas, the execution role, the images, and
/// whatever has an endpoint's name already.
struct AccountCheck: Sendable {
    let ward: Ward

    private var name: String { ward.name }

    var areas: [Doctor.Area] { [endpoints, endpointList, executionRole, images, keys, alarms, quotas] }

    func keys() async throws -> [Finding] {
        let kms = KMS(ward.client)
        return try await ward.deployment.keyARNs.concurrentMap(atMost: 2) { key in
            switch try await see({ try await kms.key(id: key) }) {
            case .success(let found) where found.state == "Enabled":
                return try await KeySight(ward: ward, key: key, arn: found.arn).finding(kms)
            case .success(let found):
                return .missing(
                    name,
                    "key",
                    "\(key) is \(found.state), so nothing can be encrypted with it",
                    fix: "enable it (or cancel its deletion), or name another key in the accounts folder"
                )
            case .failure(let error) where error.isMissing:
                return .missing(
                    name,
                    "key",
                    "there is no key \(key)",
                    fix: "create it, or mend `kmsKey` or `volumeKmsKey` in the accounts folder"
                )
            case .failure(let error): return ward.unseen("key", error, grant: "LookAtKeys")
            }
        }
    }

    func alarms() async throws -> [Finding] {
        let (gates, traffic) = (ward.deployment.gateAlarms, ward.deployment.trafficAlarms)
        let names = (gates + traffic).unique
        guard !names.isEmpty else { return [] }
        switch try await see({ try await CloudWatch(ward.client).describeAlarms(names: names) }) {
        case .success(let found):
            let missing = names.filter { name in !found.contains { $0.name == name } }
            guard missing.isEmpty else {
                return missing.map { self.missing($0, isGates: gates.contains($0)) }
            }
            return [.ok(name, "alarm", "\(names.joined(separator: ", ")): all are there")]
        case .failure(let error) where error.kind == .denied && !gates.isEmpty:
            return [.missing(name, "alarm", "alarms cannot be looked at: \(error)", fix: ward.add("Alarms"))]
        case .failure(let error): return [ward.unseen("alarm", error, grant: "LookAtAlarms")]
        }
    }

    private func missing(_ alarm: String, isGates: Bool) -> Finding {
        .missing(
            name,
            "alarm",
            "there is no alarm \(alarm) in \(ward.account.account), \(ward.account.region): "
                + (isGates ? "a gate would wait for it" : "it would take no update back"),
            fix: "create the alarm, or take it out of \(isGates ? "`gate`" : "`traffic`")"
        )
    }

    func quotas() async throws -> [Finding] {
        let needs = QuotaNeed.all(of: ward.deployment)
        switch try await see({ try await ServiceQuotas(ward.client).quotas(ofService: "sagemaker") }) {
        case .success(let quotas): return needs.map { $0.finding(name, quotas) }
        case .failure(let error): return [ward.unseen("quota", error, grant: "LookAtQuotas")]
        }
    }

    func executionRole() async throws -> [Finding] {
        let arn = ward.account.executionRole
        let role = arn.split(separator: "/").last.map(String.init) ?? arn
        switch try await see({ try await IAM(ward.client).trustPolicy(ofRole: role) }) {
        case .success(let text):
            let isTrusting = PolicyText(text).entries.contains {
                $0.allows && $0.names(service: "sagemaker.amazonaws.com")
                    && $0.covers(action: "sts:AssumeRole")
            }
            guard !isTrusting else { return [.ok(name, "execution role", "\(arn) trusts SageMaker")] }
            let trust = ward.deployment.executionTrust.json
            return [
                .missing(
                    name,
                    "execution role",
                    "\(arn) does not trust SageMaker, which has to run the models with it",
                    fix: "set its trust policy to have: \(trust)"
                )
            ]
        case .failure(let error) where error.isMissing:
            return [
                .missing(
                    name,
                    "execution role",
                    "there is no role \(arn)",
                    fix:
                        "create it, or mend `executionRole` of the account; `sluice permissions` prints its policies"
                )
            ]
        case .failure(let error): return [ward.unseen("execution role", error, grant: "LookAtExecutionRole")]
        }
    }

    func images() async throws -> [Finding] {
        let own = ward.deployment.endpoints.compactMap { $0.container?.image }
        let packages = ward.deployment.endpoints.filter { $0.container == nil }.flatMap(\.models.values)
        let groups = Set(packages.map(\.name))
        let named = own + ward.packages.filter { groups.contains($0.group) }.compactMap(\.image)
        return try await named.unique.concurrentMap(atMost: 4) { try await image($0) }
    }

    private func image(_ text: String) async throws -> Finding {
        guard let image = ImageName(text) else {
            return .unknown(
                name,
                "image",
                "\(text) is in no repository of Amazon ECR, where it could be looked at"
            )
        }
        guard image.region == ward.account.region else {
            return .missing(
                name,
                "image",
                "\(text) is in \(image.region), and SageMaker pulls images from its own region, "
                    + "\(ward.account.region), alone",
                fix: "replicate the repository to \(ward.account.region) and name the image there"
            )
        }
        let found = try await see {
            try await ECR(ward.client).hasImage(
                registry: image.account,
                repository: image.name,
                tag: image.tag,
                digest: image.digest
            )
        }
        switch found {
        case .success(true): return .ok(name, "image", "\(text) can be read from this account")
        case .success(false): return missing(text, "there is no image \(text) in its repository")
        case .failure(let error) where error.isMissing:
            return missing(text, "there is no repository of \(text)")
        // The role may lack the permission, or the repository's policy may not name the account.
        case .failure(let error): return ward.unseen("image", error, grant: "LookAtImages")
        }
    }

    private func missing(_ image: String, _ text: String) -> Finding {
        .missing(name, "image", text, fix: "push the image, or mend `container` or the package that names it")
    }

    func endpoints() async throws -> [Finding] {
        try await ward.deployment.endpoints.concurrentMap(atMost: 4) { try await endpoint($0) }
    }

    private func endpoint(_ document: EndpointDocument) async throws -> Finding {
        let sageMaker = SageMaker(ward.client)
        let liveName = ward.account.liveName(of: document.name)
        switch try await see({ try await sageMaker.describeEndpoint(name: liveName) }) {
        case .failure(let error) where error.isMissing:
            return .ok(name, "endpoint", "\(liveName) is not there yet; the first release makes it")
        case .failure(let error): return refused(error)
        case .success(let found):
            switch try await see({ try await sageMaker.listTags(arn: found.arn) }) {
            case .failure(let error): return refused(error)
            case .success(let tags):
                if tags[EndpointRoller.endpointTag] == document.name {
                    return .ok(name, "endpoint", "\(liveName) is Sluice's and \(found.status.rawValue)")
                }
                if document.adopt {
                    return .ok(
                        name,
                        "endpoint",
                        "\(liveName) is somebody else's; the first release adopts it"
                    )
                }
                return .missing(
                    name,
                    "endpoint",
                    "endpoint \(liveName) exists and was not made by Sluice, which leaves it alone",
                    fix:
                        "write `adopt: true` on the endpoint to take it over, or delete it, or name yours differently"
                )
            }
        }
    }

    private func refused(_ error: AWSError) -> Finding {
        guard error.kind == .denied else { return .unknown(name, "endpoint", "could not look: \(error)") }
        return .missing(name, "endpoint", "it cannot be looked at: \(error)", fix: ward.add("Endpoints"))
    }

    func endpointList() async throws -> [Finding] {
        switch try await see({ try await SageMaker(ward.client).listEndpoints(nextToken: nil) }) {
        case .failure(let error) where error.kind == .denied:
            return [.missing(name, "endpoint list", "\(error)", fix: ward.add("ListEndpoints"))]
        default: return []
        }
    }
}
