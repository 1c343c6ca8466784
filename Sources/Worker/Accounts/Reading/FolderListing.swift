internal import Foundation

/// Finds the files of an accounts folder and reads their text.
struct FolderListing {
    let folder: String
    let problems: ProblemList

    /// A file of the folder; its text is absent where that was reported.
    struct File {
        let source: Source
        let text: String?
    }

    /// The documents below the folder, in order of their paths.
    func files() -> [File] {
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            problems.report("there is no such folder", file: folder, line: nil)
            return []
        }
        guard isFolder.boolValue else {
            problems.report(
                "is no folder: name the folder that holds the accounts files",
                file: folder,
                line: nil
            )
            return []
        }
        return files(in: folder, depth: 0)
    }

    private static let depthAtMost = 16
    private static let bytesAtMost = 1 << 20

    private func files(in folder: String, depth: Int) -> [File] {
        guard depth <= Self.depthAtMost else {
            problems.report("is nested more than \(Self.depthAtMost) folders deep", file: folder, line: nil)
            return []
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            problems.report("cannot be listed: \(Self.reason(error))", file: folder, line: nil)
            return []
        }
        // Hidden names are editors' and Kubernetes' own: a mounted config map keeps the true files in a
        // hidden folder and links to them from where they are looked for.
        return names.sorted().filter { !$0.hasPrefix(".") }.flatMap { name -> [File] in
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            var isFolder = ObjCBool(false)
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
                return files(in: path, depth: depth + 1)
            }
            let source = Source(path: path, folder: self.folder, problems: problems)
            if name.hasSuffix(".yaml") { return [File(source: source, text: text(of: source))] }
            if let stem = Self.nearlyYAML(name) {
                source.report(
                    "is not read, because its name does not end in `.yaml`: call it \("\(stem).yaml".shown)",
                    line: 1
                )
                return [File(source: source, text: nil)]
            }
            return []
        }
    }

    /// What a name that was probably meant to end in `.yaml` has before that.
    private static func nearlyYAML(_ name: String) -> Substring? {
        let name = name[...]
        for ending in [".yaml", ".yml"] where name.lowercased().hasSuffix(ending) {
            return name.dropLast(ending.count)
        }
        return nil
    }

    private func text(of source: Source) -> String? {
        guard let data = FileManager.default.contents(atPath: source.path) else {
            source.report("cannot be read: is it missing, or not ours to read?", line: 1)
            return nil
        }
        guard data.count <= Self.bytesAtMost else {
            source.report("is larger than 1 MiB, which no accounts file needs to be", line: 1)
            return nil
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            source.report("is not UTF-8", line: Self.lineOfFault(in: data))
            return nil
        }
        return text
    }

    /// The line with the first byte that is not UTF-8: one more than the line breaks before it.
    private static func lineOfFault(in data: Data) -> Int {
        var line = 1
        for part in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if String(validating: part, as: UTF8.self) == nil { break }
            line += 1
        }
        return line
    }

    private static func reason(_ error: any Error) -> String {
        (error as? CocoaError)?.code == .fileReadNoPermission
            ? "permission denied" : "\(error.localizedDescription)"
    }
}
