import Foundation
import Ledger
import Logging
import Promotion
import Testing

@testable import AWS
@testable import Worker

/// Which accounts a worker goes by when units can be read, when they cannot, and when they cannot be used.
@Suite struct UnitReaderTests {
    private static let live = "ou-ab12-live0001"
    private static let more = "ou-ab12-more0001"
    private static let first = "444444444444"
    private static let second = "555555555555"

    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private struct NotNow: Error, CustomStringConvertible {
        let description = "not now"
    }

    /// A ledger of its own, and a folder whose prod accounts are those of two units.
    private static func with(_ story: (AccountsFolder, Ledger) async throws -> Void) async throws {
        var fixture = try AccountsUnitTests.fixture()
        fixture["more.yaml"] = try #require(fixture["prod.yaml"])
            .replacing(live, with: more).replacing("prod-{", with: "more-{").replacing(
                "acme-{",
                with: "more-{"
            )
        let path = FileManager.default.temporaryDirectory.appending(path: "sluice-units-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: path) }
        let ledger = try await Ledger.open("sqlite:\(path.path)/ledger.sqlite", isWorker: true)
        try await story(try fixture.load(), ledger)
    }

    private static func read(_ folder: AccountsFolder, _ ledger: Ledger, _ units: Units) async throws
        -> [String]
    {
        let reader = UnitReader(
            folder: folder,
            accounts: { unit in
                guard let accounts = units[unit] else { throw NotNow() }
                return accounts
            },
            ledger: ledger,
            timing: Timing(),
            log: log
        )
        return try await reader.expanded().accounts.map(\.name)
    }

    private static func troubles(_ ledger: Ledger) async throws -> [String: String] {
        let status = try await ledger.status(of: "demand-forecast").first
        return Dictionary(
            (status?.troubles ?? []).map { ($0.subject, $0.sentence) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    @Test func whatCannotBeReadStaysAsItWas() async throws {
        try await Self.with { folder, ledger in
            let both = [Self.live: [Self.first: "ACTIVE"], Self.more: [Self.second: "ACTIVE"]]
            let names = ["more-\(Self.second)", "prod-\(Self.first)", "staging"]
            #expect(try await Self.read(folder, ledger, both) == names)
            #expect(try await ledger.units() == both)
            #expect(try await Self.troubles(ledger) == [:])

            #expect(try await Self.read(folder, ledger, [Self.live: [Self.first: "ACTIVE"]]) == names)
            #expect(try await Self.troubles(ledger) == [Self.more: "not now; the accounts that it had go on"])
            // One unit may change while the other cannot be read.
            let changed = [Self.live: [Self.first: "ACTIVE", "666666666666": "ACTIVE"]]
            #expect(
                try await Self.read(folder, ledger, changed)
                    == ["more-\(Self.second)", "prod-\(Self.first)", "prod-666666666666", "staging"]
            )
            #expect(try await Self.troubles(ledger).keys.sorted() == [Self.more])
            _ = try await Self.read(folder, ledger, both)
            #expect(try await Self.troubles(ledger) == [:])
        }
    }

    @Test func aUnitThatIsEmptyNowStaysAsItWas() async throws {
        try await Self.with { folder, ledger in
            let both = [Self.live: [Self.first: "ACTIVE"], Self.more: [Self.second: "ACTIVE"]]
            let names = try await Self.read(folder, ledger, both)
            let empty = [Self.live: [:], Self.more: [Self.second: "ACTIVE"]]
            #expect(try await Self.read(folder, ledger, empty) == names)
            #expect(try await ledger.units() == both)
            #expect(
                try await Self.troubles(ledger) == [
                    Self.live:
                        "no account in \(Self.live) is active: there is none in it; the accounts that it had go on"
                ]
            )
        }
    }

    /// An account cannot be in two units, but a moment's listing can show it in both.
    @Test func accountsThatCannotBeUsedStayAsTheyWere() async throws {
        try await Self.with { folder, ledger in
            let both = [Self.live: [Self.first: "ACTIVE"], Self.more: [Self.second: "ACTIVE"]]
            let names = try await Self.read(folder, ledger, both)
            let twice = [
                Self.live: [Self.first: "ACTIVE", Self.second: "ACTIVE"], Self.more: [Self.second: "ACTIVE"],
            ]
            #expect(try await Self.read(folder, ledger, twice) == names)
            #expect(try await ledger.units() == both)
            let trouble = try #require(try await Self.troubles(ledger)[Self.live])
            #expect(trouble.contains("account \(Self.second) in eu-west-1 is there twice"))
        }
    }

    @Test func whoNeverReadAUnitDoesNotBegin() async throws {
        try await Self.with { (folder, ledger) async throws -> Void in
            let error = await #expect(throws: UnitsError.self) {
                try await Self.read(folder, ledger, [Self.live: [Self.first: "ACTIVE"]])
            }
            #expect(error?.description == "not now")
            #expect(error?.unit == Self.more)
            #expect(try await Self.troubles(ledger) == [Self.more: "not now"])
            #expect(try await ledger.units() == [:])
        }
    }

    /// What no document names any more is not spoken of.
    @Test func unitsThatAreTakenOutAreForgotten() async throws {
        try await Self.with { folder, ledger in
            let both = [
                Self.live: [Self.first: "ACTIVE"],
                Self.more: [Self.second: "SUSPENDED", "777777777777": "ACTIVE"],
            ]
            _ = try await Self.read(folder, ledger, both)
            #expect(try await ledger.status().first?.leftOut.map(\.account) == [Self.second])
            let one = try AccountsUnitTests.fixture().load()
            _ = try await Self.read(one, ledger, both)
            #expect(try await ledger.units().keys.sorted() == [Self.live])
            #expect(try await ledger.status().first?.leftOut.isEmpty == true)
        }
    }

    /// Another worker on the ledger may see first that an account has joined; whoever does not know of it yet does
    /// not go on for long.
    @Test func whatAnotherWorkerSawIsTakenOver() async throws {
        try await Self.with { folder, ledger in
            let both = [Self.live: [Self.first: "ACTIVE"], Self.more: [Self.second: "ACTIVE"]]
            let reader = UnitReader(
                folder: folder,
                accounts: { both[$0] ?? [:] },
                ledger: ledger,
                timing: Timing(),
                log: Self.log
            )
            let watch = UnitWatch(
                reader: reader,
                folder: try await reader.expanded(),
                interval: .seconds(3600),
                glance: .milliseconds(10),
                log: Self.log
            )
            async let run: Void = watch.run()
            let joined = "666666666666"
            let more = [Self.second: "ACTIVE", joined: "ACTIVE"]
            try await ledger.saw(more, of: Self.more, for: ["demand-forecast"], now: .now)
            try await run
            #expect(
                await watch.changed?.accounts.map(\.name)
                    == ["more-\(Self.second)", "more-\(joined)", "prod-\(Self.first)", "staging"]
            )
        }
    }
}
