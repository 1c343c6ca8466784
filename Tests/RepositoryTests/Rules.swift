/// The few rules that protect the architecture. Each is a pure function from files to complaints.
enum Rules {
    /// Which rooms each room may import. Dependencies point one way: `AWS` and `Ledger` do not know each
    /// other, and `Promotion` knows nobody.
    static let directions: [String: Set<String>] = [
        "Native": [],
        "AWS": ["Native"],
        "Promotion": [],
        "Ledger": ["Native", "Promotion"],
        "Worker": ["AWS", "Ledger", "Native", "Promotion"],
        "sluice": ["AWS", "Ledger", "Native", "Promotion", "Worker"],
    ]

    /// Every C pointer is owned in one room.
    static func cModules(_ files: [File]) -> [String] {
        let modules = Set(
            files.filter { $0.path.hasPrefix("Sources/System/") && $0.path.hasSuffix("/module.modulemap") }
                .map { String($0.parts[2]) }
        )
        return files.filter { $0.isSwift && $0.room != "Native" }.flatMap { file in
            file.imports.filter { modules.contains($0.module) }.map {
                "\(file.path):\($0.line): only Sources/Native imports \($0.module)"
            }
        }
    }

    /// The core is pure: it can be tested without anything, because it uses nothing.
    static func pureCore(_ files: [File]) -> [String] {
        files.filter { $0.room == "Promotion" }.flatMap { file in
            file.imports.map { "\(file.path):\($0.line): Promotion imports nothing, and so not \($0.module)" }
        }
    }

    static func oneWay(_ files: [File]) -> [String] {
        files.filter(\.isSwift).flatMap { file -> [String] in
            guard let room = file.room else { return [] }
            guard let allowed = directions[room] else {
                return ["\(file.path): nothing says what Sources/\(room) may import"]
            }
            return file.imports.filter { directions[$0.module] != nil && !allowed.contains($0.module) }.map {
                "\(file.path):\($0.line): \(room) does not import \($0.module)"
            }
        }
    }

    /// Every byte on the network goes through libcurl.
    static func oneNetwork(_ files: [File]) -> [String] {
        files.filter(\.isSwift).flatMap { file in
            file.imports.filter { $0.module == "FoundationNetworking" || $0.module.hasPrefix("NIO") }.map {
                "\(file.path):\($0.line): \($0.module) is not used; Native's HTTPClient is"
            }
        }
    }

    static func topLevel(_ paths: [String]) -> [String] {
        let known: Set = ["Package.swift", "Sources", "Tests", "deploy", "accounts", "README.md"]
        let tops = Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) })
        return tops.filter { !known.contains($0) && !$0.hasPrefix(".") }.sorted().map {
            "\($0): it does not belong at the top level"
        }
    }

    /// What a build makes is no source.
    static func noBuildProducts(_ paths: [String]) -> [String] {
        paths.filter { path in
            let parts = path.split(separator: "/")
            return parts.contains(".build") || parts.last == "Package.resolved"
        }.map { "\($0): it is made by a build and not tracked" }
    }

    /// A worker that meets the unexpected says so and goes on; it does not crash.
    static func noTraps(_ files: [File]) -> [String] {
        var complaints: [String] = []
        for file in files where file.isSwift && file.room != nil {
            for (index, line) in file.code.enumerated() {
                for trap in traps(in: line) { complaints.append("\(file.path):\(index + 1): \(trap)") }
            }
        }
        return complaints
    }

    private static func traps(in line: Substring) -> [String] {
        var traps: [String] = []
        if line.contains(/\btry!/) { traps.append("`try!` stops the worker") }
        if line.contains(/\bas!/) { traps.append("`as!` stops the worker") }
        if line.contains(/\bfatalError\b/) { traps.append("`fatalError` stops the worker") }
        let rest = line.replacing(/\b(?:try|as)!/, with: "")
        if rest.contains(/[\w)\]}"]!(?!=)/) { traps.append("a force unwrap stops the worker") }
        return traps
    }

    /// Only the commands talk to a terminal; everything else logs or throws.
    static func onlyCommandsPrint(_ files: [File]) -> [String] {
        files.filter { $0.isSwift && $0.room != nil && $0.room != "sluice" }.flatMap { file in
            file.complaints(
                about: /(?:^|[^.\w])(?:print|debugPrint|dump)\(/,
                "only the commands in Sources/sluice print"
            )
        }
    }

    /// What is not done is an issue, not a remark in the code.
    static func noReminders(_ files: [File]) -> [String] {
        var complaints: [String] = []
        for file in files where file.isSwift && file.room != nil {
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() where line.contains(/\b(?:TODO|FIXME|XXX)\b/) {
                complaints.append("\(file.path):\(index + 1): what is not done belongs into an issue")
            }
        }
        return complaints
    }

    /// Whoever reads the README finds every room.
    static func mapped(_ paths: [String], readme: String) -> [String] {
        var rooms: Set<String> = []
        for path in paths {
            if let room = File(path, "").room { rooms.insert(room) }
        }
        return rooms.sorted().filter { !readme.contains("\($0)/") }.map {
            "README.md: its map does not name Sources/\($0)"
        }
    }

    /// A promise in the README names the tests that prove it, and those exist.
    static func proven(_ files: [File], readme: String) -> [String] {
        let rows = readme.split(separator: "\n").filter { $0.contains(/^\| \d+ \|/) }
        guard !rows.isEmpty else { return ["README.md: it makes no promise"] }
        let tests = files.filter { $0.path.hasPrefix("Tests/") }.map(\.text)
        return rows.flatMap { row in
            let names = row.matches(of: /`(\w+)`/).map { String($0.1) }
            let missing = names.filter { name in !tests.contains { $0.contains("func \(name)(") } }
            return names.isEmpty
                ? ["README.md: no test is named in: \(row)"]
                : missing.map { "README.md: no test is called \($0)" }
        }
    }
}
