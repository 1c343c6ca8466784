import Foundation
import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct PlanTests {
    /// A change of the accounts folder is looked at before anything is done with it.
    @Test func aPlanShowsWhatAChangedFolderWouldDo() async throws {
        try await World.with { world in
            _ = try await world.begin()
            let calm = try await world.sluice("plan", World.endpoint)
            #expect(calm.status == 0)
            #expect(calm.output.contains("nothing to do: every account serves release 1"))
            let before = try await world.show(try #require(try await world.releases().first)).journal?.count

            try world.edit("demand-forecast.yaml", "  \(World.fr): demand-fr\n", "")
            let changed = try await world.sluice("plan")
            #expect(changed.status == 0)
            #expect(changed.output.contains("demand-fr/1, which is dropped"))
            #expect(changed.output.contains("settings in the accounts folder differ"))
            #expect(changed.output.contains("approved by one of \(world.releaseManager.id)"))
            #expect(changed.output.contains("`sluice deploy demand-forecast` makes one"))

            let plans = try await world.plan()
            let plan = try #require(plans.first)
            #expect(plan.verdict == "needsPerson")
            #expect(plan.stages.map(\.stage) == ["staging", "prod"])
            let prod = try #require(plan.stages.last)
            #expect(prod.accounts.map(\.settings) == ["changed"])
            #expect(prod.accounts.first?.changes.map(\.target) == [World.fr])
            #expect(prod.accounts.first?.changes.map(\.to) == [nil])
            #expect(prod.gate.contains { $0.name == "approved" && $0.met == nil })
            #expect(try await world.releases().count == 1, "nothing was decided")
            let release = try #require(try await world.releases().first)
            #expect(try await world.show(release).journal?.count == before, "nothing was written")
        }
    }

    /// A barred version is passed over, and the plan says whose doing that is.
    @Test func aPlanNamesWhatIsPassedOver() async throws {
        try await World.with { world in
            _ = try await world.begin()
            try await world.register("demand-de", World.wild)
            try await world.release(2, ends: "failed")
            let later = try await world.register("demand-fr", [0, 2, 2], approve: false)
            try await world.eventually("the worker has seen \(later.arn)") {
                let plan = try #require(try await world.plan().first)
                return (plan.passedOver.count == 2 ? true : nil, "\(plan)")
            }
            let plan = try #require(try await world.plan().first)
            #expect(plan.passedOver.map(\.target) == [World.de, World.fr])
            #expect(plan.passedOver.first?.why.contains("barred") == true)
            #expect(
                plan.passedOver.last?.why == "PendingManualApproval in the registry; staging accepts Approved"
            )
        }
    }

    @Test func aPlanWithoutItsPartsSaysWhatIsMissing() async throws {
        try await World.with { world in
            let empty = try await world.sluice("plan")
            #expect(empty.status == 1)
            #expect(empty.errors.contains("there is no ledger at"))
            let unknown = try await world.sluice("plan", "nope")
            #expect(unknown.status == 2)
            #expect(unknown.errors.contains("has no endpoint nope; it has demand-forecast"))
            try world.edit("demand-forecast.yaml", "approvals: 1", "approvalls: 1")
            #expect(try await world.sluice("plan").status == 3)
        }
    }
}

/// What `plan --json` prints of an endpoint; the help of `plan` documents the names.
struct Plan: Decodable, Sendable {
    struct Stage: Decodable, Sendable {
        let stage: String
        let accounts: [Account]
        let gate: [Condition]
    }

    struct Account: Decodable, Sendable {
        struct Change: Decodable, Sendable {
            let target: String
            let from: String?
            let to: String?
        }

        let name: String
        let changes: [Change]
        let settings: String
    }

    struct Condition: Decodable, Sendable {
        let name: String
        let text: String
        let met: Bool?
    }

    struct PassedOver: Decodable, Sendable {
        let target: String
        let package: String
        let why: String
    }

    let endpoint: String
    let verdict: String
    let stages: [Stage]
    let passedOver: [PassedOver]
}

extension World {
    fileprivate func plan() async throws -> [Plan] {
        let outcome = try await sluice("plan", "--json")
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try JSONDecoder().decode([Plan].self, from: Data(outcome.output.utf8))
    }
}
