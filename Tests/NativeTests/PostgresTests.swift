import Foundation
import Native
import Synchronization
import Testing

/// libpq as it is wrapped, on the server that `Tests/run` starts.
@Suite struct PostgresTests {
    private static let server = ProcessInfo.processInfo.environment["SLUICE_POSTGRES"]

    private static func run<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        let thread = PostgresThread(to: try PostgresAddress(try #require(server)))
        return try await thread.run { connection in
            try connection.open()
            return try body(connection)
        }
    }

    @Test(
        .enabled(if: server != nil),
        arguments: [
            ("text", .null), ("text", .text("")), ("text", .text("Größe '; DROP TABLE x; -- 🚰")),
            ("bigint", .integer(.min)), ("bigint", .integer(.max)), ("int", .integer(-7)),
            ("smallint", .integer(7)), ("bytea", .bytes([])), ("bytea", .bytes([0, 39, 92, 255])),
        ] as [(String, PostgresValue)]
    )
    func aValueComesBackAsItIs(_ type: String, _ value: PostgresValue) async throws {
        let answer = try await Self.run { try $0.execute("SELECT $1::\(type) AS it, 1 AS other", [value]) }
        #expect(answer.columns == ["it", "other"])
        #expect(answer.rows == [[value, .integer(1)]])
    }

    @Test(.enabled(if: server != nil)) func aStatementSaysWhatItChanged() async throws {
        let counts = try await Self.run { connection in
            try connection.script("CREATE TEMPORARY TABLE t (a BIGINT)")
            let insert = "INSERT INTO t (a) VALUES ($1)"
            // The second time it is prepared already.
            return try (1...2).map { try connection.execute(insert, [.integer($0)]).changed }
                + [
                    connection.execute("UPDATE t SET a = 0").changed,
                    connection.execute("SELECT a FROM t").rows.count,
                ]
        }
        #expect(counts == [1, 1, 2, 2])
    }

    @Test(
        .enabled(if: server != nil),
        arguments: [
            ("SELECT $1::bigint", "22P02"), ("SELEKT $1", "42601"),
            ("SELECT a FROM nowhere WHERE a = $1", "42P01"),
        ]
    )
    func aRefusalNamesItsStateAndNoArgument(_ sql: String, _ state: String) async throws {
        let error = try #require(
            await #expect(throws: PostgresError.self) {
                _ = try await Self.run { try $0.execute(sql, [.text("hunter2")]) }
            }
        )
        #expect(error.code == .refused(state))
        #expect(error.description.hasSuffix("(PostgreSQL \(state))"))
        #expect(!error.description.contains("hunter2"))
    }

    /// libpq would end the text at the NUL, and something else would be written than was asked for.
    @Test(.enabled(if: server != nil)) func aTextWithANULIsRefused() async throws {
        let error = await #expect(throws: PostgresError.self) {
            _ = try await Self.run { try $0.execute("SELECT $1::text", [.text("a\0b")]) }
        }
        #expect(error?.code == .value)
    }

    @Test(.enabled(if: server != nil)) func aConnectionThatWasLostIsOpenedAgain() async throws {
        try await Self.run { connection in
            let error = #expect(throws: PostgresError.self) {
                try connection.script("SELECT pg_terminate_backend(pg_backend_pid())")
            }
            #expect(error?.code == .lost)
            #expect(!connection.isOpen)
            try connection.open()
            #expect(try connection.execute("SELECT 1 AS one").rows == [[.integer(1)]])
        }
    }

    /// What others tell is heard, and so is that listening begins anew after the connection was lost.
    @Test(.enabled(if: server != nil), .timeLimit(.minutes(10)))
    func noticesAreHeard() async throws {
        let heard = Mutex<[String]>([])
        let address = try PostgresAddress(try #require(Self.server))
        var notices = PostgresNotices.stream(from: address, channel: "nativetests") { payload in
            heard.withLock { $0.append(payload) }
            return payload != "own"
        }.makeAsyncIterator()
        #expect(await notices.next() != nil)
        try await Self.run { try $0.script("NOTIFY nativetests, 'own'; NOTIFY nativetests, 'other'") }
        #expect(await notices.next() != nil)
        #expect(heard.withLock { $0 } == ["own", "other"])
        try await Self.run {
            try $0.script(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN nativetests'"
            )
        }
        #expect(await notices.next() != nil)
    }

    /// A server that is down is not asked by every caller: the pauses between two attempts grow.
    @Test func aServerThatIsDownIsAskedLessAndLess() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        let thread = PostgresThread(
            to: try PostgresAddress("postgresql://me:hunter2@/ledger?host=\(folder.path)")
        )
        let error = await #expect(throws: PostgresError.self) {
            try await thread.run { connection in
                for _ in 1...5 {
                    #expect(throws: PostgresError.self) { try connection.open() }
                }
                // The place is there now, and still it is the last attempt's answer that is given.
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try connection.open()
            }
        }
        try? FileManager.default.removeItem(at: folder)
        #expect(error?.code == .couldNotConnect)
        #expect(error?.description.contains("No such file or directory") == true)
        #expect(error?.description.contains("hunter2") == false)
    }
}
