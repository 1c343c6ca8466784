import Native
import Testing

/// How the traffic of an update moves, and who takes it back.
@Suite(.enabled(if: LocalAWS.url != nil))
struct TrafficTests {
    @Test func aCanaryIsWatchedAndThenServes() async throws {
        try await World.with { world in
            try world.guardProd("canary: 50%, wait: 2s")
            let beginning = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.promote(second)
            try await world.release(2, ends: "released")
            #expect(
                try await world.served(in: world.prod)
                    == [World.de: de.sha256, World.fr: beginning.fr.sha256]
            )
            #expect(try await world.movements(in: world.prod) == ["-", "CANARY"])
            #expect(try await world.movements(in: world.staging) == ["-", "-"], "staging says no traffic")
            let routing = try await world.described(in: world.prod)["traffic"]?["BlueGreenUpdatePolicy"]
            #expect(routing?["TrafficRoutingConfiguration"]?["Type"] == "CANARY")
            #expect(routing?["TrafficRoutingConfiguration"]?["WaitIntervalInSeconds"] == 2)
        }
    }

    /// SageMaker gives no reason: the endpoint is in service on the old config, and that is all.
    @Test func anAlarmTakesACanaryBack() async throws {
        try await World.with { world in
            try world.guardProd("canary: 50%, wait: 1h, alarms: [too-many-errors], maximumExecution: 2h")
            let beginning = try await world.begin()
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.promote(second)
            try await world.eventually("the canary is watched") {
                let prod = try await world.described(in: world.prod)
                return (prod["pendingConfig"]?.string, "\(prod["status"] ?? .null)")
            }
            try await world.aws.post(
                "alarms",
                ["account": .string(world.prod), "name": "too-many-errors", "state": "ALARM"]
            )
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("was rolled back"))
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            #expect(try await world.served(in: world.prod) == beginning.served)
            #expect(try await world.endpoint(in: world.prod)?.history.map(\.outcome) == ["done", "rollback"])
            #expect(try await world.movements(in: world.prod) == ["-", "CANARY"])
        }
    }

    /// Where guardrails do not apply SageMaker moves everything at once, says so in one place, and Sluice aloud.
    @Test func aSilentFallbackIsThereToBeSeen() async throws {
        try await World.with { world in
            try world.guardProd("linear: 50%, wait: 1h")
            let queue = try await world.subscribe()
            _ = try await world.begin()
            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.aws.post(
                "endpoints/next",
                ["account": .string(world.prod), "endpoint": .string(World.endpoint), "fallBack": true]
            )
            try await world.promote(second)
            try await world.release(2, ends: "released")
            #expect(try await world.movements(in: world.prod) == ["-", "ALL_AT_ONCE"])
            let notes = try await world.journal(of: second, "trafficFellBack")
            #expect(notes.map(\.account) == ["prod"])
            #expect(notes.first?.text.contains("LINEAR, and SageMaker moved the traffic ALL_AT_ONCE") == true)
            let event = try await world.event("trafficFellBack", about: second, on: queue)
            #expect(event["text"]?.string == notes.first?.text)
        }
    }

    /// What is put back served well, so nobody waits for its traffic to move in steps.
    @Test func theWayBackGoesAllAtOnce() async throws {
        try await World.with { world in
            try world.edit("demand-forecast.yaml", "ml.m5.large, count: 1", "ml.m5.large, count: 2")
            try world.edit(
                "demand-forecast.yaml",
                "  - stage: staging\n",
                "  - stage: staging\n    traffic: {linear: 50%, wait: 1s}\n"
            )
            let beginning = try await world.begin()
            try await world.register("demand-de", World.wild)
            try await world.release(2, ends: "failed")
            #expect(try await world.served(in: world.staging) == beginning.served)
            #expect(try await world.movements(in: world.staging) == ["-", "LINEAR", "-"])
            let left = try await world.described(in: world.staging)["traffic"]
            #expect(left == .null, "the policy of the update before does not linger")
        }
    }

    /// A new name for the variant would let SageMaker drop the canary in silence.
    @Test func aRenamedVariantGetsNoCanary() async throws {
        try await World.with { world in
            try world.guardProd("canary: 50%, wait: 1s")
            let beginning = try await world.begin()
            try world.edit("demand-forecast.yaml", "name: AllTraffic", "name: Main")
            _ = try await world.restartWorker()
            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.promote(second)
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("has the variant AllTraffic in its live config"))
            #expect(failed.why.contains("Write `name: AllTraffic` in the endpoint's `variant`"))
            #expect(try await world.status().bars.isEmpty, "no model is to blame")
            #expect(try await world.served(in: world.prod) == beginning.served)
            #expect(try await world.endpoint(in: world.prod)?.updates == 0)
        }
    }
}

extension World {
    /// Everything the stand-in shows of the endpoint in an account.
    func described(in account: String) async throws -> JSONValue {
        try await aws.get("endpoints/\(account)/\(Self.endpoint)")
    }

    /// How the traffic moved at each change of the endpoint, in SageMaker's words; a dash where nothing was said.
    fileprivate func movements(in account: String) async throws -> [String] {
        try await described(in: account)["history"]?.array?.map { $0["traffic"]?.string ?? "-" } ?? []
    }

    fileprivate func guardProd(_ traffic: String) throws {
        try edit("demand-forecast.yaml", "    gate:\n", "    traffic: {\(traffic)}\n    gate:\n")
    }
}
