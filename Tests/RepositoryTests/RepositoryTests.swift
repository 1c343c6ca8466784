import Testing

/// The repository keeps its own rules. Each rule's own test shows that it can say no.
@Suite struct RepositoryTests {
    @Test func theTreeIsRead() throws {
        let tree = try Tree()
        #expect(tree.paths.contains("Package.swift"))
        #expect(tree.files.contains { $0.room == "Promotion" })
        #expect(tree.files.contains { $0.path.hasSuffix("module.modulemap") })
    }

    @Test(
        arguments: [
            ("C modules", Rules.cModules), ("pure core", Rules.pureCore), ("one way", Rules.oneWay),
            ("one network", Rules.oneNetwork), ("no traps", Rules.noTraps),
            ("only commands print", Rules.onlyCommandsPrint), ("no reminders", Rules.noReminders),
        ] as [(String, @Sendable ([File]) -> [String])]
    )
    func everyFileKeepsTheRule(_ name: String, _ rule: @Sendable ([File]) -> [String]) throws {
        let complaints = rule(try Tree().files)
        #expect(complaints == [], "\(name)")
    }

    @Test func everyPathKeepsTheRules() throws {
        let paths = try Tree().paths
        #expect(Rules.topLevel(paths) == [])
        #expect(Rules.noBuildProducts(paths) == [])
    }

    @Test func theReadmeNamesEveryRoom() throws {
        let tree = try Tree()
        let readme = try #require(tree.readme)
        #expect(Rules.mapped(tree.paths, readme: readme) == [])
    }

    @Test func everyPromiseNamesItsTests() throws {
        let tree = try Tree()
        #expect(Rules.proven(tree.files, readme: try #require(tree.readme)) == [])
    }
}

@Suite struct RuleTests {
    private static let map = File("Sources/System/CCurl/module.modulemap", "module CCurl {}")

    @Test(arguments: [
        "import CCurl", "@preconcurrency import CCurl", "internal import struct CCurl.CURL",
        "@_implementationOnly public import CCurl",
    ])
    func cModulesStayInNative(_ line: String) {
        let text = "import Foundation\n\(line)\n"
        let bad = File("Sources/AWS/A.swift", text)
        #expect(
            Rules.cModules([Self.map, bad]) == ["Sources/AWS/A.swift:2: only Sources/Native imports CCurl"]
        )
        #expect(Rules.cModules([Self.map, File("Sources/Native/A.swift", text)]) == [])
        #expect(Rules.cModules([Self.map, File("Sources/AWS/A.swift", "// import CCurl\n")]) == [])
        #expect(Rules.cModules([Self.map, File("Tests/AWSTests/A.swift", text)]).count == 1)
    }

    @Test func theCoreImportsNothing() {
        let text = "/// import Foundation\nimport Foundation\nlet text = \"\"\"\nimport Foundation\n\"\"\"\n"
        #expect(
            Rules.pureCore([File("Sources/Promotion/A.swift", text)]) == [
                "Sources/Promotion/A.swift:2: Promotion imports nothing, and so not Foundation"
            ]
        )
        #expect(Rules.pureCore([File("Sources/Ledger/A.swift", text)]) == [])
    }

    @Test(arguments: [
        ("AWS", "Ledger"), ("Ledger", "AWS"), ("Native", "AWS"), ("Promotion", "Native"),
        ("Worker", "sluice"), ("Ledger", "Worker"),
    ])
    func dependenciesPointOneWay(_ room: String, _ module: String) {
        let path = "Sources/\(room)/A.swift"
        #expect(
            Rules.oneWay([File(path, "public import \(module)\n")]) == [
                "\(path):1: \(room) does not import \(module)"
            ]
        )
    }

    @Test func aNewRoomSaysWhatItMayImport() {
        let files = [
            File("Sources/Board/A.swift", ""), File("Sources/Worker/A.swift", "import AWS\nimport X"),
        ]
        #expect(
            Rules.oneWay(files) == ["Sources/Board/A.swift: nothing says what Sources/Board may import"]
        )
    }

    @Test(arguments: ["FoundationNetworking", "NIO", "NIOCore", "NIOHTTP1"])
    func nobodyElseTouchesTheNetwork(_ module: String) {
        let files = [File("Tests/A.swift", "import \(module)"), File("Sources/AWS/B.swift", "import Native")]
        #expect(
            Rules.oneNetwork(files) == [
                "Tests/A.swift:1: \(module) is not used; Native's HTTPClient is"
            ]
        )
    }

    @Test func theTopLevelStaysSmall() {
        let paths = [
            "Package.swift", "README.md", ".ci/run", ".gitignore", "Sources/A/a.swift", "Tests/run",
            "deploy/demo", "accounts/a.yaml", "docs/a.md", "Makefile", "docs/b.md",
        ]
        #expect(
            Rules.topLevel(paths) == [
                "Makefile: it does not belong at the top level", "docs: it does not belong at the top level",
            ]
        )
    }

    @Test func buildProductsAreNotTracked() {
        let paths = ["Package.resolved", "a/.build/b", ".build/c", "Sources/.builder/a", "a/Package.swift"]
        #expect(
            Rules.noBuildProducts(paths)
                == ["Package.resolved", "a/.build/b", ".build/c"].map {
                    "\($0): it is made by a build and not tracked"
                }
        )
    }

    @Test(arguments: [
        ("let a = try! b()", "`try!` stops the worker"),
        ("fatalError(\"no\")", "`fatalError` stops the worker"),
        ("let a = b as! C", "`as!` stops the worker"), ("let a = b!", "a force unwrap stops the worker"),
        ("b()!.c", "a force unwrap stops the worker"), ("b[0]!.c", "a force unwrap stops the worker"),
        ("var a: Int!", "a force unwrap stops the worker"),
        ("let a = \"\\(b!)\"", "a force unwrap stops the worker"),
        ("let a = #\"\\#(b!)\"#", "a force unwrap stops the worker"),
    ])
    func trapsAreFound(_ line: String, _ sentence: String) {
        let file = File("Sources/Worker/A.swift", "\n\(line)\n")
        #expect(Rules.noTraps([file]) == ["Sources/Worker/A.swift:2: \(sentence)"])
        #expect(Rules.noTraps([File("Tests/WorkerTests/A.swift", line)]) == [])
    }

    @Test(arguments: [
        "if !a && !b(!c) { }", "a != b", "// It stops here! So fatalError.", "/* no! */ let a = 1",
        "let a = \"no! try! fatalError\"", "let a = #\"no\"! \\(b!)\"#",
        "let a = \"\"\"\n no! \"quoted!\"\n\"\"\"",
        "let a = \"\\(b(\"c!\"))\"", "let a = \"\\\"no!\"",
    ])
    func whatIsNoTrapIsNotFound(_ text: String) {
        #expect(Rules.noTraps([File("Sources/Worker/A.swift", text)]) == [])
    }

    @Test func onlyCommandsPrint() {
        let text = "log.print(a)\nprint(a)\nif a { debugPrint(b) }\n// print(c)\nfootprint(d)\n"
        #expect(
            Rules.onlyCommandsPrint([File("Sources/AWS/A.swift", text), File("Sources/sluice/A.swift", text)])
                == [
                    "Sources/AWS/A.swift:2: only the commands in Sources/sluice print",
                    "Sources/AWS/A.swift:3: only the commands in Sources/sluice print",
                ]
        )
    }

    @Test(arguments: ["TODO", "FIXME", "XXX"]) func remindersAreFound(_ word: String) {
        let file = File("Sources/AWS/A.swift", "let a = 1\n// \(word): later\nlet \(word)S = 2\n")
        #expect(
            Rules.noReminders([file]) == ["Sources/AWS/A.swift:2: what is not done belongs into an issue"]
        )
    }

    @Test func theMapNamesEveryRoom() {
        let paths = ["Sources/AWS/a.swift", "Sources/Ledger/b.swift", "Tests/C/c.swift", "Sources/d.txt"]
        #expect(
            Rules.mapped(paths, readme: "  AWS/   the calls we make\n") == [
                "README.md: its map does not name Sources/Ledger"
            ]
        )
        #expect(Rules.mapped(paths, readme: "AWS/ and Ledger/") == [])
    }

    @Test func promisesWithoutTestsAreFound() {
        let files = [
            File("Tests/A/a.swift", "@Test func holds() {}"), File("Sources/A/a.swift", "func other() {}"),
        ]
        #expect(Rules.proven(files, readme: "| 1 | it holds | `holds` |\n") == [])
        #expect(
            Rules.proven(files, readme: "| 1 | it holds | `other` |\n| 2 | trust us | |\n") == [
                "README.md: no test is called other", "README.md: no test is named in: | 2 | trust us | |",
            ]
        )
        #expect(Rules.proven(files, readme: "nothing") == ["README.md: it makes no promise"])
    }
}
