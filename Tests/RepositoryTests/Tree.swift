import Foundation
import Native

/// The repository that these tests were built from.
struct Tree: Sendable {
    /// Every tracked path that is there.
    let paths: [String]
    let files: [File]

    init() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        // Whoever owns the files, listing them is harmless.
        let list = ["git", "-c", "safe.directory=*", "-C", top.path, "ls-files", "-z"]
        let (output, status) = try Subprocess.run(["/usr/bin/env"] + list)
        guard status == 0 else { throw NoTree(top: top.path) }
        let listed = output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
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
