import Foundation
import Glibc
import Native
import Testing

/// A PostgreSQL server of one test's own, which can be killed and started again.
struct PostgresServer: Sendable {
    /// Whether the machine has what it takes, as `Tests/run` found out.
    static let isPossible = ProcessInfo.processInfo.environment["SLUICE_POSTGRES"] != nil

    /// In the ledger's URL, and nowhere else: the server asks nobody for one.
    static let password = "hunter2-swordfish"

    let url: String
    private let data: URL
    private let program: Program
    private let connection: PostgresThread

    init(in folder: URL) throws {
        let place = folder.appending(path: "postgres")
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../deploy/local/postgres").standardized
        data = place.appending(path: "data")
        url = "postgresql://sluice:\(Self.password)@/postgres?host=\(place.path)"
        connection = PostgresThread(to: try PostgresAddress(url))
        program = try Program(
            [],
            environment: ProcessInfo.processInfo.environment.filter { $0.key == "PATH" },
            in: folder,
            name: "server",
            through: [script.path, place.path]
        )
    }

    /// It says where it is once it can be used.
    var isReady: Bool { program.written.hasPrefix("postgresql://") }

    var log: String { program.log }

    func stop() async {
        comeBack()
        program.send(SIGTERM)
        _ = await program.finish()
    }

    /// Lets the server crash: every connection ends at once. It stays down until it is told to come back.
    func crash() throws {
        program.send(SIGSTOP)
        let lines = try String(contentsOf: data.appending(path: "postmaster.pid"), encoding: .utf8)
        kill(try #require(lines.split(separator: "\n").first.flatMap { pid_t($0) }), SIGQUIT)
    }

    /// What started the server starts it again, and it begins by recovering.
    func comeBack() { program.send(SIGCONT) }

    /// The workers that have work in hand.
    func claimants() async throws -> [String] {
        try await connection.run { connection in
            try connection.open()
            return try connection.execute(
                "SELECT DISTINCT claimant FROM attempts WHERE claimant IS NOT NULL"
            ).rows.compactMap { if case .text(let name) = $0.first { name } else { nil } }
        }
    }
}
