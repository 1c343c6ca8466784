import AWS

/// Looks at the artifacts as the role that copies them, at the model prefix it copies them to, and at the objects
/// that smoke tests read.
struct StorageCheck: Sendable {
    let ward: Ward
    let registry: RegistryDocument
    /// What the artifact bucket's policy has to say.
    let bucketPolicy: @Sendable (S3Prefix) -> [Statement]

    private var s3: S3 { S3(ward.client) }

    func artifacts() async throws -> [Finding] {
        var findings: [Finding] = []
        var readable: [String] = []
        var buckets: [String: String?] = [:]
        for package in ward.served {
            guard let url = package.artifact, let place = S3URL(url) else { continue }
            if buckets[place.bucket] == nil {
                buckets[place.bucket] = .some(try await elsewhere(place.bucket))
            }
            if let region = buckets[place.bucket] ?? nil {
                findings.append(
                    .missing(
                        ward.name,
                        "artifact region",
                        "bucket \(place.bucket) of \(package.arn) is in \(region), and the account in "
                            + "\(ward.account.region)",
                        fix: "put the artifacts of \(ward.account.region)'s accounts in a bucket there, by "
                            + "replication for example, and register them from it"
                    )
                )
                continue
            }
            if let finding = try await artifact(package, url, place) {
                findings.append(finding)
            } else {
                readable.append(package.group)
            }
        }
        if !readable.isEmpty {
            let text = "the newest artifacts of \(readable.joined(separator: ", ")) can be read"
            findings.append(.ok(ward.name, "artifact", text))
        }
        return findings
    }

    /// The region that a bucket is in, where that is another than the account's.
    private func elsewhere(_ bucket: String) async throws -> String? {
        switch try await see({ try await s3.headBucket(bucket) }) {
        case .success(let region): region == ward.account.region ? nil : region
        case .failure(let error): error.status == 301 ? "another region" : nil
        }
    }

    private func artifact(_ package: NewestPackage, _ url: String, _ place: S3URL) async throws -> Finding? {
        var refusal: AWSError?
        for owner in registry.artifactOwners {
            let head = try await see {
                try await s3.headObject(bucket: place.bucket, key: place.key, expectedOwner: owner)
            }
            switch head {
            case .success: return nil
            case .failure(let error) where error.isMissing:
                return .missing(
                    ward.name,
                    "artifact",
                    "\(url) of \(package.arn) does not exist",
                    fix: "upload it again, or register and approve a version that has its archive"
                )
            case .failure(let error): refusal = error
            }
        }
        guard let refusal else { return nil }
        guard refusal.kind == .denied else {
            return .unknown(ward.name, "artifact", "could not look: \(refusal)")
        }
        // Without an expected owner a stranger's bucket says yes, and one that needs a permission says no.
        if case .success = try await see({ try await s3.headObject(bucket: place.bucket, key: place.key) }) {
            return .missing(
                ward.name,
                "artifact owner",
                "the bucket of \(url) belongs to none of \(registry.artifactOwners.joined(separator: ", "))",
                fix: "add its owner to `artifactOwners` of the registry document, if it may supply artifacts"
            )
        }
        let wanted = bucketPolicy(S3Prefix(bucket: place.bucket, prefix: "")).map(\.json)
        return .missing(
            ward.name,
            "artifact",
            "\(url) of \(package.arn) cannot be read: \(refusal)",
            fix:
                "\(ward.add("Artifacts")); and, with s3:ListBucket, to the policy of bucket \(place.bucket): "
                + wanted.joined(separator: ", ")
        )
    }

    func models() async throws -> [Finding] {
        let (place, account) = (ward.account.models, ward.account)
        switch try await see({ try await s3.headBucket(place.bucket, expectedOwner: account.account) }) {
        case .success(let region) where region == nil || region == account.region: return try await prefix()
        case .success(let region): return [wrongRegion(region ?? "another region")]
        case .failure(let error) where error.status == 301: return [wrongRegion("another region")]
        case .failure(let error) where error.isMissing:
            return [
                .missing(
                    ward.name,
                    "model bucket",
                    "there is no bucket \(place.bucket)",
                    fix: "create it in \(account.account), \(account.region), or mend `models` of the account"
                )
            ]
        case .failure(let error) where error.kind == .denied:
            if case .success = try await see({ try await s3.headBucket(place.bucket) }) {
                return [
                    .missing(
                        ward.name,
                        "model bucket",
                        "bucket \(place.bucket) does not belong to account \(account.account)",
                        fix: "name a bucket of this account in `models`: copies are made to no other's"
                    )
                ]
            }
            return [
                .missing(
                    ward.name,
                    "model bucket",
                    "bucket \(place.bucket) cannot be listed: \(error)",
                    fix: ward.add("ModelBucket")
                )
            ]
        case .failure(let error): return [.unknown(ward.name, "model bucket", "could not look: \(error)")]
        }
    }

    private func wrongRegion(_ region: String) -> Finding {
        .missing(
            ward.name,
            "model bucket",
            "bucket \(ward.account.models.bucket) is in \(region), and SageMaker loads models from its own region, "
                + "\(ward.account.region), alone",
            fix: "create a bucket in \(ward.account.region) and name it in `models` of the account"
        )
    }

    /// What is asked for here does not exist, so each answer is about the permission alone and nothing changes.
    private func prefix() async throws -> [Finding] {
        let (place, owner) = (ward.account.models, ward.account.account)
        let key = "\(place.prefix)sluice-doctor/nothing"
        let none = MultipartUpload(bucket: place.bucket, key: key, id: S3.unknownUpload)
        let probes: [(String, () async throws -> Void)] = [
            (
                "s3:PutObject",
                { try await s3.probeWriting(bucket: place.bucket, key: key, expectedOwner: owner) }
            ),
            ("s3:AbortMultipartUpload", { try await s3.abortMultipartUpload(none, owner: owner) }),
            ("s3:ListMultipartUploadParts", { _ = try await s3.listParts(of: none, owner: owner) }),
            (
                "s3:GetObject",
                { _ = try await s3.headObject(bucket: place.bucket, key: key, expectedOwner: owner) }
            ),
            (
                "s3:ListBucketMultipartUploads",
                {
                    _ = try await s3.listMultipartUploads(
                        bucket: place.bucket,
                        prefix: key,
                        expectedOwner: owner
                    )
                }
            ),
        ]
        var denied: [String] = []
        var unsure: AWSError?
        for (action, probe) in probes {
            switch try await see(probe) {
            case .failure(let error) where error.kind == .denied: denied.append(action)
            case .failure(let error) where !error.isMissing && error.code != "NoSuchUpload": unsure = error
            default: break
            }
        }
        if !denied.isEmpty {
            return [
                .missing(
                    ward.name,
                    "model prefix",
                    "\(ward.role.arn ?? "the worker") is denied \(denied.joined(separator: ", ")) at \(place)",
                    fix: "\(ward.add("ModelObjects")) and \(ward.statement("ModelBucket")?.json ?? "")"
                )
            ]
        }
        if let unsure { return [.unknown(ward.name, "model prefix", "could not look: \(unsure)")] }
        return [
            .ok(ward.name, "model prefix", "\(place) is in this account and region, and may be written to")
        ]
    }

    func testObjects() async throws -> [Finding] {
        var findings: [Finding] = []
        for object in ward.deployment.testObjects {
            switch try await see({ try await s3.headObject(bucket: object.bucket, key: object.key) }) {
            case .success: findings.append(.ok(ward.name, "test object", "\(object) can be read"))
            case .failure(let error) where error.isMissing:
                findings.append(
                    .missing(
                        ward.name,
                        "test object",
                        "\(object) does not exist, and smoke tests ask with it",
                        fix: "upload it, or mend `smoke` of the endpoint"
                    )
                )
            case .failure(let error) where error.kind == .denied:
                findings.append(
                    .missing(
                        ward.name,
                        "test object",
                        "\(object) cannot be read: \(error)",
                        fix: "\(ward.add("TestObjects")) and \(ward.statement("TestBuckets")?.json ?? "")"
                    )
                )
            case .failure(let error):
                findings.append(.unknown(ward.name, "test object", "could not look: \(error)"))
            }
        }
        return findings
    }
}
