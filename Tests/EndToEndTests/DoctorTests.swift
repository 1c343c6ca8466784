import Foundation
import Native
import Testing

/// What a rollout will need is looked for before anything is deployed, all of it at once.
@Suite(.enabled(if: LocalAWS.url != nil))
struct DoctorTests {
    @Test func aHealthyWorldHasNothingMissing() async throws {
        try await World.with { world in
            try await world.becomeHealthy()
            let (status, findings) = try await world.examine()
            #expect(findings.filter { $0.verdict != "ok" }.map(\.description) == [])
            #expect(status == 0)
            let checks = Set(findings.map(\.check))
            #expect(
                checks.isSuperset(of: [
                    "identity", "clock", "queue", "queue policy", "dead letters", "rule", "policy", "group",
                    "role",
                    "artifact", "model prefix", "endpoint", "execution role", "image", "quota",
                ])
            )
            let table = try await world.sluice("doctor", as: world.worker)
            #expect(table.status == 0)
            #expect(table.output.contains("0 missing, 0 unknown"))
            let check = try await world.sluice("check", "--online", as: world.worker)
            #expect(check.status == 0)
            #expect(check.output.contains("nothing is wrong") && check.output.contains("0 missing"))
        }
    }

    /// Every fault that was planted is found in one run, and nothing that was not planted is called missing.
    @Test func everyFaultIsFoundAtOnce() async throws {
        try await World.with { world in
            let plants = try await Plants(world).all()
            #expect(plants.count >= 20)
            let (status, findings) = try await world.examine()
            #expect(status == 1)
            let missing = findings.filter { $0.verdict == "missing" }
            for plant in plants {
                let found = missing.filter(plant.isFound)
                #expect(!found.isEmpty, "\(plant)")
                #expect(
                    found.allSatisfy { finding in plant.fix.map { finding.fix?.contains($0) == true } ?? true
                    },
                    "\(plant): \(found)"
                )
            }
            for finding in missing {
                #expect(plants.contains { $0.isFound(finding) }, "nobody planted \(finding)")
            }
        }
    }

    /// IAM's policies are not enough for a key whose own policy keeps it from the roles.
    @Test func aKeysOwnPolicyIsLookedAt() async throws {
        try await World.with { world in
            try await world.becomeHealthy()
            let own: JSONValue = [
                "Effect": "Allow",
                "Principal": ["AWS": .string("arn:aws:iam::\(world.staging):role/security")],
                "Action": "kms:*", "Resource": "*",
            ]
            let policy: JSONValue = ["Version": "2012-10-17", "Statement": [own]]
            let made = try await world.administer(
                world.staging,
                "kms",
                "CreateKey",
                ["Policy": .string(policy.text)]
            )
            let key = try #require(made["KeyMetadata"]?["Arn"]?.string)
            try world.edit("staging.yaml", "# Optional: tags", "kmsKey: \(key)\n# Optional: tags")
            let (status, findings) = try await world.examine()
            #expect(status == 1)
            let finding = try #require(findings.first { $0.check == "key" && $0.account == "staging" })
            let role = "arn:aws:iam::\(world.staging):role/sluice-deploy"
            #expect(finding.verdict == "missing")
            #expect(finding.text.contains("\(role) may not kms:Decrypt, kms:GenerateDataKey"), "\(finding)")
            #expect(finding.text.contains("role/sagemaker-role-staging may not kms:Decrypt"), "\(finding)")
            let fix = try #require(finding.fix)
            let statement = try JSONDocument(
                parsing: Array(fix.trimmingPrefix("add to the key's policy: ").utf8)
            ).root

            // Pasted as it is, it is what was missing.
            let mended: JSONValue = ["Version": "2012-10-17", "Statement": [own, statement]]
            try await world.administer(
                world.staging,
                "kms",
                "PutKeyPolicy",
                [
                    "KeyId": .string(key.replacing(/^.*\//, with: "")), "PolicyName": "default",
                    "Policy": .string(mended.text),
                ]
            )
            let (_, after) = try await world.examine()
            let lets = after.first { $0.check == "key" && $0.account == "staging" }
            #expect(
                lets?.text.hasSuffix("its policy lets the roles use it") == true,
                "\(String(describing: lets))"
            )
        }
    }

    /// To look changes nothing: what there is, is as it was.
    @Test func anExaminationChangesNothing() async throws {
        try await World.with { world in
            try await world.becomeHealthy()
            try await world.send("somebody's message")
            let before = try await Self.things(of: world)
            _ = try await world.examine()
            #expect(try await Self.things(of: world) == before)
        }
    }

    /// Who may not look is told so, and what would let them; a rollout needs none of it.
    @Test func whatMayNotBeLookedAtIsUnknown() async throws {
        try await World.with { world in
            try await world.becomeHealthy()
            for (operation, account) in [
                ("sqs.GetQueueAttributes", world.registry), ("events.ListRuleNamesByTarget", world.registry),
                ("iam.SimulatePrincipalPolicy", world.registry),
                ("iam.SimulatePrincipalPolicy", world.staging),
                ("iam.GetRole", world.staging), ("servicequotas.ListServiceQuotas", world.staging),
                ("ecr.BatchGetImage", world.staging),
            ] {
                _ = try await world.fault(operation, "AccessDeniedException", in: account)
            }
            let (status, findings) = try await world.examine()
            #expect(status == 0)
            let unknown = findings.filter { $0.verdict == "unknown" }
            #expect(
                Set(unknown.map { "\($0.account) \($0.check)" }) == [
                    "worker queue", "registry rule", "worker policy", "staging policy",
                    "staging execution role",
                    "staging quota", "staging image",
                ]
            )
            #expect(unknown.allSatisfy { $0.fix?.contains("To have this checked: add to ") == true })
            #expect(findings.allSatisfy { $0.verdict != "missing" })
        }
    }

    /// Each worker looks at what it drives, as itself, and says who has to look at the rest.
    @Test func everyWorkerLooksAtItsOwn() async throws {
        try await World.with(ownQueue: true) { world in
            try await world.becomeHealthy()
            try world.separateProd()
            let (status, central) = try await world.examine()
            #expect(status == 0)
            #expect(
                central.filter { $0.verdict != "ok" }.map { "\($0.account) \($0.check) \($0.verdict)" } == [
                    "prod worker unknown"
                ]
            )
            #expect(central.last?.account == "staging")

            let trial = """
                kind: endpoint
                name: trial
                serves: single-model
                model: trial
                variant: {instance: ml.m5.large, count: 1}
                smoke: none
                stages: [{stage: staging}]
                """
            let file = world.accounts.appending(path: "trial.yaml")
            try trial.write(to: file, atomically: true, encoding: .utf8)
            let own = try #require(world.own)
            let outcome = try await world.run(["doctor", "--json", "--only", "prod"], as: own.worker)
            let findings = try JSONDecoder().decode([World.Finding].self, from: Data(outcome.output.utf8))
            #expect(findings.filter { $0.verdict == "missing" }.map(\.description) == [])
            #expect(findings.contains { $0.check == "group" && $0.verdict == "ok" })
            #expect(
                findings.contains { $0.account == "prod" && $0.check == "model prefix" && $0.verdict == "ok" }
            )
            #expect(!findings.contains { $0.check == "rule" }, "the registry's rules are another account's")
            #expect(!findings.contains { $0.text.contains("trial") }, "it is deployed elsewhere alone")
        }
    }

    @Test func withoutCredentialsThereIsOneFinding() async throws {
        try await World.with { world in
            let outcome = try await world.run(
                ["doctor", "--json"],
                environment: ["AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "nothing"]
            )
            #expect(outcome.status == 1)
            let findings = try JSONDecoder().decode([World.Finding].self, from: Data(outcome.output.utf8))
            #expect(findings.map(\.check) == ["identity"])
            #expect(findings.map(\.verdict) == ["missing"])
        }
    }

    /// What an examination could have changed, as the stand-in shows it.
    private static func things(of world: World) async throws -> [String] {
        var things: [String] = []
        let buckets = [
            "acme-staging-models-\(world.staging)", "acme-prod-models-\(world.prod)",
            "acme-artifacts-\(world.registry)",
        ]
        for bucket in buckets {
            things.append(try await world.aws.get("objects?bucket=\(bucket)").text)
            things.append(try await world.aws.get("uploads?bucket=\(bucket)").text)
        }
        things.append(try await world.aws.get("queues?queueUrl=\(world.queue)").text)
        for account in [world.staging, world.prod] {
            for (service, operation) in [
                ("sagemaker", "ListModels"), ("sagemaker", "ListEndpointConfigs"),
                ("sagemaker", "ListEndpoints"),
            ] {
                things.append(try await world.administer(account, service, operation).text)
            }
        }
        return things
    }
}
