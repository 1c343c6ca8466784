import Foundation
import Native
import Testing

/// What Sluice made of an endpoint in an account goes, in order and on request, and nothing else does.
@Suite(.enabled(if: LocalAWS.url != nil))
struct TeardownTests {
    @Test func whatSluiceMadeGoesAndNothingElse() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.plantOthers()
            let before = try await world.inventory()
            let release = beginning.first.id

            let refused = try await world.teardown("--yes")
            #expect(refused.status == 1)
            #expect(
                refused.errors.contains("nothing was removed: the accounts folder deploys demand-forecast")
            )
            #expect(refused.errors.contains("sluice hold demand-forecast --stage staging"))
            #expect(try await world.inventory() == before)

            let reason = ["--reason", "the account is closed", "--wait"]
            let hold = try await world.run(
                ["hold", World.endpoint, "--stage", "staging"] + reason,
                as: world.releaseManager
            )
            try #require(hold.status == 0, "\(hold.errors)")
            let shown = try await world.teardown("--dry-run")
            #expect(shown.status == 0)
            let name = release.replacing(".", with: "-")
            let place = "s3://acme-staging-models-\(world.staging)/models/\(release)"
            let lines = [
                "endpoint demand-forecast", "config \(name)-1", "model \(name)",
                "2 artifacts below \(place)/", "1 unfinished uploads to \(place)/demand-de.tar.gz",
            ]
            #expect(shown.output.contains(lines.map { "  \($0)\n" }.joined()))
            #expect(
                shown.output.contains(
                    "stays, because it has no tag of Sluice's: model demand-forecast-by-hand"
                )
            )
            #expect(shown.output.contains("which waits for no hold"))
            #expect(try await world.inventory() == before)

            let removed = try await world.teardown("--yes")
            #expect(removed.status == 0, "\(removed.errors)")
            #expect(removed.output.contains(lines.map { "removed \($0)\n" }.joined()))
            #expect(try await world.endpoint(in: world.staging) == nil)
            let after = try await world.inventory()
            #expect(after == before.filter { !$0.contains("\(release)/") && !$0.contains(name) })
            #expect(after.contains { $0.contains("models/demand-forecast.by-hand/x") })
            #expect(try await world.isInOrder())
            #expect(try await world.served(in: world.prod) == beginning.served)

            let again = try await world.teardown("--yes")
            #expect(again.status == 0)
            #expect(again.output.contains("nothing to remove"))

            // A worker that is held makes nothing of it again.
            await beginning.worker.stop()
            #expect(try await world.run(["worker", "--until-idle"], as: world.worker).status == 0)
            #expect(try await world.endpoint(in: world.staging) == nil)
        }
    }

    @Test func anEndpointThatLeftTheFolderIsTakenDownAfterAQuestion() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            await beginning.worker.stop()
            try FileManager.default.removeItem(at: world.accounts.appending(path: "demand-forecast.yaml"))
            let before = try await world.inventory()

            let asked = try await world.teardown()
            #expect(asked.status == 2)
            #expect(asked.errors.contains("give --yes, or run it on a terminal to be asked"))
            let no = try await world.typing(["", "prod", "no"], World.teardownOfStaging, as: world.worker)
            #expect(no.status == 1)
            #expect(no.output.contains("that has to be demand-forecast or `no`"))
            #expect(try await world.inventory() == before)

            let yes = try await world.typing([World.endpoint], World.teardownOfStaging, as: world.worker)
            #expect(yes.status == 0, "\(yes.output)")
            #expect(yes.output.contains("has not been started since demand-forecast left the folder"))
            #expect(try await world.inventory().isEmpty)
        }
    }

    /// Whatever stops it half-way, the next run goes on with what is left.
    @Test func aTeardownThatWasCutShortGoesOn() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            await beginning.worker.stop()
            try FileManager.default.removeItem(at: world.accounts.appending(path: "demand-forecast.yaml"))
            // The deletion is asked for and nobody hears so.
            _ = try await world.fault(
                "sagemaker.DeleteEndpoint",
                "ServiceUnavailable",
                in: world.staging,
                status: 503,
                times: 1
            )
            let denied = try await world.fault(
                "sagemaker.DeleteModel",
                "AccessDeniedException",
                in: world.staging,
                status: 403
            )
            let cut = try await world.teardown("--yes")
            #expect(cut.status == 1)
            #expect(cut.output.contains("removed endpoint demand-forecast\n"))
            #expect(cut.errors.contains("SageMaker DeleteModel"))
            #expect(try await world.endpoint(in: world.staging) == nil)
            try await world.mend(denied)
            let rest = try await world.teardown("--yes", "--json")
            #expect(rest.status == 0)
            let report = try JSONDocument(parsing: [UInt8](rest.output.utf8)).root
            #expect(report["removed"] == true)
            #expect(report["items"]?.array?.compactMap { $0["kind"]?.string } == ["model", "artifacts"])
            #expect(try await world.inventory().isEmpty)
        }
    }

    @Test func somebodyElsesEndpointIsNotTouched() async throws {
        try await World.with { world in
            try await world.makeForeignEndpoint()
            try FileManager.default.removeItem(at: world.accounts.appending(path: "demand-forecast.yaml"))
            let before = try await world.inventory()
            for arguments in [["--yes"], ["--dry-run"], ["--json"]] {
                let outcome = try await world.run(World.teardownOfStaging + arguments, as: world.worker)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("has no tag `sluice:endpoint`, so Sluice did not make it"))
            }
            #expect(try await world.inventory() == before)
            #expect(try await world.endpoint(in: world.staging)?.status == "InService")
        }
    }

    @Test func whatCannotBeMeantIsRefused() async throws {
        try await World.with(accounts: []) { world in
            for (arguments, status, sentence) in [
                (
                    ["teardown", "demand-forecast", "--account", "lab"], 2,
                    "has no account lab; it has prod, staging"
                ),
                (["teardown", "a/b", "--account", "prod"], 2, "a/b is no endpoint's name"),
                (World.teardownOfStaging + ["--yes", "--dry-run"], 2, "contradict each other"),
                (World.teardownOfStaging + ["--accounts", "nowhere"], 3, "nowhere"),
                // The role that would be assumed is not there.
                (World.teardownOfStaging + ["--yes"], 1, "STS AssumeRole of"),
            ] as [([String], Int32, String)] {
                let outcome = try await world.run(arguments, as: world.worker)
                #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
                #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
            }
        }
    }
}

extension World {
    fileprivate static let teardownOfStaging = ["teardown", endpoint, "--account", "staging"]

    fileprivate func teardown(_ arguments: String...) async throws -> Program.Outcome {
        try await run(Self.teardownOfStaging + arguments, as: worker)
    }

    /// Everything in staging that has to do with the endpoint's name: configs, models, objects and uploads.
    fileprivate func inventory() async throws -> [String] {
        var found: [String] = []
        for (operation, list, name) in [
            ("ListModels", "Models", "ModelName"),
            ("ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName"),
        ] {
            let listed = try await administer(staging, "sagemaker", operation)[list]?.array ?? []
            found += listed.compactMap { $0[name]?.string }
        }
        let bucket = "acme-staging-models-\(staging)"
        let objects = try await aws.get("objects?bucket=\(bucket)&prefix=models/").object ?? [:]
        let uploads = try await aws.get("uploads?bucket=\(bucket)").array ?? []
        return (found + objects.keys + uploads.compactMap { $0["key"]?.string }).sorted()
    }

    /// Things that look as if Sluice had made them, and an upload that it did leave.
    fileprivate func plantOthers() async throws {
        let bucket = "acme-staging-models-\(staging)"
        try await administer(
            staging,
            "sagemaker",
            "CreateModel",
            [
                "ModelName": "demand-forecast-by-hand",
                "ExecutionRoleArn": .string("arn:aws:iam::\(staging):role/sagemaker-role-staging"),
                "PrimaryContainer": [
                    "Image": "763104351884.dkr.ecr.eu-west-1.amazonaws.com/linear:1",
                    "ModelDataUrl": .string("s3://\(bucket)/models/demand-forecast.by-hand/x"),
                ],
            ]
        )
        for key in ["models/demand-forecast.by-hand/x", "models/demand-forecast-two/x", "models/x"] {
            try await aws.post(
                "artifacts",
                ["bucket": .string(bucket), "key": .string(key), "model": ["coefficients": [1]]]
            )
        }
        let release = try #require(try await releases().first).id
        try await administer(
            staging,
            "s3",
            "CreateMultipartUpload",
            ["Bucket": .string(bucket), "Key": .string("models/\(release)/demand-de.tar.gz")]
        )
    }

    /// Whether the endpoint was gone before its config went, that before its model, and that before artifacts.
    fileprivate func isInOrder() async throws -> Bool {
        let calls = try await aws.get("calls?account=\(staging)").array ?? []
        let names = calls.map { "\($0["operation"]?.string ?? "") \($0["status"] == 200)" }
        func first(_ name: String) -> Int? { names.firstIndex(of: "\(name) true") }
        guard let endpoint = first("DeleteEndpoint"), let config = first("DeleteEndpointConfig"),
            let model = first("DeleteModel"), let objects = first("DeleteObjects")
        else { return false }
        let gone = names[endpoint...].firstIndex(of: "DescribeEndpoint false") ?? .max
        return endpoint < gone && gone < config && config < model && model < objects
    }
}
