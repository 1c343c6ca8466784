import Promotion
import Testing

@testable import Ledger

/// Endpoints that rest are compared with what was verified there.
@Suite struct DriftTests {
    private static func sight(_ config: String, at moment: Moment) -> EndpointSight {
        EndpointSight(
            kind: .inService,
            status: "InService",
            config: config,
            modifiedAt: moment,
            failureReason: nil
        )
    }

    @Test(arguments: Engine.allCases)
    func onlyAConfigThatNobodyVerifiedIsPutRight(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let (first, _) = try await bench.rejectSecond()
            // Prod goes back to the first release's config; the second's was verified there.
            try await bench.work()
            let served = try await bench.ledger.served()
            #expect(served.map(\.account) == ["prod", "staging"])
            #expect(served.allSatisfy { $0.modifiedAt != nil })
            let configs = try await bench.texts(
                "SELECT config AS text FROM verified WHERE account = 'prod' ORDER BY id"
            )
            #expect(configs.count == 2)

            bench.pass(.seconds(300))
            try await bench.ledger.found(
                Self.sight(configs[1], at: bench.now),
                of: "demand",
                in: "prod",
                now: bench.now
            )
            #expect(try await bench.turn().work.isEmpty, "somebody chose what had been verified")
            #expect(try await bench.ledger.served().first?.modifiedAt == nil, "it is looked at again")
            let status = try #require(try await bench.ledger.status().first)
            #expect(status.serving.first { $0.name == "prod" }?.drift == configs[1])

            _ = try await bench.ledger.store.write { transaction in
                try transaction.run("DELETE FROM verified WHERE account = 'prod' AND config = ?", configs[1])
            }
            try await bench.ledger.found(
                Self.sight(configs[1], at: bench.now),
                of: "demand",
                in: "prod",
                now: bench.now
            )
            #expect(try await bench.ledger.served().map(\.account) == ["staging"], "prod is being put right")
            try await bench.work()
            let after = try #require(try await bench.ledger.status().first)
            #expect(after.serving.allSatisfy { $0.drift == nil && $0.release == first.id })
        }
    }
}
