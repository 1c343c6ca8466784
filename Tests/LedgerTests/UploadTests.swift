import Promotion
import Testing

@testable import Ledger

/// What the ledger knows of copies in parts: where they may have left something, and how far they are.
@Suite struct UploadTests {
    private static let url = "s3://staging/models/r/de.tar.gz"

    @Test(arguments: Engine.allCases)
    func whatAnEndedAttemptLeftIsAbandoned(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            let account = work.attempt.account
            #expect(try await bench.ledger.beginUpload(Self.url, under: work.claim, now: bench.now))
            #expect(try await bench.ledger.abandonedUploads(of: "demand", in: account).isEmpty)

            // A worker that is killed has abandoned nothing: the next one goes on.
            try await bench.crash()
            let again = try #require(try await bench.turn().work.first)
            #expect(try await bench.ledger.abandonedUploads(of: "demand", in: account).isEmpty)
            try await bench.end(again)
            let left = try await bench.ledger.abandonedUploads(of: "demand", in: account)
            #expect(left.map(\.url) == [Self.url])
            #expect(left.map(\.release) == [work.release.id])
            #expect(try await bench.ledger.abandonedUploads(of: "demand", in: "elsewhere").isEmpty)
            #expect(try await bench.ledger.abandonedUploads(of: "other", in: account).isEmpty)

            try await bench.ledger.forget(try #require(left.first))
            #expect(try await bench.ledger.abandonedUploads(of: "demand", in: account).isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func whatWasBegunOnceMoreIsNotForgotten(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            let first = bench.now
            #expect(try await bench.ledger.beginUpload(Self.url, under: work.claim, now: first))
            bench.pass(.seconds(1))
            #expect(try await bench.ledger.beginUpload(Self.url, under: work.claim, now: bench.now))
            try await bench.end(work)
            let account = work.attempt.account
            let old = AbandonedUpload(
                release: work.release.id,
                account: account,
                url: Self.url,
                begunAt: first
            )
            try await bench.ledger.forget(old)
            let left = try await bench.ledger.abandonedUploads(of: "demand", in: account)
            #expect(left.map(\.begunAt) == [first + .seconds(1)])
        }
    }

    @Test(arguments: Engine.allCases)
    func progressIsInTheJournalWhileTheClaimHolds(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            func tell(_ text: String, _ work: Work) async throws -> Bool {
                try await bench.ledger.progress("copying", text, under: work.claim, now: bench.now)
            }
            #expect(try await tell("1 of 3", work))
            bench.pass(.seconds(30))
            let taken = try #require(try await bench.turn().work.first)
            #expect(try await !tell("2 of 3", work), "another has the claim")
            #expect(try await !bench.ledger.beginUpload(Self.url, under: work.claim, now: bench.now))
            #expect(try await tell("3 of 3", taken))
            try await bench.end(taken)
            #expect(try await !tell("4 of 3", taken), "the attempt has ended")
            #expect(try await !bench.ledger.beginUpload(Self.url, under: taken.claim, now: bench.now))
            let lines = try await bench.ledger.show(work.release.id)?.journal?.filter { $0.name == "copying" }
            #expect(lines?.map(\.text) == ["1 of 3", "3 of 3"])
            #expect(lines?.allSatisfy { $0.account == work.attempt.account } == true)
            #expect(try await bench.rows("SELECT url FROM uploads").isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func thePartSizeBelongsToThePin(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            let package = World.arn("demand-de", 1)
            let sums = ["a", "b"].map { String(repeating: $0, count: 64) }
            func pin(_ partSize: Int64?, _ sum: String?) -> Fact {
                let pin = Pin(
                    url: "s3://registry/a",
                    owner: "1",
                    versionID: nil,
                    etag: "e",
                    size: 7,
                    partSize: partSize,
                    sha256: sum
                )
                return .pin(package: package, pin)
            }
            // A sum of other parts, or of the whole, is no sum of these.
            let facts = [pin(3, nil), pin(4, sums[0]), pin(nil, sums[0]), pin(3, sums[1])]
            let event = Attempt.Event.inspected(Inspection(endpoint: nil, isOurs: true))
            let next = try #require(try await bench.turn([.attempt(work.claim, facts, event)]).work.first)
            let kept = try #require(next.pins[package])
            #expect(kept.partSize == 3)
            #expect(kept.sha256 == sums[1])
        }
    }
}

extension Bench {
    /// Lets an attempt fail.
    fileprivate func end(_ work: Work) async throws {
        let event = Attempt.Event.checkFailed(blame: .nobody, sentence: "no")
        _ = try await turn([.attempt(work.claim, [], event)])
    }
}
