import Native
import Testing

/// An endpoint that is switched past Sluice while it rests.
@Suite(.enabled(if: LocalAWS.url != nil))
struct DriftTests {
    /// A worker that was paused past its claim may ask for a switch that was taken back long ago.
    @Test func aLateSwitchIsPutRightByTheNextLook() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let verified = try #require(try await world.endpoint(in: world.staging)?.config)
            try await world.register("demand-de", World.wild)
            let failed = try await world.release(2, ends: "failed")
            let late = try #require(try await world.configs(of: failed).first)
            try await world.switchPastSluice(to: late)
            try await world.eventually("staging", serves: beginning.served, on: verified)
            let first = try await world.release(1, ends: "released")
            let told = try await world.told(of: first, "drifted")
            #expect(told.first?.contains("puts \(verified) back") == true)
            #expect(try await world.status().serving.allSatisfy { $0.drift == nil })
        }
    }

    /// Somebody who goes back by hand at night is not fought; it is said, and the next release goes on from there.
    @Test func whatSomebodyChoseIsToldAndLeft() async throws {
        try await World.with { world in
            let twice = try await world.beginTwice()
            let first = try #require(try await world.releases().last)
            let older = try #require(try await world.configs(of: first).first)
            try await world.switchPastSluice(to: older)
            let drifted = try await world.eventually("the drift is told") {
                let serving = try await world.status().serving
                return (serving.first { $0.name == "staging" }?.drift, "\(serving)")
            }
            #expect(drifted == older)
            let said = try await world.sluice("status", World.endpoint)
            #expect(said.output.contains("staging serves config \(older), which Sluice did not switch it to"))
            #expect(try await world.endpoint(in: world.staging)?.config == older)
            let (_, third) = try await world.next(3, "demand-de", [3, 3, 3])
            #expect(third.stage("staging")?.state == "verified")
            #expect(try await world.status().serving.allSatisfy { $0.drift == nil })
            #expect(try await world.served(in: world.prod) == twice.served)
        }
    }
}

extension World {
    /// The configs that a release's attempts in staging asked for.
    fileprivate func configs(of release: Release) async throws -> [String] {
        (try await show(release).journal ?? [])
            .filter { $0.name == "endpointConfigCreated" && $0.account == "staging" }.map(\.text)
    }

    fileprivate func switchPastSluice(to config: String) async throws {
        try await aws.post(
            "endpoints/update",
            [
                "account": .string(staging), "endpoint": .string(Self.endpoint), "seconds": 0,
                "config": .string(config),
            ]
        )
    }

    fileprivate func eventually(_ name: String, serves served: [String: String], on config: String)
        async throws
    {
        try await eventually("\(name) serves \(config) again") {
            let endpoint = try await endpoint(in: staging)
            let isBack =
                endpoint?.config == config && endpoint?.serves == served && endpoint?.status == "InService"
            let isKnown = try await status().serving.allSatisfy { $0.drift == nil }
            return (isBack && isKnown ? true : nil, "\(String(describing: endpoint))")
        }
    }
}
