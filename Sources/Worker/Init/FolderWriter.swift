import Foundation

extension FolderDraft {
    /// Writes the folder and returns the paths of its files, in order.
    ///
    /// It appears at once and whole: the files are written beside it, read back as `sluice check` would, and
    /// moved into place only where nothing is wrong with them.
    ///
    /// Throws `FolderThere` where something has that name already, `AccountsError` where what the draft says
    /// cannot be, and whatever the file system says.
    public func write(to folder: String) throws -> [String] {
        let place = URL(filePath: folder).standardizedFileURL
        let manager = FileManager.default
        guard !manager.fileExists(atPath: place.path) else { throw FolderThere(folder: folder) }
        let parent = place.deletingLastPathComponent()
        let draft = parent.appending(path: ".\(place.lastPathComponent)-\(UUID().uuidString.prefix(8))")
        try manager.createDirectory(at: draft, withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: draft) }
        for (name, text) in files {
            try Data(text.utf8).write(to: draft.appending(path: name))
        }
        do {
            _ = try AccountsFolder.load(draft.path)
        } catch {
            throw AccountsError(
                problems: error.problems.map { problem in
                    var problem = problem
                    problem.file = problem.file.replacing(draft.path, with: folder)
                    problem.message = problem.message.replacing(draft.path, with: folder)
                    return problem
                }
            )
        }
        // It fails where the name was taken meanwhile.
        try manager.moveItem(at: draft, to: place)
        return files.keys.sorted().map { folder.hasSuffix("/") ? "\(folder)\($0)" : "\(folder)/\($0)" }
    }
}

/// The accounts folder that was to be written exists.
public struct FolderThere: Error, Sendable {
    public let folder: String
}
