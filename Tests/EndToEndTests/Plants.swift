import Foundation
import Native

/// A fault planted in a world, and how the doctor has to name it.
struct Plant: CustomStringConvertible {
    let account: String
    let check: String
    /// What the finding says.
    let text: String
    /// What the cure says.
    let fix: String?

    var description: String { "\(account) \(check): \(text)" }

    func isFound(_ finding: World.Finding) -> Bool {
        (account == "*" || account == finding.account) && check == finding.check
            && finding.text.contains(text)
    }
}

/// More than twenty different faults in one world: some of the worker's, some of every account.
struct Plants {
    let world: World

    init(_ world: World) { self.world = world }

    func all() async throws -> [Plant] {
        try await world.becomeHealthy()
        let more = try await moreAccounts()
        var plants = try await queue()
        plants += try await registry(more)
        plants += try await storage(more)
        plants += try await accounts()
        plants += try await endpoints()
        // Last, because whoever plants would have to reckon with it.
        let callers = [world.registry, world.staging, world.prod] + more.map(\.number)
        try await world.aws.post(
            "clock",
            ["accounts": .array(callers.map(JSONValue.string)), "seconds": 900]
        )
        return plants + [
            Plant(account: "worker", check: "clock", text: "behind AWS's", fix: "NTP")
        ]
    }

    private struct Account {
        let name: String
        let number: String
    }

    /// Five more accounts of the stage, since one account has room for one fault of a kind.
    private func moreAccounts() async throws -> [Account] {
        let names = ["unnamed", "nowhere", "abroad", "foreign", "distrust", "roleless"]
        let accounts = names.map {
            Account(name: $0, number: String(Int.random(in: 100_000_000_000...999_999_999_999)))
        }
        try await world.aws.post(
            "worlds",
            [
                "registry": .string(world.registry), "groups": [], "externalId": "acme",
                "accounts": .array(
                    accounts.map { ["name": .string($0.name), "account": .string($0.number)] }
                ),
            ]
        )
        for account in accounts {
            let role = "role: arn:aws:iam::\(account.number):role/sluice-deploy\nexternalId: acme\n"
            try world.add(
                file: "\(account.name).yaml",
                """
                kind: account
                name: \(account.name)
                account: "\(account.number)"
                stage: staging
                region: eu-west-1
                \(account.name == "roleless" ? "" : role)executionRole: arn:aws:iam::\(account.number):role/sagemaker-role-\(account.name)
                models: s3://acme-\(account.name)-models-\(account.number)/models/

                """
            )
        }
        return accounts
    }

    /// A queue that nobody set up right, and a rule that knows one group of two.
    private func queue() async throws -> [Plant] {
        let (registry, url) = (world.registry, world.queue.replacing(/[^\/]+$/, with: "bare"))
        try await world.administer(
            registry,
            "sqs",
            "CreateQueue",
            ["QueueName": "bare", "Attributes": ["KmsMasterKeyId": "alias/aws/sqs"]]
        )
        try await world.setPolicy(ofQueue: "bare", to: World.sending(to: "bare", of: registry, for: nil))
        let pattern: JSONValue = [
            "source": ["aws.sagemaker"], "detail-type": ["SageMaker Model Package State Change"],
            "detail": ["ModelPackageGroupName": ["demand-de"]],
        ]
        try await world.administer(
            registry,
            "events",
            "PutRule",
            ["Name": "half", "EventPattern": .string(pattern.text), "State": "ENABLED"]
        )
        try await world.administer(
            registry,
            "events",
            "PutTargets",
            [
                "Rule": "half",
                "Targets": [["Id": "q", "Arn": .string("arn:aws:sqs:eu-west-1:\(registry):bare")]],
            ]
        )
        try world.edit("registry.yaml", world.queue, url)
        try world.edit("registry.yaml", "# events: default", "events: nobody-listens")
        try await world.administer(
            registry,
            "iam",
            "PutUserPolicy",
            [
                "UserName": "sluice-worker", "PolicyName": "p",
                "PolicyDocument": .string(World.allBut("sqs:DeleteMessage").text),
            ]
        )
        return [
            Plant(account: "worker", check: "queue policy", text: "aws:SourceArn", fix: "rule/half"),
            Plant(
                account: "worker",
                check: "dead letters",
                text: "no dead-letter queue",
                fix: "RedrivePolicy"
            ),
            Plant(account: "worker", check: "queue key", text: "alias/aws/sqs", fix: "SqsManagedSseEnabled"),
            Plant(account: "worker", check: "bus", text: "nobody-listens", fix: "`events`"),
            Plant(account: "worker", check: "policy", text: "sqs:DeleteMessage", fix: "\"Sid\":\"Queue\""),
            Plant(account: "registry", check: "rule", text: "demand-fr", fix: "\"demand-de\",\"demand-fr\""),
        ]
    }

    /// Artifacts that are not there, are somebody else's, or may not be read by one of the roles.
    private func registry(_ more: [Account]) async throws -> [Plant] {
        let stranger = String(Int.random(in: 100_000_000_000...999_999_999_999))
        let theirs = "stranger-artifacts-\(stranger)"
        try await world.administer(
            stranger,
            "s3",
            "CreateBucket",
            [
                "Bucket": .string(theirs),
                "CreateBucketConfiguration": ["LocationConstraint": "eu-west-1"],
            ]
        )
        try await world.administer(
            stranger,
            "s3",
            "PutObject",
            ["Bucket": .string(theirs), "Key": "m.tar.gz", "Body": "m"]
        )
        try await world.open(bucket: theirs, of: stranger)
        try await package("demand-fr", "s3://\(theirs)/m.tar.gz")
        let known =
            ["staging", "prod"].map { $0 == "staging" ? world.staging : world.prod }
            + more.filter { $0.name != "unnamed" }.map(\.number)
        let policy: JSONValue = [
            "Version": "2012-10-17",
            "Statement": [
                [
                    "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"],
                    "Principal": [
                        "AWS": .array(known.map { .string("arn:aws:iam::\($0):role/sluice-deploy") })
                    ],
                    "Resource": [
                        .string("arn:aws:s3:::acme-artifacts-\(world.registry)"),
                        .string("arn:aws:s3:::acme-artifacts-\(world.registry)/*"),
                    ],
                ]
            ],
        ]
        try await world.administer(
            world.registry,
            "s3",
            "PutBucketPolicy",
            [
                "Bucket": .string("acme-artifacts-\(world.registry)"), "Policy": .string(policy.text),
            ]
        )
        let abroad = "acme-artifacts-us-\(world.registry)"
        try await world.administer(
            world.registry,
            "s3",
            "CreateBucket",
            ["Bucket": .string(abroad)],
            region: "us-east-1"
        )
        try await world.open(bucket: abroad, of: world.registry)
        try await world.complete(groups: ["demand-it", "demand-us"])
        try await package("demand-us", "s3://\(abroad)/m.tar.gz")
        try await package("demand-it", "s3://acme-artifacts-\(world.registry)/never-written.tar.gz")
        return [
            Plant(account: "*", check: "artifact region", text: "\(abroad) of", fix: "replication"),
            Plant(account: "*", check: "artifact owner", text: theirs, fix: "`artifactOwners`"),
            Plant(account: "prod", check: "artifact", text: "never-written.tar.gz", fix: "upload it again"),
            Plant(
                account: "unnamed",
                check: "artifact",
                text: "cannot be read",
                fix: "\"Sid\":\"ReadArtifacts\""
            ),
            Plant(
                account: "registry",
                check: "group",
                text: "no model package group nobody",
                fix: "create it"
            ),
        ]
    }

    private func package(_ group: String, _ url: String) async throws {
        try await world.aws.post(
            "packages",
            [
                "account": .string(world.registry), "group": .string(group), "url": .string(url),
                "image": .string(world.image), "status": "Approved",
            ]
        )
    }

    /// Model buckets that are nowhere, abroad or another account's, and one that is not to be written to.
    private func storage(_ more: [Account]) async throws -> [Plant] {
        func number(_ name: String) -> String { more.first { $0.name == name }?.number ?? "" }
        try world.edit("nowhere.yaml", "s3://acme-nowhere-models", "s3://acme-never-made")
        let abroad = number("abroad")
        try await world.administer(
            abroad,
            "s3",
            "CreateBucket",
            ["Bucket": .string("acme-overseas-\(abroad)")],
            region: "us-east-1"
        )
        try world.edit("abroad.yaml", "s3://acme-abroad-models", "s3://acme-overseas")
        let bucket = "acme-staging-models-\(world.staging)"
        try await world.open(bucket: bucket, of: world.staging)
        try world.edit(
            "foreign.yaml",
            "s3://acme-foreign-models-\(number("foreign"))/models/",
            "s3://\(bucket)/foreign/"
        )
        try world.edit("distrust.yaml", "externalId: acme", "externalId: another")
        _ = try await world.fault("s3.CompleteMultipartUpload", "AccessDenied", in: world.prod, status: 403)
        return [
            Plant(account: "nowhere", check: "model bucket", text: "acme-never-made", fix: "create it"),
            Plant(account: "abroad", check: "model bucket", text: "us-east-1", fix: "eu-west-1"),
            Plant(account: "foreign", check: "model bucket", text: "does not belong to", fix: "`models`"),
            Plant(
                account: "prod",
                check: "model prefix",
                text: "s3:PutObject",
                fix: "\"Sid\":\"ModelObjects\""
            ),
            Plant(account: "distrust", check: "role", text: "external id another", fix: "sts:ExternalId"),
            Plant(
                account: "roleless",
                check: "account",
                text: "credentials are of \(world.registry)",
                fix: "`role`"
            ),
        ]
    }
}
