import Foundation

/// The repository that these tests were built from.
struct Tree: Sendable {
    /// Every tracked path that is there.
    let paths: [String]
    let files: [File]

    init() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        // Whoever owns the files, listing them is harmless.
        git.arguments = ["git", "-c", "safe.directory=*", "-C", top.path, "ls-files", "-z"]
        let output = Pipe()
        git.standardOutput = output
        try git.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { throw NoTree(top: top.path) }
        let listed = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        // A file that was removed and not yet committed is still listed.
        paths = listed.filter { FileManager.default.fileExists(atPath: top.appending(path: $0).path) }
        files = try paths.filter { $0.hasSuffix(".swift") || $0.hasSuffix("module.modulemap") }.map {
            File($0, try String(contentsOf: top.appending(path: $0), encoding: .utf8))
        }
        readme =
            paths.contains("README.md")
            ? try String(contentsOf: top.appending(path: "README.md"), encoding: .utf8) : nil
    }

    /// The README's text, once there is one.
    let readme: String?

    struct NoTree: Error {
        let top: String
    }
}
