import ArgumentParser
import Foundation
import Ledger
import Worker

struct LedgerOption: ParsableArguments {
    @Option(
        name: .customLong("ledger"),
        help:
            "The ledger, as sqlite:PATH or postgresql://…. SLUICE_LEDGER is taken where it is not given, then sqlite:sluice.sqlite."
    )
    var given: String?

    var url: String {
        given ?? ProcessInfo.processInfo.environment["SLUICE_LEDGER"] ?? "sqlite:sluice.sqlite"
    }

    func validate() throws {
        // What is a ledger and not there yet is for the ledger to say.
        let isFile = url.hasPrefix("sqlite:") && url.count > "sqlite:".count
        guard isFile || url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") else {
            throw ValidationError("--ledger, or SLUICE_LEDGER, has to be sqlite:PATH or postgresql://….")
        }
    }

    /// Opens the ledger to read.
    func open() async throws -> Ledger { try await Ledger.open(url) }
}

struct AccountsOption: ParsableArguments {
    @Option(name: .customLong("accounts"), help: "The folder of registry, account and endpoint documents.")
    var folder = Self.usual

    func load() throws -> AccountsFolder { try AccountsFolder.load(folder) }

    /// False where nobody named a folder and the usual one is not there.
    var isThere: Bool {
        folder != Self.usual || FileManager.default.fileExists(atPath: folder)
    }

    private static let usual = "accounts"
}

struct OnlyOption: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: "The accounts that the worker drives, by name; those without a queue where it is not given."
    )
    var only: [String] = []

    func settings(_ folder: AccountsFolder) throws -> Settings {
        do {
            return try Settings(folder, only: only)
        } catch let error as SettingsError {
            throw WrongCommand(sentence: error.description)
        }
    }
}

struct JSONFlag: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON for programs instead of text for people.")
    var isOn = false

    func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Prints a value on one line, for what goes on.
    func printLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
