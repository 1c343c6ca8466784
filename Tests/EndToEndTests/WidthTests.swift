import Foundation
import Native
import Testing

/// A stage of two accounts, entered one after the other.
@Suite(.enabled(if: LocalAWS.url != nil))
struct WidthTests {
    /// Both accounts in one stage, which is the endpoint's only one.
    private static func widen(_ world: World, _ keys: String) throws {
        try world.edit("prod.yaml", "stage: prod\n", "stage: staging\n")
        try world.edit("demand-forecast.yaml", "soak: 300ms", "soak: 300ms\n    \(keys)")
        let file = world.accounts.appending(path: "demand-forecast.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        let end = try #require(text.range(of: "\n  - stage: prod"))
        try String(text[..<end.lowerBound]).write(to: file, atomically: true, encoding: .utf8)
    }

    /// One that fails where one may is no failure: it goes on there as it was, and `status` says so.
    @Test func aReleaseGoesOnWithoutAnAccountThatMayFail() async throws {
        try await World.with { world in
            try Self.widen(world, "concurrency: 1\n    failureTolerance: 1")
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.release(1, ends: "released")
            try await world.order(in: world.prod, outcome: "rollback")
            let newer = try await world.register("demand-de", [2, 2, 2])
            let second = try await world.release(2, ends: "released")
            #expect(second.serving == ["staging"])
            #expect(second.why.hasSuffix("but not in prod, where it failed"))
            let states = second.stage("staging")?.accounts.map { "\($0.name) \($0.state)" }
            #expect(states == ["prod failed", "staging verified"])
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
            #expect(try await world.served(in: world.staging)[World.de] == newer.sha256)
            let status = try await world.sluice("status").output
            #expect(status.contains("prod does not serve \(second.id): it failed there"))
            #expect(try await world.status().bars.isEmpty)

            let again = try await world.sluice(
                "deploy",
                World.endpoint,
                "--reason",
                "try prod again",
                "--wait",
                as: world.releaseManager
            )
            #expect(again.status == 0, "\(again.errors)")
            try await world.release(2, serves: ["prod", "staging"])
            #expect(try await world.served(in: world.prod)[World.de] == newer.sha256)
        }
    }

    /// Without tolerance the first failure keeps the release out of what is still to come.
    @Test func theRestIsNotEnteredAfterAFailure() async throws {
        try await World.with { world in
            try Self.widen(world, "concurrency: 1")
            try await world.register("demand-de")
            _ = try await world.startWorker()
            try await world.release(1, ends: "released")
            // In order of their names prod comes first.
            try await world.order(in: world.prod, outcome: "rollback")
            try await world.register("demand-de", [2, 2, 2])
            let second = try await world.release(2, ends: "failed")
            #expect(second.stage("staging")?.accounts.map(\.state).first == "failed")
            #expect(try await world.endpoint(in: world.staging)?.updates == 0)
        }
    }
}
