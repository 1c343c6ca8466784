import Foundation
import Native
import Testing

/// What the doctor's tests do to a world by AWS's own API, as each account's administrator.
extension World {
    /// One finding of `sluice doctor --json`.
    struct Finding: Decodable, CustomStringConvertible {
        let account: String
        let check: String
        let verdict: String
        let text: String
        let fix: String?

        var description: String { "\(account) \(check) \(verdict): \(text) [\(fix ?? "")]" }
    }

    func examine(_ arguments: String...) async throws -> (status: Int32, findings: [Finding]) {
        let outcome = try await run(["doctor", "--json"] + arguments, as: worker)
        try #require(
            !outcome.output.isEmpty,
            "the doctor said nothing (\(outcome.status)): \(outcome.errors)"
        )
        let findings = try JSONDecoder().decode([Finding].self, from: Data(outcome.output.utf8))
        return (outcome.status, findings)
    }

    @discardableResult
    func administer(
        _ account: String,
        _ service: String,
        _ operation: String,
        _ input: JSONValue = [:],
        region: String = "eu-west-1"
    ) async throws -> JSONValue {
        try await aws.post(
            "aws",
            [
                "account": .string(account), "service": .string(service), "operation": .string(operation),
                "input": input, "region": .string(region),
            ]
        )
    }

    /// Makes what a world for other tests does without: a queue policy, an image, and an approved version of
    /// every group.
    func becomeHealthy() async throws {
        for group in Self.groups { try await register(group) }
        let rules = ["sluice-model-packages", "sluice-endpoints"].map {
            "arn:aws:events:eu-west-1:\(registry):rule/\($0)"
        }
        try await setPolicy(ofQueue: "sluice", to: Self.sending(to: "sluice", of: registry, for: rules))
        try await makeImage()
        try edit(
            "demand-forecast.yaml",
            "# Optional: a container",
            "container: {image: \(image)}\n# Optional: a container"
        )
    }

    var image: String { "\(registry).dkr.ecr.eu-west-1.amazonaws.com/linear:1" }

    private func makeImage() async throws {
        try await administer(registry, "ecr", "CreateRepository", ["repositoryName": "linear"])
        try await administer(
            registry,
            "ecr",
            "PutImage",
            [
                "repositoryName": "linear", "imageTag": "1",
                "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
                "imageManifest": .string(#"{"schemaVersion": 2, "config": {}, "layers": []}"#),
            ]
        )
        let readers: JSONValue = [
            "Version": "2012-10-17",
            "Statement": [
                [
                    "Effect": "Allow", "Principal": "*",
                    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                ]
            ],
        ]
        try await administer(
            registry,
            "ecr",
            "SetRepositoryPolicy",
            ["repositoryName": "linear", "policyText": .string(readers.text)]
        )
    }

    /// A queue's policy that lets EventBridge send, for some rules or for anybody's.
    static func sending(to queue: String, of account: String, for rules: [String]?) -> JSONValue {
        var statement: [String: JSONValue] = [
            "Effect": "Allow", "Principal": ["Service": "events.amazonaws.com"], "Action": "sqs:SendMessage",
            "Resource": .string("arn:aws:sqs:eu-west-1:\(account):\(queue)"),
        ]
        if let rules {
            statement["Condition"] = ["ArnEquals": ["aws:SourceArn": .array(rules.map(JSONValue.string))]]
        }
        return ["Version": "2012-10-17", "Statement": [.object(statement)]]
    }

    func setPolicy(ofQueue name: String, to policy: JSONValue) async throws {
        try await administer(
            registry,
            "sqs",
            "SetQueueAttributes",
            [
                "QueueUrl": .string(queue.replacing(/[^\/]+$/, with: name)),
                "Attributes": ["Policy": .string(policy.text)],
            ]
        )
    }

    /// Lets everybody do everything with a bucket, as its policy says.
    func open(bucket: String, of account: String) async throws {
        let policy: JSONValue = [
            "Version": "2012-10-17",
            "Statement": [
                [
                    "Effect": "Allow", "Principal": "*", "Action": "s3:*",
                    "Resource": [.string("arn:aws:s3:::\(bucket)"), .string("arn:aws:s3:::\(bucket)/*")],
                ]
            ],
        ]
        try await administer(
            account,
            "s3",
            "PutBucketPolicy",
            ["Bucket": .string(bucket), "Policy": .string(policy.text)]
        )
    }

    /// Everything is allowed but these actions.
    static func allBut(_ actions: String...) -> JSONValue {
        [
            "Version": "2012-10-17",
            "Statement": [
                ["Effect": "Allow", "Action": "*", "Resource": "*"],
                ["Effect": "Deny", "Action": .array(actions.map(JSONValue.string)), "Resource": "*"],
            ],
        ]
    }

    func add(file name: String, _ text: String) throws {
        try text.write(to: accounts.appending(path: name), atomically: true, encoding: .utf8)
    }
}
