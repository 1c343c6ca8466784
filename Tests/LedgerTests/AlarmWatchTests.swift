import Promotion
import Testing

@testable import Ledger

/// Whose alarms are looked at.
@Suite struct AlarmWatchTests {
    private static func plan(_ name: String) -> EndpointPlan {
        let staging = StagePlan(
            name: "staging",
            accounts: ["staging": "settings"],
            accepts: [.approved],
            soak: .zero,
            gate: GatePlan(alarms: ["5xx"])
        )
        return EndpointPlan(
            name: name,
            targets: ["de.tar.gz": "demand-de"],
            image: nil,
            stages: [staging],
            operators: []
        )
    }

    /// What an endpoint left behind when it was taken out of the folder takes nobody's turn.
    @Test(arguments: Engine.allCases)
    func anEndpointThatIsGoneKeepsNobodyWaiting(_ engine: Engine) async throws {
        let plans = [Self.plan("abroad"), Self.plan("demand")]
        try await Bench.run(engine, plans: plans) { bench in
            bench.world.set("demand-de", 1, .approved, at: bench.now)
            try await bench.resync()
            let looks = try await bench.turn()
            _ = try await bench.turn(bench.perform(looks), capacity: 0)
            #expect(try await bench.count("alarm_watches") == 2)
            try await bench.crash(plans: [plans[1]])
            #expect(try await bench.turn(capacity: 1).alarmLooks.map(\.endpoint) == ["demand"])
        }
    }
}
