import Foundation
import Native
import Testing

/// A fake of the way between a worker and the PostgreSQL server that was started for the tests: it breaks at one
/// write of the ledger. The ledger is a schema of its own there.
final class PostgresProxy: Sendable {
    /// What happens to the COMMIT of one write, as `Tests/tools/postgres_proxy.py` tells.
    enum Way: String, Sendable {
        case holdBefore = "hold-before"
        case holdAfter = "hold-after"
        case pass = "pass"
        case loseBefore = "lose-before"
        case loseAfter = "lose-after"
    }

    private static let server = ProcessInfo.processInfo.environment["SLUICE_POSTGRES"]

    let url: String
    private let schema: String
    private let order: URL
    private let program: Program
    private let database: PostgresThread

    init(in folder: URL) async throws {
        let server = try #require(Self.server, "SLUICE_POSTGRES says where the server is")
        let parts = try #require(server.firstMatch(of: /host=([^&]+)/))
        schema = "world_" + UUID().uuidString.filter(\.isHexDigit).lowercased()
        let schema = schema
        database = PostgresThread(to: try PostgresAddress(server))
        try await database.run {
            try $0.open()
            try $0.script("CREATE SCHEMA \(schema)")
        }
        let place = folder.appending(path: "proxy")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        order = place.appending(path: "order")
        url =
            server.replacing(parts.output.0, with: "host=\(place.path)")
            + "&options=-csearch_path%3D\(schema)"
        program = try Program(
            [],
            environment: ProcessInfo.processInfo.environment.filter { $0.key == "PATH" },
            in: folder,
            name: "proxy",
            through: ["/usr/bin/env", "python3", Self.script, place.path, String(parts.output.1)]
        )
    }

    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../tools/postgres_proxy.py").standardized.path

    var isReady: Bool { lines.first == "listening" }

    var log: String { program.log }

    /// Orders what happens to a write; the first from now on is number one.
    func order(_ way: Way, at number: Int) throws {
        try "\(number) \(way.rawValue)".write(to: order, atomically: true, encoding: .utf8)
        program.send(SIGUSR1)
    }

    var hasTakenOrder: Bool { lines.contains("ready") }

    /// Whether the write has come that something was ordered for.
    var hasCome: Bool { lines.contains("come") }

    /// How many writes there were since the order.
    var writes: Int {
        let lines = lines
        return lines[(lines.lastIndex(of: "ready") ?? 0)...].count { $0 == "write" }
    }

    private var lines: [Substring] { program.written.split(separator: "\n") }

    func stop() async {
        program.send(SIGTERM)
        _ = await program.finish()
        let schema = schema
        try? await database.run {
            try $0.open()
            try $0.script("DROP SCHEMA IF EXISTS \(schema) CASCADE")
        }
    }
}
