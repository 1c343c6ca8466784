import Foundation
import Testing

/// The databases that the conformance suite runs on. Each case of the suite runs on each of them.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgres

    /// PostgreSQL where a server was started for the tests, as `Tests/run` does.
    static let allCases: [Engine] = PostgresPlace.server == nil ? [.sqlite] : [.sqlite, .postgres]

    var testDescription: String { rawValue }

    /// An empty place for a ledger, which nobody else uses.
    func makePlace() async throws -> any Place {
        switch self {
        case .sqlite: try SQLitePlace()
        case .postgres: try await PostgresPlace()
        }
    }
}

/// Where a ledger is kept.
protocol Place: Sendable {
    var url: String { get }
    /// What another worker finds if the one that works here is killed now: all that was committed, and
    /// nothing else.
    func afterCrash() throws -> any Place
    /// Whether the claims of a killed worker end by themselves, rather than with its lock.
    var isShared: Bool { get }
    func remove() async
}

/// A SQLite file in a folder of its own.
struct SQLitePlace: Place {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    let isShared = false
    var path: String { folder.appending(path: "ledger.sqlite").path }
    var url: String { "sqlite:\(path)" }

    /// Copies the files as they lie on the disk while the worker still has them open. Its lock and its
    /// memory stay behind, as they do when a process is killed.
    func afterCrash() throws -> any Place {
        let copy = try SQLitePlace()
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy.path + suffix)
        }
        return copy
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }
}
