import Foundation
import Native
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct BadInputTests {
    /// A message that means nothing is kept whole with its reason, and the worker goes on.
    @Test func messagesThatMeanNothingAreQuarantinedWhole() async throws {
        try await World.with { world in
            _ = try await world.startWorker()
            let promote = #""sluice": 1, "action": "promote""#
            let unknown = "demand-forecast.0123456789"
            let messages: [(body: String, reason: String)] = [
                ("promote it, please", "not valid JSON"),
                (#"{"sluice": 1, "#, "not valid JSON"),
                ("[1, 2, 3]", "no JSON object"),
                (String(repeating: "[", count: 200) + String(repeating: "]", count: 200), "too deep"),
                (#"{"hello": "there"}"#, "neither an EventBridge event nor a message to Sluice"),
                (#"{"sluice": 2, "action": "promote"}"#, "`sluice` has to be 1"),
                (#"{"sluice": 1, "action": "launch", "reason": "x"}"#, "no action `launch`"),
                (
                    #"{\#(promote), "release": "r", "stage": "prod", "reason": "x", "force": true}"#,
                    "no field `force`"
                ),
                (#"{\#(promote), "release": "r", "stage": "prod"}"#, "`reason` is missing"),
                (#"{\#(promote), "release": "r", "stage": "prod", "reason": "  "}"#, "1 to 1000 characters"),
                (
                    #"{\#(promote), "release": ["r"], "stage": "prod", "reason": "x"}"#,
                    "`release` has to be a text"
                ),
                (
                    #"{\#(promote), "release": "\#(unknown)", "stage": "prod", "reason": "x"}"#,
                    "no release \(unknown) is known"
                ),
                (
                    #"{"sluice": 1, "action": "hold", "endpoint": "demand-forecast", "reason": "x"}"#,
                    "needs a `requestId`"
                ),
                (
                    #"{"sluice": 1, "action": "hold", "endpoint": "nope", "reason": "x", "requestId": "1"}"#,
                    "no endpoint nope is in the accounts folder"
                ),
                (
                    """
                    {"detail-type": "SageMaker Model Package State Change", "account": "999999999999",
                     "detail": {"ModelPackageArn": "arn:aws:sagemaker:eu-west-1:999999999999:model-package/demand-de/1",
                                "ModelPackageGroupName": "demand-de"}}
                    """, "the event is of account 999999999999"
                ),
                (
                    #"{"detail-type": "EC2 Instance State-change", "account": "1", "detail": {}}"#,
                    "mean nothing to Sluice"
                ),
            ]
            for message in messages { try await world.send(message.body, from: world.releaseManager) }

            let quarantined = try await world.eventually("\(messages.count) messages are quarantined") {
                let found = try await world.quarantine()
                return (found.count == messages.count ? found : nil, "\(found)")
            }
            for message in messages {
                let found = quarantined.first { $0.body == message.body }
                #expect(
                    found?.reason.contains(message.reason) == true,
                    "\(message.body): \(found?.reason ?? "")"
                )
                #expect(found?.sender == world.releaseManager.id)
            }
            try await world.register("demand-de")
            try await world.release(1, waitsAt: "prod")
        }
    }

    /// Bytes that are no text must not stop the receive that brings them.
    @Test func aMessageThatIsNotUTF8IsQuarantined() async throws {
        try await World.with { world in
            _ = try await world.startWorker()
            let bytes = Data([0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x7D])
            try await world.aws.post(
                "messages",
                ["queueUrl": .string(world.queue), "base64": .string(bytes.base64EncodedString())]
            )
            let found = try await world.eventually("it is quarantined") {
                let found = try await world.quarantine()
                return (found.first, "\(found)")
            }
            #expect(found.reason.contains("not UTF-8"))
            try await world.register("demand-de")
            try await world.release(1, waitsAt: "prod")
        }
    }

    /// A model package that cannot be served, and what its release has to say about it.
    enum Bad: String, CaseIterable, Sendable {
        case notCompleted, twoContainers, missing, empty, strangersBucket, otherImage

        var sentence: String {
            switch self {
            case .notCompleted: "demand-de/2 is Failed, and only a Completed one can be served. Register"
            case .twoContainers: "demand-de/2 has 2 containers"
            case .missing: "demand-de/2 does not exist. Register the model again"
            case .empty: "demand-de/2 is empty. Register the model again"
            case .strangersBucket: "add the account to `artifactOwners`"
            case .otherImage: "have to name one image, and these name 2"
            }
        }
    }

    /// Whatever is wrong with a package, its release says what, where and what to do, and nothing moves.
    @Test(arguments: Bad.allCases)
    func aBadPackageFailsItsRelease(_ bad: Bad) async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let switches = try await world.switches()
            try await world.register(bad)
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains(bad.sentence))
            #expect(failed.why.contains("staging"))
            #expect(try await world.served(in: world.staging) == beginning.served)
            #expect(try await world.served(in: world.prod) == beginning.served)
            #expect(try await world.switches() == switches)
        }
    }

    /// Somebody overwrites an archive after staging tested it: prod gets the tested bytes or none.
    @Test func anArtifactThatChangesAfterItWasPinnedIsRefused() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            let other = try await world.overwrite(de, [3, 3, 3])
            #expect(other != de.sha256)
            try await world.promote(second)
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("has changed since it was pinned"))
            #expect(failed.why.contains(de.url))
            #expect(try await world.served(in: world.prod) == beginning.served)
            #expect(try await world.objects(in: "prod").values.contains(other) == false)
        }
    }

    /// A bucket that keeps versions still has what was pinned, and that is what prod gets.
    @Test func anOverwrittenArtifactIsTakenFromItsPinnedVersion() async throws {
        try await World.with(versioning: true) { world in
            _ = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            _ = try await world.overwrite(de, [3, 3, 3])
            try await world.promote(second)
            try await world.release(2, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
        }
    }

    /// A broken accounts folder is told of at once and whole: nobody mends a folder one error at a time.
    @Test func aBrokenAccountsFolderIsToldOfAtOnce() async throws {
        try await World.with { world in
            try world.edit("staging.yaml", "region: eu-west-1", "regoin: eu-west-1")
            try world.edit("demand-forecast.yaml", "soak: 300ms", "soak: soon")
            try world.edit("registry.yaml", "account: \"\(world.registry)\"", "account: 42")
            for arguments in [["check"], ["worker"]] {
                let outcome = try await world.run(arguments, as: world.worker)
                #expect(outcome.status == 3)
                for place in [/staging\.yaml:\d+/, /demand-forecast\.yaml:\d+/, /registry\.yaml:\d+/] {
                    #expect(outcome.errors.contains(place), "\(outcome.errors)")
                }
                #expect(outcome.errors.contains("region"))
            }
            #expect(try await world.counts(world.registry).isEmpty, "nothing was asked of AWS")
        }
    }

    /// Scripts tell a wrong command from a failed one by the exit code.
    @Test(arguments: [
        ["worker", "--tick", "soon"],
        ["promote", "demand-forecast.0123456789", "--stage", "prod"],
        ["promote", "nonsense", "--stage", "prod", "--reason", "x"],
        ["hold", "--reason", "x"],
        ["fly"],
    ])
    func aWrongCommandExits2(_ arguments: [String]) async throws {
        try await World.with { world in
            let outcome = try await world.run(arguments, as: world.releaseManager)
            #expect(outcome.status == 2, "\(outcome)")
            #expect(!outcome.errors.isEmpty)
        }
    }
}

extension World {
    /// Registers and approves version 2 of demand-de with something wrong about it.
    func register(_ bad: BadInputTests.Bad) async throws {
        let artifacts = "acme-artifacts-\(registry)"
        var package: [String: JSONValue] = [
            "account": .string(registry), "group": "demand-de", "status": "Approved",
            "url": .string("s3://\(artifacts)/demand-de/1/model.tar.gz"),
        ]
        switch bad {
        case .notCompleted: package["modelPackageStatus"] = "Failed"
        case .twoContainers: package["containers"] = 2
        case .missing: package["url"] = .string("s3://\(artifacts)/nowhere/model.tar.gz")
        case .empty:
            try await aws.post(
                "artifacts",
                ["bucket": .string(artifacts), "key": "empty/model.tar.gz", "base64": ""]
            )
            package["url"] = .string("s3://\(artifacts)/empty/model.tar.gz")
        case .strangersBucket:
            // The staging account's own bucket: its role may read it, and nobody said that models come from there.
            let bucket = "acme-staging-models-\(staging)"
            try await aws.post(
                "artifacts",
                [
                    "bucket": .string(bucket), "key": "inbox/model.tar.gz",
                    "model": ["coefficients": [1, 1, 1]],
                ]
            )
            package["url"] = .string("s3://\(bucket)/inbox/model.tar.gz")
        case .otherImage: package["image"] = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/boosted:7"
        }
        try await aws.post("packages", .object(package))
    }

    /// Puts another model where a version's archive lies.
    ///
    /// - Returns: Its SHA-256.
    func overwrite(_ version: Version, _ coefficients: [Double]) async throws -> String {
        let place = version.url.dropFirst("s3://".count).split(separator: "/", maxSplits: 1).map(String.init)
        let made = try await aws.post(
            "artifacts",
            [
                "bucket": .string(place[0]), "key": .string(place[1]),
                "model": ["coefficients": .array(coefficients.map(JSONValue.number))],
            ]
        )
        return try #require(made["sha256"]?.string)
    }
}
