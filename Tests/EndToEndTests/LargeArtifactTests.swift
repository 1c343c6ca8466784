import Native
import Testing

/// Artifacts that are copied in parts. The stand-in holds them without their zeros, so that they cost nothing.
@Suite(.enabled(if: LocalAWS.url != nil))
struct LargeArtifactTests {
    @Test func everyAccountGetsTheSameBytesInTheSameParts() async throws {
        try await World.with(versioning: true) { world in
            let de = try await world.registerLarge("demand-de")
            let fr = try await world.register("demand-fr", [0, 1, 1])
            _ = try await world.startWorker()
            let first = try await world.release(1, waitsAt: "prod")
            try await world.promote(first)
            try await world.release(1, ends: "released")
            let served = [World.de: de.sha256, World.fr: fr.sha256]
            for (name, account) in [("staging", world.staging), ("prod", world.prod)] {
                let counts = try await world.counts(account)
                #expect(counts["s3.UploadPartCopy"] == 5)
                #expect(counts["s3.CopyObject"] == 1)
                #expect(try await world.served(in: account) == served)
                #expect(Set(try await world.objects(in: name).values) == Set(served.values))
            }
            let journal = try #require(try await world.show(first).journal)
            let told = journal.filter { $0.name == "copying" && $0.account == "staging" }.map(\.text)
            #expect(told.count == 5)
            #expect(
                told.last?.contains("copied 5 of 5 parts of \(de.url) to s3://acme-staging-models") == true
            )

            // What did not change comes from the release before, in the account's own bucket.
            let (_, second) = try await world.next(2, "demand-fr", [0, 2, 1])
            #expect(second.models[World.de] == de.arn)
            #expect(
                try await world.partSources(in: world.staging) == [
                    "acme-artifacts-\(world.registry)": 5, "acme-staging-models-\(world.staging)": 5,
                ]
            )
            #expect(try await world.served(in: world.staging)[World.de] == de.sha256)
            #expect(try await world.uploads(in: "staging").isEmpty)
        }
    }

    static let kills: [(String, Hold.Way, created: Int, copied: Int)] = [
        ("CreateMultipartUpload", .unanswered, 1, 5),
        ("CreateMultipartUpload", .done, 1, 5),
        ("UploadPartCopy", .unanswered, 1, 5),
        ("UploadPartCopy", .done, 1, 5),
        ("CompleteMultipartUpload", .unanswered, 1, 5),
        ("CompleteMultipartUpload", .done, 1, 5),
        // These arrive when all is over.
        ("CreateMultipartUpload", .delayed, 2, 5),
        ("UploadPartCopy", .delayed, 1, 5),
        ("CompleteMultipartUpload", .delayed, 1, 5),
    ]

    /// No part is copied twice, and whatever arrives late, no upload stays.
    @Test(arguments: kills)
    func aWorkerKilledDuringACopyInPartsGoesOn(
        _ operation: String,
        _ way: Hold.Way,
        _ created: Int,
        _ copied: Int
    ) async throws {
        try await World.with { world in
            let de = try await world.registerLarge("demand-de")
            let fr = try await world.register("demand-fr", [0, 1, 1])
            let hold = try await world.hold("s3.\(operation)", in: world.staging, way)
            _ = try await world.startWorker()
            try await world.arrives(hold)
            if operation == "UploadPartCopy" { try await world.copiesParts(4, in: world.staging) }
            try await world.killWorker()
            if way != .delayed { try await world.letGo(hold) }
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            if way == .delayed { try await world.letGo(hold) }

            #expect(try await world.successes(of: operation, in: world.staging) >= 1)
            #expect(try await world.successes(of: "CreateMultipartUpload", in: world.staging) == created)
            #expect(try await world.successes(of: "UploadPartCopy", in: world.staging) == copied)
            #expect(try await world.successes(of: "CompleteMultipartUpload", in: world.staging) == 1)
            try await world.promote(waiting)
            try await world.release(1, ends: "released")
            let served = [World.de: de.sha256, World.fr: fr.sha256]
            #expect(try await world.served(in: world.staging) == served)
            #expect(try await world.served(in: world.prod) == served)
            try await world.eventuallyNoUploads()
        }
    }

    @Test func aStoppedWorkerStopsAtOnceAndTheNextGoesOn() async throws {
        try await World.with { world in
            let de = try await world.registerLarge("demand-de")
            try await world.register("demand-fr", [0, 1, 1])
            let hold = try await world.hold("s3.UploadPartCopy", in: world.staging, .unanswered)
            let worker = try await world.startWorker()
            try await world.arrives(hold)
            try await world.copiesParts(4, in: world.staging)
            await worker.stop()
            try await world.letGo(hold)
            _ = try await world.startWorker()
            let waiting = try await world.release(1, waitsAt: "prod")
            #expect(try await world.successes(of: "UploadPartCopy", in: world.staging) == 5)
            #expect(try await world.successes(of: "CreateMultipartUpload", in: world.staging) == 1)
            #expect(try await world.served(in: world.staging)[World.de] == de.sha256)
            let journal = try #require(try await world.show(waiting).journal)
            #expect(journal.contains { $0.text.contains("the worker was stopped") })
        }
    }

    /// A reply that is lost, and an error where S3 had said 200 already.
    @Test(arguments: ["CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload"])
    func aLostOrFailedReplyIsSettledByLooking(_ operation: String) async throws {
        try await World.with { world in
            let de = try await world.registerLarge("demand-de")
            try await world.register("demand-fr", [0, 1, 1])
            _ = try await world.loseReply(to: "s3.\(operation)", in: world.staging)
            if operation != "CreateMultipartUpload" {
                _ = try await world.fault(
                    "s3.\(operation)",
                    "InternalError",
                    in: world.staging,
                    status: 200,
                    times: 1
                )
            }
            _ = try await world.startWorker()
            try await world.release(1, waitsAt: "prod")
            #expect(try await world.served(in: world.staging)[World.de] == de.sha256)
            #expect(try await world.successes(of: "CreateMultipartUpload", in: world.staging) <= 1)
            #expect(try await world.uploads(in: "staging").isEmpty)
        }
    }

    @Test func anUploadOfAnAttemptThatHasEndedIsGivenUp() async throws {
        try await World.with { world in
            let de = try await world.registerLarge("demand-de")
            try await world.register("demand-fr", [0, 1, 1])
            _ = try await world.fault(
                "s3.CompleteMultipartUpload",
                "AccessDenied",
                in: world.staging,
                status: 403
            )
            _ = try await world.startWorker()
            try await world.release(1, "is denied") { $0.waitingFor.contains("was denied") }
            #expect(try await world.uploads(in: "staging").count == 1)
            try await world.set(de, "Rejected")
            try await world.release(1, ends: "aborted")
            try await world.eventuallyNoUploads()
            try await world.eventually("the log tells") {
                (world.logs.contains("gave up 1 unfinished uploads to s3://") ? true : nil, "nothing of it")
            }
        }
    }

    @Test func anArtifactThatChangesDuringTheCopyIsRefused() async throws {
        try await World.with { world in
            let de = try await world.registerLarge("demand-de")
            try await world.register("demand-fr", [0, 1, 1])
            let hold = try await world.hold("s3.UploadPartCopy", in: world.staging, .delayed)
            _ = try await world.startWorker()
            try await world.arrives(hold)
            try await world.copiesParts(4, in: world.staging)
            let place = de.url.replacing("s3://", with: "").split(separator: "/", maxSplits: 1)
            try await world.aws.post(
                "artifacts",
                [
                    "bucket": .string(String(place[0])), "key": .string(String(place[1])),
                    "model": ["coefficients": [1, 2, 0.5]], "size": .int(World.large),
                ]
            )
            try await world.letGo(hold)
            let failed = try await world.release(1, ends: "failed")
            #expect(failed.why.contains("has changed since it was pinned"))
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            #expect(try await world.objects(in: "staging").keys.allSatisfy { !$0.hasSuffix(World.de) })
            try await world.eventuallyNoUploads()
        }
    }
}

extension World {
    /// Four whole parts and a smaller one, in bytes.
    fileprivate static let large: Int64 = 1100 << 20

    func registerLarge(_ group: String) async throws -> Version {
        let made = try await aws.post(
            "register",
            [
                "account": .string(registry), "group": .string(group), "coefficients": [1, 2, 0.5],
                "approve": true, "size": .int(Self.large),
            ]
        )
        return Version(
            arn: try #require(made["arn"]?.string),
            url: try #require(made["url"]?.string),
            sha256: try #require(made["sha256"]?.string)
        )
    }

    /// The uploads that were begun in an account's bucket of models, and neither completed nor given up.
    func uploads(in name: String) async throws -> [JSONValue] {
        let account = name == "prod" ? prod : staging
        return try await aws.get("uploads?bucket=acme-\(name)-models-\(account)").array ?? []
    }

    func eventuallyNoUploads() async throws {
        for name in ["staging", "prod"] {
            try await eventually("no upload is left in \(name)") {
                let left = try await uploads(in: name)
                return (left.isEmpty ? true : nil, "\(left)")
            }
        }
    }

    /// How often an operation of S3 was called with success.
    fileprivate func successes(of operation: String, in account: String) async throws -> Int {
        let calls = try await aws.get("calls?account=\(account)").array ?? []
        return calls.count { $0["operation"]?.string == operation && $0["status"] == 200 }
    }

    fileprivate func copiesParts(_ number: Int, in account: String) async throws {
        try await eventually("\(number) parts are copied") {
            let copied = try await successes(of: "UploadPartCopy", in: account)
            return (copied == number ? true : nil, "\(copied) parts")
        }
    }

    /// From which buckets parts were copied, and how many.
    fileprivate func partSources(in account: String) async throws -> [String: Int] {
        let calls = try await aws.get("calls?account=\(account)").array ?? []
        let sources = calls.filter { $0["operation"] == "UploadPartCopy" && $0["status"] == 200 }.compactMap {
            $0["subject"]?.string?.split(separator: " from ").last?.split(separator: "/").first.map(
                String.init
            )
        }
        return Dictionary(grouping: sources) { $0 }.mapValues(\.count)
    }
}
