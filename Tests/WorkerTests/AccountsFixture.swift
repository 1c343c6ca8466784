import Foundation
import Worker

/// An accounts folder in a place of its own, made of a small good one with some files changed.
struct AccountsFixture {
    private var files: [String: String]
    /// Files whose bytes need not be text.
    private var bytes: [String: [UInt8]] = [:]

    init(empty: Bool = false) {
        files = empty ? [:] : Self.good
    }

    /// Puts a text in another's place, which must be there, so that no test plants nothing.
    mutating func replace(_ old: String, with new: String, in file: String) throws {
        guard let text = files[file], text.contains(old) else { throw NotThere(text: old, file: file) }
        files[file] = text.replacing(old, with: new, maxReplacements: 1)
    }

    subscript(file: String) -> String? {
        get { files[file] }
        set { files[file] = newValue }
    }

    /// Puts bytes in the place of a file.
    mutating func replace(_ file: String, with bytes: [UInt8]) {
        self.bytes[file] = bytes
    }

    func load() throws -> AccountsFolder {
        try inFolder { try AccountsFolder.load($0) }
    }

    /// What is wrong, line by line, the way it looks for a folder called `accounts`.
    func problems() throws -> [String] {
        try inFolder { folder in
            do {
                _ = try AccountsFolder.load(folder)
                return []
            } catch let error as AccountsError {
                let parent = folder.dropLast("accounts".count)
                return error.description.replacing(parent, with: "").split(separator: "\n").map(String.init)
            }
        }
    }

    private func inFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let parent = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        let folder = parent.appending(path: "accounts")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, text) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            // Latin 1 writes every scalar below U+0100 as one byte, so that a test can plant a bad byte.
            let isBad = text.unicodeScalars.contains("\u{FF}")
            try text.write(to: file, atomically: false, encoding: isBad ? .isoLatin1 : .utf8)
        }
        for (name, bytes) in bytes { try Data(bytes).write(to: folder.appending(path: name)) }
        return try body(folder.path)
    }

    struct NotThere: Error {
        let text: String
        let file: String
    }

    private static let good = [
        "registry.yaml": """
        kind: registry
        account: "111111111111"
        region: eu-west-1
        queue: https://sqs.eu-west-1.amazonaws.com/111111111111/sluice

        """,
        "staging.yaml": """
        kind: account
        name: staging
        account: "222222222222"
        stage: staging
        region: eu-west-1
        role: arn:aws:iam::222222222222:role/sluice-deploy
        executionRole: arn:aws:iam::222222222222:role/sagemaker
        models: s3://acme-staging/models/

        """,
        "prod.yaml": """
        kind: account
        name: prod
        account: "333333333333"
        stage: prod
        region: eu-west-1
        executionRole: arn:aws:iam::333333333333:role/sagemaker
        models: s3://acme-prod/models/

        """,
        "endpoint.yaml": """
        kind: endpoint
        name: demand-forecast
        serves: multi-model
        models:
          de.tar.gz: demand-de
          fr.tar.gz: demand-fr
        variant: {instance: ml.m5.large, count: 1}
        smoke:
          - contentType: text/csv
            body: "1,2,3"
            within: 2s
            expect:
              - {pointer: /score, between: [0, 100]}
        stages:
          - stage: staging
            soak: 10m
          - stage: prod
            gate:
              approvals: 1
              approvers: [AIDAEXAMPLEID]
              expires: 7d

        """,
    ]
}
