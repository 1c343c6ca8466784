import Foundation
import Native
import Testing

/// A schema of its own in the server that was started for the tests.
struct PostgresPlace: Place {
    /// The server's URL, with an option at its end; nil where none was started.
    static let server = ProcessInfo.processInfo.environment["SLUICE_POSTGRES"]

    let schema: String
    let isShared = true
    /// For what a test wants to do to the database itself.
    let database: PostgresThread

    init() async throws {
        let server = try #require(Self.server)
        schema = "test_" + UUID().uuidString.filter(\.isHexDigit).lowercased()
        database = PostgresThread(to: try PostgresAddress(server))
        try await run("CREATE SCHEMA \(schema)")
    }

    var url: String {
        "\(Self.server ?? "")&options=-csearch_path%3D\(schema)&application_name=sluice%20\(schema)"
    }

    func run(_ script: String) async throws {
        try await database.run {
            try $0.open()
            try $0.script(script)
        }
    }

    /// Ends the one connection to the schema that waits for something particular, as soon as it does.
    func terminate(waitingFor event: String) async throws {
        let name = "sluice \(schema)"
        try await database.run { connection in
            try connection.open()
            // The minute that this may take is a limit and never a measurement. Whoever waits in a commit keeps all
            // others who want to tell something from theirs, so nobody must be left there.
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                let ended = try connection.execute(
                    """
                    SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                    WHERE wait_event = $1 AND application_name = $2
                    """,
                    [.text(event), .text(name)]
                )
                if !ended.rows.isEmpty { return }
                try connection.script("SELECT pg_sleep(0.01)")
            }
            Issue.record("no connection ever waited for \(event)")
        }
    }

    /// Ends every connection that has used the schema's tables and is idle.
    func endConnections() async throws {
        try await run(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'sluice \(schema)' AND pid <> pg_backend_pid()
            """
        )
    }

    /// Nothing of a transaction outlives its connection, so what is there is what was committed.
    func afterCrash() -> any Place { self }

    func remove() async {
        try? await run("DROP SCHEMA IF EXISTS \(schema) CASCADE")
    }
}

/// Lets only so many cases use the server at once: all of them together would be slower, and would keep the
/// machine from whatever else is tested on it.
actor Turnstile {
    static let postgres = Turnstile(places: 6)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) {
        free = places
    }

    func enter() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
