import Foundation
import Ledger
import Testing

@testable import Worker

/// When an endpoint may be taken down without a worker making it again.
@Suite struct TeardownPermitTests {
    @Test func whatTheFolderDeploysIsRefusedUnlessItIsHeld() throws {
        let folder = try AccountsFixture().load()
        for (view, isAllowed) in [
            (nil, false), (try Self.view(), false), (try Self.view(holds: ["staging"]), true),
            (try Self.view(holds: [nil]), true), (try Self.view(holds: ["prod"]), false),
        ] {
            let obstacle = try Self.obstacle(folder, .seen(view))
            #expect((obstacle == nil) == isAllowed, "\(obstacle ?? "")")
            #expect(obstacle?.contains("`sluice hold demand-forecast --stage staging --reason …`") ?? true)
        }
    }

    @Test func aLedgerThatCannotBeReadHoldsNothing() throws {
        let obstacle = try Self.obstacle(AccountsFixture().load(), .unseen("there is no ledger"))
        #expect(obstacle?.contains("whether it is held nobody can say: there is no ledger") == true)
    }

    @Test func whatLeftTheFolderMayGo() throws {
        var folder = try AccountsFixture().load()
        folder.endpoints = []
        #expect(try Self.obstacle(folder, .unseen("there is no ledger")) == nil)
        #expect(try Self.obstacle(folder, .seen(try Self.view())) == nil)
    }

    @Test func whatIsUnderWayIsNotTakenAway() throws {
        var folder = try AccountsFixture().load()
        let busy = try Self.view(holds: [nil], busy: "staging")
        #expect(
            try Self.obstacle(folder, .seen(busy))?.contains("is under way in staging (awaiting)") == true
        )
        folder.endpoints = []
        #expect(try Self.obstacle(folder, .seen(busy)) != nil)
        #expect(try Self.obstacle(folder, .seen(Self.view(busy: "prod"))) == nil)
    }

    private static func obstacle(
        _ folder: AccountsFolder,
        _ sight: TeardownPermit.Sight
    ) throws -> String? {
        TeardownPermit.obstacle(
            to: "demand-forecast",
            in: try #require(folder.account(named: "staging")),
            by: folder,
            ledger: sight
        )
    }

    /// What the ledger shows, as `sluice status --json` prints it.
    private static func view(holds: [String?] = [], busy account: String? = nil) throws -> EndpointView {
        let holds = holds.map { stage in
            #"{"by": "AIDA", "reason": "r", "at": "t"\#(stage.map { #", "stage": "\#($0)""# } ?? "")}"#
        }
        let busy = account.map {
            #"{"endpoint": "e", "release": "e.0123456789", "number": 1, "stage": "s", "account": "\#($0)", "#
                + #""state": "awaiting", "rollback": false, "since": "t", "waitsFor": []}"#
        }
        let text = """
            {"endpoint": "demand-forecast", "stages": [], "serving": [], "open": [],
             "underWay": [\(busy ?? "")], "holds": [\(holds.joined(separator: ", "))], "bars": [], "troubles": [], "leftOut": [],
             "shortfalls": []}
            """
        return try JSONDecoder().decode(EndpointView.self, from: Data(text.utf8))
    }
}
