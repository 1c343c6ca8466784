import Promotion
import Testing

@testable import Ledger

/// What the tables themselves refuse, so that a mistake in the code above stops a transaction and not a
/// model. Each case first shows that its rows are good but for the one thing.
@Suite struct SchemaTests {
    @Test(arguments: Engine.allCases)
    func aPinNeverChanges(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.run(
                bench,
                """
                INSERT INTO pins (package, url, owner, version_id, etag, size, sha256)
                VALUES ('p', 's3://a/b', '1', NULL, '"e"', 7, NULL)
                """
            )
            for change in [
                "url = 's3://a/c'", "owner = '2'", "version_id = 'v'", "etag = '\"f\"'", "size = 8",
                "part_size = 3",
                "package = 'q'",
            ] {
                await Self.refuses(bench, "UPDATE pins SET \(change)", "a pin never changes")
            }
            // What S3 did not tell is learned once, from the first copy.
            let sum = String(repeating: "a", count: 64)
            try await Self.run(bench, "UPDATE pins SET sha256 = '\(sum)'")
            let other = String(repeating: "b", count: 64)
            await Self.refuses(bench, "UPDATE pins SET sha256 = '\(other)'", "a pin never changes")
            await Self.refuses(bench, "UPDATE pins SET sha256 = NULL", "a pin never changes")
        }
    }

    /// The ledger's own way to a pin keeps the first one, whatever a later look says.
    @Test(arguments: Engine.allCases)
    func theFirstPinIsTheOne(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            let package = World.arn("demand-de", 1)
            let first = World.pin("s3://registry/a.tar.gz")
            let sum = String(repeating: "a", count: 64)
            let facts: [Fact] = [
                .pin(package: package, first),
                .pin(package: package, World.pin("s3://registry/b.tar.gz", etag: "\"other\"", sha256: sum)),
                .pin(
                    package: package,
                    World.pin("s3://registry/a.tar.gz", sha256: String(repeating: "b", count: 64))
                ),
            ]
            let event = Attempt.Event.inspected(Inspection(endpoint: nil, isOurs: true))
            let next = try #require(try await bench.turn([.attempt(work.claim, facts, event)]).work.first)
            let kept = try #require(next.pins[package])
            #expect(kept.url == first.url)
            #expect(kept.etag == first.etag)
            #expect(kept.sha256 != sum)
        }
    }

    @Test(arguments: Engine.allCases)
    func theJournalIsWrittenOnce(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await bench.event(about: World.arn("other", 1), group: "other")
            #expect(try await bench.count("journal") == 1)
            for change in ["text = ''", "at = 0", "name = 'another'"] {
                await Self.refuses(bench, "UPDATE journal SET \(change)", "the journal is written once")
            }
            await Self.refuses(bench, "DELETE FROM journal", "the journal is kept")
            func line(_ kind: String) -> String {
                """
                INSERT INTO journal (number, at, kind, name, text, hash)
                VALUES (1, 0, '\(kind)', 'n', 't', '\(String(repeating: "a", count: 64))')
                """
            }
            await Self.refuses(bench, line("rumour"))
            try await Self.run(bench, line("event"))
        }
    }

    @Test(arguments: Engine.allCases)
    func oneAttemptAtATimePerEndpointAndAccount(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let work = try await bench.firstWork()
            func attempt(_ number: Int, _ account: String, state: String, endedAt: String) -> String {
                """
                INSERT INTO attempts (release, account, number, endpoint, opening, state, ended_at, body)
                VALUES ('\(work.release.id)', '\(account)', \(number), 'demand', 1, '\(state)', \(endedAt), '{}')
                """
            }
            await Self.refuses(bench, attempt(2, "staging", state: "copying", endedAt: "NULL"))
            try await Self.run(bench, attempt(2, "staging", state: "failed", endedAt: "1"))
            try await Self.run(bench, attempt(1, "prod", state: "copying", endedAt: "NULL"))
        }
    }

    @Test(arguments: Engine.allCases)
    func anEndedAttemptSaysWhen(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.firstWork()
            for state in Attempt.State.allCases {
                let (wrong, right) = state.isEnded ? ("NULL", "1") : ("1", "NULL")
                let change = "UPDATE attempts SET state = '\(state.rawValue)', ended_at = "
                await Self.refuses(bench, change + wrong)
                try await Self.run(bench, change + right)
            }
            await Self.refuses(bench, "UPDATE attempts SET claimant = 'w', claim_until = NULL")
            await Self.refuses(bench, "UPDATE attempts SET claimant = NULL, claim_until = 1")
            await Self.refuses(bench, "UPDATE attempts SET number = 0")
        }
    }

    @Test(arguments: Engine.allCases)
    func anEndedReleaseSaysWhen(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.firstWork()
            for state in Release.State.allCases {
                let (wrong, right) = state.ending == nil ? ("1", "NULL") : ("NULL", "1")
                let change = "UPDATE releases SET state = '\(state.rawValue)', ended_at = "
                await Self.refuses(bench, change + wrong)
                try await Self.run(bench, change + right)
            }
            await Self.refuses(bench, "UPDATE releases SET state = 'resting', ended_at = 1")
            await Self.refuses(bench, "UPDATE releases SET digest = 'short'")
        }
    }

    @Test(arguments: Engine.allCases)
    func anApprovalsEndingIsFinal(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.firstWork()
            #expect(try await bench.count("approvals") == 1)
            await Self.refuses(bench, "UPDATE approvals SET ending = 'failed'")
            await Self.refuses(bench, "UPDATE approvals SET ended_at = 1")
            await Self.refuses(bench, "UPDATE approvals SET ending = 'forgotten', ended_at = 1")
            try await Self.run(bench, "UPDATE approvals SET ending = 'failed', ended_at = 1")
            for change in ["ending = 'released'", "ending = NULL, ended_at = NULL", "ended_at = 2"] {
                await Self.refuses(bench, "UPDATE approvals SET \(change)", "an approval ends once")
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func numbersAndDigestsAreAnEndpointsOwn(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            _ = try await bench.firstWork()
            func release(_ id: String, digest: String, number: Int, opening: Int) -> String {
                """
                INSERT INTO releases (id, endpoint, digest, number, opening, state, body)
                VALUES ('\(id)', 'demand', \(digest), \(number), \(opening), 'waiting', '{}')
                """
            }
            let known = "(SELECT digest FROM releases LIMIT 1)"
            let new = "'\(String(repeating: "a", count: 64))'"
            await Self.refuses(bench, release("x", digest: known, number: 2, opening: 2))
            await Self.refuses(bench, release("x", digest: new, number: 1, opening: 2))
            await Self.refuses(bench, release("x", digest: new, number: 2, opening: 1))
            await Self.refuses(bench, release("x", digest: new, number: 0, opening: 2))
            try await Self.run(bench, release("x", digest: new, number: 2, opening: 2))
        }
    }

    /// What is refused takes its whole transaction back.
    @Test(arguments: Engine.allCases)
    func aRefusalLeavesNothingBehind(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench async throws in
            await #expect(throws: LedgerError.self) {
                try await bench.ledger.store.write { transaction in
                    try transaction.run("INSERT INTO endpoints (name) VALUES (?)", "another")
                    try transaction.run("UPDATE endpoints SET triggered = 2")
                }
            }
            #expect(try await bench.ledger.status().map(\.endpoint) == ["demand"])
        }
    }

    /// An error is printed and logged, and what was asked for may hold what must not be.
    @Test(arguments: Engine.allCases)
    func anErrorHoldsNoArgument(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let error = await #expect(throws: LedgerError.self) {
                try await bench.ledger.store.write { transaction in
                    for _ in 1...2 {
                        try transaction.run(
                            "INSERT INTO unserved_groups (package_group, package, at) VALUES (?, ?, ?)",
                            "secret",
                            "secret",
                            1
                        )
                    }
                }
            }
            let sentence = try #require(error?.description)
            #expect(!sentence.contains("secret"))
            #expect(sentence.hasPrefix("the ledger: "))
        }
    }

    private static func run(_ bench: Bench, _ sql: String) async throws {
        let changed = try await bench.ledger.store.write { try $0.run(sql, []) }
        try #require(changed > 0, "\(sql) changed nothing")
    }

    /// - Parameter because: What the refusal has to say; the engines' own refusals have words of their own.
    private static func refuses(_ bench: Bench, _ sql: String, _ because: String = "") async {
        let error = await #expect(throws: LedgerError.self, "\(sql)") {
            _ = try await bench.ledger.store.write { try $0.run(sql, []) }
        }
        if let error, !because.isEmpty { #expect(error.description.contains(because), "\(sql)") }
    }
}
