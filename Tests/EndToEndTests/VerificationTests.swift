import Foundation
import Native
import Testing

/// What a rollout asks the models before it calls them verified, and what becomes of those that fail.
@Suite(.enabled(if: LocalAWS.url != nil))
struct VerificationTests {
    /// Two columns and the price, which the model 1·a + 2·b + 0.5·c hits to within 1.
    private static let golden = """
        a,b,price,c
        1,2,6.5,3
        2,2,7,2\r
        "4",0,6,2
        """

    @Test func aGoldenSetThatIsMetIsEvidence() async throws {
        try await World.with { world in
            try await world.upload("golden.csv", Self.golden)
            let file = world.artifact("golden.csv")
            try world.addSmoke(
                "{target: \(World.de), golden: {data: \(file), label: price, rmse: 2.5, \(Self.score)}}"
            )
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let release = try await world.release(1, waitsAt: "prod")
            let line = try await world.show(release).journal?.first { $0.name == "modelsAnswered" }
            // 1 + 4 + 1.5, 2 + 4 + 1 and 4 + 0 + 1 are 0, 0 and 1 off.
            #expect(line?.text == "\(World.de): golden set 3 rows, MAE 0.333333 ≤ 1; 2 invocations")
            #expect(line?.account == "staging")
            let asked = try await world.invocations(in: world.staging, of: World.de)
            #expect(asked.first?.body == "1,2,3")
            #expect(Set(asked.map(\.body)) == ["1,2,3", "2,2,2", "4,0,2"])

            // And once more after prod, where two instances each load the model by themselves.
            #expect(try await world.promote(release).status == 0)
            try await world.release(1, ends: "released")
            #expect(try await world.invocations(in: world.prod, of: World.de).count == 3 + 2)
        }
    }

    @Test func aGoldenSetThatIsMissedRestoresAndBars() async throws {
        try await World.with { world in
            try await world.upload("golden.csv", Self.golden)
            try world.addSmoke(
                "golden: {data: \(world.artifact("golden.csv")), label: price, rmse: 2.5, \(Self.score)}"
            )
            let beginning = try await world.begin()
            // Good enough for the example's own test, which asks for 0 to 100.
            let de = try await world.register("demand-de", [5, 5, 5])
            let failed = try await world.release(2, ends: "failed")
            for part in [
                "smoke test of \(World.de) in account staging", "RMSE 23.5", "over the 3 rows",
                "at most 2.5 is asked", "line 4 it answered 30.0, and `6` is right",
            ] {
                #expect(failed.why.contains(part), "\(part) in \(failed.why)")
            }
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            #expect(try await world.served(in: world.staging) == beginning.served)
        }
    }

    @Test func columnsAreReadWhereAModelAnswersInCSV() async throws {
        try await World.with { world in
            try world.addSmoke(
                "{target: \(World.de), contentType: text/csv, body: \"2,2,2\", invocations: 3, expect: "
                    + "[{column: 0, between: [0, 100]}, {column: 1, equals: demand-de}]}"
            )
            _ = try await world.begin()
            let asked = try await world.invocations(in: world.staging, of: World.de)
            #expect(asked.filter { $0.accept == "text/csv" }.map(\.body) == ["2,2,2", "2,2,2", "2,2,2"])
            let de = try await world.register("demand-de", [30, 30, 30])
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("it answered `180.0` in column 0, and 0.0 to 100.0 is expected"))
            #expect(try await world.status().bars.map(\.package) == [de.arn])
        }
    }

    /// A test that cannot be asked says nothing of the model: it is put right, and the same version goes on.
    @Test func aBodyComesFromS3AndItsAbsenceBarsNothing() async throws {
        try await World.with { world in
            try world.edit(
                "demand-forecast.yaml",
                "body: \"1,2,3\"",
                "bodyFrom: \(world.artifact("row.csv"))"
            )
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let failed = try await world.release(1, ends: "failed")
            #expect(failed.why.contains("there is no \(world.artifact("row.csv")), the body of a smoke test"))
            #expect(failed.why.contains("Upload it there, then retry this release."))
            #expect(try await world.status().bars.isEmpty)

            try await world.upload("row.csv", "3,2,1")
            #expect(try await world.retry(failed).status == 0)
            try await world.release(1, waitsAt: "prod")
            let asked = try await world.invocations(in: world.staging, of: World.de)
            #expect(asked.map(\.body) == ["3,2,1", "3,2,1"])
        }
    }

    /// People mend roles, so that a denial is waited out and tried again.
    @Test func aDeniedBodyIsTriedAgain() async throws {
        try await World.with { world in
            try world.edit(
                "demand-forecast.yaml",
                "body: \"1,2,3\"",
                "bodyFrom: \(world.artifact("row.csv"))"
            )
            try await world.upload("row.csv", "3,2,1")
            let fault = try await world.fault("s3.GetObject", "AccessDenied", in: world.staging, status: 403)
            try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.release(1, "is denied its body") {
                $0.state == "rolling" && $0.waitingFor.contains("Let the role of account staging read")
            }
            try await world.mend(fault)
            try await world.release(1, waitsAt: "prod")
            #expect(try await world.status().bars.isEmpty)
        }
    }

    @Test func aModelThatIsNotReadyAtFirstIsWaitedFor() async throws {
        try await World.with { world in
            try await world.load(World.de, invocations: 2, in: world.staging)
            try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.release(1, waitsAt: "prod")
            #expect(try await world.invocations(in: world.staging, of: World.de).count == 2 + 2)
        }
    }

    /// A wait of minutes must not keep a worker from stopping, and is no failure of the model.
    @Test func aWorkerThatWaitsForAModelStopsAtOnce() async throws {
        try await World.with { world in
            try await world.load(World.de, invocations: 1_000_000, in: world.staging)
            try await world.register("demand-de")
            let worker = try await world.startWorker()
            try await world.eventually("a model that is not ready is asked") {
                let asked = try await world.invocations(in: world.staging, of: World.de)
                return (asked.count > 1 ? true : nil, "\(asked)")
            }
            await worker.stop()
            let release = try #require(try await world.releases().first)
            #expect(release.state == "rolling")
            #expect(try await world.show(release).journal?.contains { $0.name == "interrupted" } == true)

            try await world.load(World.de, invocations: 0, in: world.staging)
            _ = try await world.startWorker()
            try await world.release(1, waitsAt: "prod")
        }
    }

    @Test func aModelErrorIsTheModelsFault() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            // Of another shape than the row it is asked about.
            let de = try await world.register("demand-de", [1, 2])
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("smoke test of \(World.de) in account staging: it failed: "))
            #expect(failed.why.contains("(400)"))
            #expect(failed.why.contains("The model takes 2 columns, and the request has 3."))
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            #expect(try await world.served(in: world.staging) == beginning.served)
            let body = "1,2,3"
            let asked = try await world.invocations(in: world.staging, of: World.de)
            #expect(
                asked.map(\.body) == [body, body, body],
                "twice for the first release, once for this one"
            )
        }
    }

    @Test func everyModelThatFailsIsNamedAndBarred() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            await beginning.worker.stop()
            let de = try await world.register("demand-de", World.wild)
            let fr = try await world.register("demand-fr", [1])
            _ = try await world.startWorker()
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("smoke test of \(World.de) in account staging: it answered 6000.0"))
            #expect(failed.why.contains("smoke test of \(World.fr) in account staging: it failed: "))
            #expect(try await world.status().bars.map(\.package).sorted() == [de.arn, fr.arn])
            #expect(try await world.served(in: world.staging) == beginning.served)
        }
    }

    private static let score = "pointer: /predictions/0/score"
}

extension World {
    /// Adds an entry to the example's smoke tests.
    fileprivate func addSmoke(_ entry: String) throws {
        try edit("demand-forecast.yaml", "\nsmoke:\n", "\nsmoke:\n  - \(entry)\n")
    }

    /// Where a test's file lies: in the registry's bucket, which the deployment roles may read.
    fileprivate func artifact(_ name: String) -> String { "s3://acme-artifacts-\(registry)/tests/\(name)" }

    fileprivate func upload(_ name: String, _ text: String) async throws {
        try await aws.post(
            "artifacts",
            [
                "bucket": .string("acme-artifacts-\(registry)"), "key": .string("tests/\(name)"),
                "base64": .string(Data(text.utf8).base64EncodedString()),
            ]
        )
    }

    /// Lets a target model be unready for its first invocations in every fleet to come.
    fileprivate func load(_ target: String, invocations: Int64, in account: String) async throws {
        try await aws.post(
            "endpoints/loading",
            [
                "account": .string(account), "endpoint": .string(Self.endpoint), "target": .string(target),
                "invocations": .int(invocations),
            ]
        )
    }

    fileprivate struct Invocation: Sendable {
        let accept: String
        let body: String
    }

    /// What a target model was asked in an account, in order.
    fileprivate func invocations(in account: String, of target: String) async throws -> [Invocation] {
        let path = "invocations?account=\(account)&endpoint=\(Self.endpoint)&target=\(target)"
        return (try await aws.get(path).array ?? []).map {
            Invocation(accept: $0["accept"]?.string ?? "", body: $0["body"]?.string ?? "")
        }
    }
}
