import Native
import Promotion
import Synchronization
import Testing

@testable import Ledger

/// What only PostgreSQL does: connections that are lost, and other workers on the same ledger.
@Suite(.enabled(if: PostgresPlace.server != nil))
struct PostgresTests {
    /// Runs a case on a schema of its own.
    private static func run(_ body: (Bench, PostgresPlace) async throws -> Void) async throws {
        try await Bench.run(.postgres) { bench in
            try await body(bench, try #require(bench.place as? PostgresPlace))
        }
    }

    private static let insert =
        "INSERT INTO unserved_groups (package_group, package, at) VALUES ('g', 'p', 1)"

    /// The server takes back what it was not told to keep, so that is done again, and only then.
    @Test func aConnectionLostBeforeItsCommitIsMadeAgain() async throws {
        try await Self.run { bench, _ in
            let runs = Atomic<Int>(0)
            try await bench.ledger.store.write { transaction in
                try transaction.run(Self.insert)
                if runs.add(1, ordering: .relaxed).newValue == 1 {
                    _ = try transaction.rows("SELECT pg_terminate_backend(pg_backend_pid())::text AS ended")
                }
            }
            #expect(runs.load(ordering: .relaxed) == 2)
            #expect(try await bench.count("unserved_groups") == 1)
        }
    }

    /// The commit was carried out and its answer lost: it is not done a second time, and its value is given.
    @Test func aCommitWhoseAnswerIsLostIsLookedUp() async throws {
        try await Self.run { bench, place in
            let runs = Atomic<Int>(0)
            let ledger = bench.ledger
            async let value = ledger.store.write { transaction in
                runs.add(1, ordering: .relaxed)
                try transaction.run("SET LOCAL synchronous_commit = 'on'")
                _ = try transaction.rows(Self.insert + " RETURNING package")
                return "handed out"
            }
            try await place.terminate(waitingFor: "SyncRep")
            #expect(try await value == "handed out")
            #expect(runs.load(ordering: .relaxed) == 1)
            #expect(try await bench.count("unserved_groups") == 1)
        }
    }

    /// The commit was asked for and not carried out: it is done again.
    @Test func aCommitThatWasNotCarriedOutIsDoneAgain() async throws {
        try await Self.run { bench, place in
            try await place.run(
                """
                SET search_path TO \(place.schema);
                CREATE SEQUENCE tries;
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql SET search_path TO \(place.schema)
                    AS 'BEGIN IF nextval(''tries'') = 1 THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END';
                CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON unserved_groups DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION dawdle();
                """
            )
            let runs = Atomic<Int>(0)
            let ledger = bench.ledger
            async let value = ledger.store.write { transaction in
                try transaction.run(Self.insert)
                return runs.add(1, ordering: .relaxed).newValue
            }
            try await place.terminate(waitingFor: "PgSleep")
            #expect(try await value == 2)
            #expect(try await bench.count("unserved_groups") == 1)
        }
    }

    /// So is the first write of all, which makes the table in which one looks that up.
    @Test func aFirstCommitThatWasNotCarriedOutIsDoneAgain() async throws {
        let place = try await PostgresPlace()
        try await place.run(
            """
            SET search_path TO \(place.schema);
            CREATE SEQUENCE tries;
            CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql SET search_path TO \(place.schema)
                AS 'BEGIN IF nextval(''tries'') = 1 THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END';
            """
        )
        let runs = Atomic<Int>(0)
        let writer = PostgresWriter(try PostgresAddress(place.url), id: "first")
        async let value = writer.write { transaction in
            try (transaction as? PostgresTransaction)?.script(
                """
                \(PostgresSchema.own)
                CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON migrations DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION dawdle();
                """
            )
            try transaction.run("INSERT INTO migrations (name) VALUES ('one')")
            return runs.add(1, ordering: .relaxed).newValue
        }
        try await place.terminate(waitingFor: "PgSleep")
        #expect(try await value == 2)
        await place.remove()
    }

    @Test func aReaderWhoseConnectionWasLostReadsAgain() async throws {
        try await Self.run { bench, place in
            #expect(try await bench.ledger.status().count == 1)
            try await place.endConnections()
            #expect(try await bench.ledger.status().count == 1)
            #expect(try await bench.firstWork().effect == .inspect)
        }
    }

    /// A disk that is full loses nothing: what was done is recorded once there is room.
    @Test func aFullDiskThatComesBackLosesNothing() async throws {
        try await Self.run { bench, place in
            let work = try await bench.firstWork()
            let outcome = bench.world.perform(work, now: bench.now)
            try await place.run(
                """
                SET search_path TO \(place.schema);
                CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql
                    AS 'BEGIN RAISE EXCEPTION ''could not extend file'' USING ERRCODE = ''53100''; END';
                CREATE TRIGGER full_disk BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION fill();
                """
            )
            let error = await #expect(throws: LedgerError.self) { _ = try await bench.turn([outcome]) }
            #expect(error?.description == "the ledger: could not extend file (PostgreSQL 53100)")
            try await place.run("DROP TRIGGER full_disk ON \(place.schema).journal")
            let next = try #require(try await bench.turn([outcome]).work.first)
            #expect(next.attempt.number == work.attempt.number)
            #expect(next.effect != work.effect)
        }
    }

    /// A worker that starts must not take what another is doing.
    @Test func aWorkerThatStartsLeavesTheClaimsOfOthers() async throws {
        try await Self.run { bench, _ in
            let work = try await bench.firstWork()
            let other = try await Ledger.open(bench.place.url, plans: [Bench.plan()], isWorker: true)
            #expect(try await other.turn([], worker: "other", capacity: 9, now: bench.now).work.isEmpty)
            bench.pass(Ledger.term)
            let taken = try await other.turn([], worker: "other", capacity: 9, now: bench.now).work
            #expect(taken.map(\.claim.term) == [work.claim.term + 1])
            #expect(taken.first?.isRepeated == true)
        }
    }

    /// What one worker writes the others hear of.
    @Test(.timeLimit(.minutes(10))) func aWorkerHearsWhatAnotherChanged() async throws {
        try await Self.run { bench, _ in
            let other = try await Ledger.open(bench.place.url, plans: [Bench.plan()], isWorker: true)
            var changes = other.changes().makeAsyncIterator()
            // The first says that it listens.
            #expect(await changes.next() != nil)
            try await bench.approve("demand-de", 1)
            #expect(await changes.next() != nil)
        }
    }

    @Test func theServersLimitsAreSet() async throws {
        try await Self.run { bench, _ in
            let limits = try await bench.texts(
                """
                SELECT current_setting('statement_timeout') || ' ' ||
                    current_setting('idle_in_transaction_session_timeout') AS text
                """
            )
            #expect(limits == ["10s 10s"])
        }
    }

    /// What people send may hold a NUL, which PostgreSQL has no text for. It must not stop what comes with it.
    @Test(arguments: Engine.allCases)
    func aNULInAMessageStopsNothing(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench async throws in
            let message = Received(
                messageID: "1",
                sender: "AIDA",
                body: "a\0b",
                meaning: .unreadable(reason: "not\0this")
            )
            #expect(try await bench.ledger.record([message], now: bench.now) == [true])
            #expect(try await bench.ledger.quarantine().map(\.body) == ["a\0b"])
        }
    }

    @Test func aReaderMakesNoSchema() async throws {
        let place = try await PostgresPlace()
        let error = await #expect(throws: LedgerError.self) { _ = try await Ledger.open(place.url) }
        await place.remove()
        #expect(error?.description.hasPrefix("there is no ledger at postgresql:///postgres") == true)
        let gone = await #expect(throws: LedgerError.self) { _ = try await Ledger.open(place.url) }
        #expect(gone?.description.hasSuffix("its search_path names no schema that exists") == true)
    }

    @Test(arguments: [
        ("SELECT ? WHERE a = '?' AND b = ?", "SELECT $1 WHERE a = '?' AND b = $2"),
        ("SELECT 'it''s ?', \"?\", ?", "SELECT 'it''s ?', \"?\", $1"), ("", ""),
    ])
    func placeholdersAreNumbered(_ sql: String, _ numbered: String) {
        #expect(PostgresTransaction.numbered(sql) == numbered)
    }
}

/// A ledger's URL may hold a password, and an error is printed and logged.
@Suite struct LedgerSecrecyTests {
    @Test(arguments: [
        "postgresql://me:hunter2@127.0.0.1:1/ledger", "postgresql://me@127.0.0.1:1/ledger?password=hunter2",
        "postgresql://me:x@hunter2@127.0.0.1:1/ledger", "postgresql://me:hunter2/x@127.0.0.1/ledger",
        "postgresql://me:5/hunter2@127.0.0.1/ledger", "postgresql://me:hunter2%zz@127.0.0.1/ledger",
        "postgresql://me:hunter2@[::1/ledger", "postgresql://me@h/l?hunter2", "postgresql://me@h:hunter2/l",
        "postgresql:/me:hunter2@127.0.0.1/ledger", "mysql://me:hunter2@127.0.0.1/ledger",
    ])
    func noPasswordIsInAnError(_ url: String) async throws {
        for isWorker in [true, false] {
            let error = try #require(
                await #expect(throws: LedgerError.self) { _ = try await Ledger.open(url, isWorker: isWorker) }
            )
            #expect(!String(reflecting: error).contains("hunter2"))
            #expect(!"\(error)".contains("hunter2"))
        }
    }

    @Test func anAddressShowsNoPassword() throws {
        let address = try PostgresAddress(
            "postgresql://me:hunter2@db.example:5433/ledger?sslmode=verify-full"
        )
        var dumped = ""
        dump(address, to: &dumped)
        for text in ["\(address)", String(reflecting: address), dumped] { #expect(!text.contains("hunter2")) }
        #expect("\(address)" == "postgresql://db.example:5433/ledger")
    }
}
