import Foundation
import Native
import Testing

/// An accounts folder to begin with, from options, from questions and from what is there.
@Suite(.enabled(if: LocalAWS.url != nil))
struct InitTests {
    @Test func optionsBecomeAFolderThatIsRight() async throws {
        try await World.with(accounts: []) { world in
            let made = try await world.run(Self.options)
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.output.contains("wrote new/churn.yaml\nwrote new/prod-eu.yaml\n"))
            #expect(made.output.contains("sluice check --accounts new"))
            let check = try await world.sluice("check", "--accounts", "new")
            #expect(check.status == 0, "\(check.errors)")
            #expect(check.output.contains("churn: 2 models, staging (staging) → prod (prod-eu, prod-us)"))
            #expect(check.output.contains("AROAEXAMPLEID:*"))

            // What is there is never touched.
            let before = try world.text("new/churn.yaml")
            let again = try await world.run(Self.options)
            #expect(again.status == 2)
            #expect(again.errors.contains("new is there already, and is left as it is"))
            #expect(try world.text("new/churn.yaml") == before)
        }
    }

    private static let options = [
        "init", "--accounts", "new", "--registry", "111111111111", "--endpoint", "churn",
        "--account", "staging=222222222222", "--account", "prod/prod-eu=333333333333",
        "--account", "prod/prod-us=444444444444", "--model", "a.tar.gz=churn-a",
        "--model", "b: {}.tar.gz=churn-b", "--approver", "AROAEXAMPLEID:*",
        "--smoke-body", "1,\"2\",# 3",
    ]

    @Test func everythingThatIsMissingIsSaidAtOnce() async throws {
        try await World.with(accounts: []) { world in
            let outcome = try await world.run(["init", "--accounts", "new"])
            #expect(outcome.status == 2)
            #expect(
                outcome.errors.contains(
                    "--registry ACCOUNT_ID, --endpoint NAME (or --from-endpoint), --account NAME=ACCOUNT_ID, "
                        + "--model TARGET=GROUP, --approver (or --no-approval)"
                )
            )
            for wrong in [
                ["--registry", "1111"], ["--account", "prod"], ["--approver", "arn:aws:iam::1:role/r"],
                ["--model", "a=b=c"],
            ] {
                #expect(try await world.run(Self.options + wrong).status == 2, "\(wrong)")
            }
            #expect(!world.isThere("new"))
        }
    }

    /// What no option can see is seen when the folder is read back, and then none of it is there.
    @Test func whatWouldBeWrongIsNotWritten() async throws {
        try await World.with(accounts: []) { world in
            let outcome = try await world.run(
                Self.options + ["--external-id", "a b", "--account", "lab=222222222222"]
            )
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("new/staging.yaml:"))
            #expect(outcome.errors.contains("`externalId` must be 2 to 1224 letters"))
            #expect(
                outcome.errors.contains("account 222222222222 in eu-west-1 is there twice: new/lab.yaml:")
            )
            // A name is no way out of the folder.
            #expect(try await world.run(Self.options + ["--endpoint", "../churn"]).status == 2)
            let left = try FileManager.default.contentsOfDirectory(atPath: world.folder.path)
            #expect(!left.contains { $0.contains("new") || $0.contains("churn") })
        }
    }

    @Test func whoeverSitsAtATerminalIsAsked() async throws {
        try await World.with(accounts: []) { world in
            let answers = [
                "", "", "churn", "staging=222222222222 prod=33", "staging=222222222222 prod=333333333333",
                "churn", "",
            ]
            let outcome = try await world.typing(
                answers,
                ["init", "--accounts", "new"],
                as: world.releaseManager
            )
            #expect(outcome.status == 0, "\(outcome.output)")
            #expect(outcome.output.contains("The account of the model registry [\(world.registry)]:"))
            #expect(outcome.output.contains("that has to be [STAGE/]NAME=ACCOUNT_ID"))
            #expect(outcome.output.contains("[\(world.releaseManager.id)]:"))
            #expect(try world.text("new/registry.yaml").contains("account: \"\(world.registry)\""))
            let endpoint = try world.text("new/churn.yaml")
            #expect(endpoint.contains("model: churn\n"))
            #expect(endpoint.contains("approvers: [\"\(world.releaseManager.id)\"]"))
            #expect(try await world.sluice("check", "--accounts", "new").status == 0)
        }
    }

    @Test func aLiveEndpointIsDescribedAndCanBeTakenOver() async throws {
        try await World.with { world in
            try await world.makeForeignEndpoint(
                model: ["PrimaryContainer": try world.theirContainer],
                variant: ["VariantName": "blue", "InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 2]
            )
            let made = try await world.run(
                world.fromEndpoint + ["--model", "theirs.tar.gz=demand-de"],
                as: world.worker
            )
            try #require(made.status == 0, "\(made.errors)")
            #expect(
                made.output.contains(
                    "staging: multi-model on 2 × ml.c5.xlarge, not made by Sluice, image \(World.image)"
                )
            )
            #expect(made.output.contains("prod: nothing was read: SageMaker DescribeEndpoint"))
            #expect(made.output.contains("The groups of model.tar.gz are guesses"))
            let endpoint = try world.text("new/demand-forecast.yaml")
            #expect(endpoint.contains("variant: {name: blue, instance: ml.c5.xlarge, count: 2}\n"))
            #expect(endpoint.contains("  image: \"\(World.image)\"\n"))
            #expect(endpoint.contains("  environment: {LOG_LEVEL: \"info # all\"}\n"))
            #expect(endpoint.contains("nothing secret lives here: HF_TOKEN."))
            #expect(!endpoint.contains("sesame"))
            #expect(endpoint.contains("  theirs.tar.gz: demand-de\n"))
            #expect(endpoint.contains("  model.tar.gz: model # a guess: which group is it?\n"))
            #expect(endpoint.contains("\nadopt: true\n"))
            let account = try world.text("new/staging.yaml")
            #expect(account.contains("models: s3://acme-staging-models-\(world.staging)/theirs/\n"))
            #expect(account.contains("executionRole: arn:aws:iam::\(world.staging):role/somebody-else\n"))
            #expect(try await world.sluice("check", "--accounts", "new").status == 0)
        }
    }

    /// From nothing but an endpoint to a release, by what was written.
    @Test func aWorkerTakesOverWhatWasDescribed() async throws {
        try await World.with { world in
            try await world.makeForeignEndpoint(model: ["PrimaryContainer": try world.theirContainer])
            let made = try await world.run(
                world.fromEndpoint + ["--model", "model.tar.gz=demand-de"],
                as: world.worker
            )
            try #require(made.status == 0, "\(made.errors)")
            try world.edit("../new/demand-forecast.yaml", "soak: 10m", "soak: 300ms")
            // What this world calls otherwise than the templates do.
            try world.edit(
                "../new/prod.yaml",
                "s3://sluice-models-\(world.prod)-eu-west-1",
                "s3://acme-prod-models-\(world.prod)"
            )
            try world.edit("../new/prod.yaml", "sluice-sagemaker", "sagemaker-role-prod")
            let version = try await world.register("demand-de")
            _ = try await world.startWorker("--accounts", "new")
            try await world.release(1, ends: "released")
            #expect(try await world.served(in: world.staging) == ["model.tar.gz": version.sha256])
        }
    }

    /// What is Sluice's own needs no adoption, and its container is the packages'.
    @Test func whatSluiceMadeIsDescribedAsItIs() async throws {
        try await World.with { world in
            _ = try await world.begin()
            let made = try await world.run(world.fromEndpoint, as: world.worker)
            try #require(made.status == 0, "\(made.errors)")
            #expect(made.output.contains("staging: multi-model on 1 × ml.m5.large, made by Sluice\n"))
            let endpoint = try world.text("new/demand-forecast.yaml")
            #expect(endpoint.contains("\n# adopt: true\n"))
            #expect(endpoint.contains("\n# container:\n"))
            #expect(endpoint.contains("  \(World.de): demand-de # a guess"))
            #expect(endpoint.contains("    variant: {name: AllTraffic, instance: ml.m5.xlarge, count: 2}\n"))
            let account = try world.text("new/prod.yaml")
            #expect(account.contains("models: s3://acme-prod-models-\(world.prod)/models/\n"))
            #expect(try await world.sluice("check", "--accounts", "new").status == 0)
        }
    }

    /// Two accounts that read their models from one bucket get prefixes of their own.
    @Test func aPlaceThatIsAnothersIsNotTakenOver() async throws {
        try await World.with { world in
            try await world.makeForeignEndpoint()
            let theirs = "s3://acme-staging-models-\(world.staging)/theirs/"
            try await world.aws.post(
                "endpoints/create",
                [
                    "account": .string(world.prod), "endpoint": .string(World.endpoint),
                    "url": .string("\(theirs)model.tar.gz"),
                ]
            )
            let made = try await world.run(
                world.fromEndpoint + ["--model", "demand-de"],
                as: world.worker
            )
            try #require(made.status == 0, "\(made.errors)")
            #expect(made.output.contains("its models are where another account's are (\(theirs))"))
            #expect(try world.text("new/staging.yaml").contains("models: \(theirs)\n"))
            let prod = try world.text("new/prod.yaml")
            #expect(prod.contains("models: s3://sluice-models-\(world.prod)-eu-west-1/models/\n"))
            #expect(try world.text("new/demand-forecast.yaml").contains("\nmodel: demand-de\n"))
            #expect(try await world.sluice("check", "--accounts", "new").status == 0)
        }
    }

    @Test func anEndpointThatIsNowhereIsNotDescribed() async throws {
        try await World.with { world in
            let outcome = try await world.run(world.fromEndpoint, as: world.worker)
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains("endpoint demand-forecast does not tell what it would be: staging:")
            )
            #expect(!world.isThere("new"))
        }
    }
}

extension World {
    fileprivate static let image = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/linear:1"

    /// A multi-model container of somebody else's, with a secret in its environment.
    fileprivate var theirContainer: JSONValue {
        get throws {
            [
                "Image": .string(Self.image), "Mode": "MultiModel",
                "ModelDataUrl": .string("s3://acme-staging-models-\(staging)/theirs/"),
                "Environment": ["HF_TOKEN": "sesame", "LOG_LEVEL": "info # all"],
            ]
        }
    }

    fileprivate var fromEndpoint: [String] {
        [
            "init", "--accounts", "new", "--registry", registry, "--from-endpoint", Self.endpoint,
            "--account", "staging=\(staging)", "--account", "prod=\(prod)", "--external-id", "acme",
            "--queue", queue, "--no-approval",
        ]
    }

    fileprivate func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    fileprivate func isThere(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: path).path)
    }
}
