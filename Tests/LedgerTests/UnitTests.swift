import Promotion
import Testing

@testable import Ledger

/// Organizational units as they were last seen.
@Suite struct UnitTests {
    @Test(arguments: Engine.allCases)
    func aUnitIsToldAsItChanges(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let unit = "ou-ab12-live0001"
            func saw(_ accounts: [String: String]) async throws {
                try await bench.ledger.saw(accounts, of: unit, for: ["demand"], now: bench.now)
            }
            func told() async throws -> [String] {
                try await bench.texts("SELECT text FROM journal WHERE name LIKE 'unit%' ORDER BY id")
            }
            try await saw(["222222222222": "ACTIVE"])
            try await saw(["222222222222": "ACTIVE"])
            try await saw(["222222222222": "SUSPENDED", "333333333333": "ACTIVE"])
            try await saw(["333333333333": "ACTIVE"])
            #expect(
                try await told() == [
                    "\(unit): 222222222222 is in it, ACTIVE",
                    "\(unit): 222222222222 is SUSPENDED, 333333333333 is in it, ACTIVE",
                    "\(unit): 222222222222 is not in it any more",
                ]
            )
            #expect(try await bench.ledger.units() == [unit: ["333333333333": "ACTIVE"]])

            // A trouble is told once, however often it is met, and shows until it is over.
            for request in 1...3 {
                let trouble = "denied (request \(request))"
                try await bench.ledger.couldNotSee(unit, because: trouble, for: ["demand"], now: bench.now)
            }
            #expect(try await told().count == 4)
            let troubles = try await bench.ledger.status().first?.troubles.map(\.sentence)
            #expect(troubles == ["denied (request 3)"])
            #expect(try await bench.ledger.units() == [unit: ["333333333333": "ACTIVE"]])
            try await saw(["333333333333": "ACTIVE"])
            #expect(try await bench.ledger.status().first?.troubles.isEmpty == true)
            try await bench.ledger.couldNotSee(unit, because: "denied", for: ["demand"], now: bench.now)
            #expect(try await told().count == 5)
        }
    }

    /// An endpoint that goes to the accounts of a unit no more says nothing of it, nor does any once none does.
    @Test(arguments: Engine.allCases)
    func aUnitIsForgottenEndpointByEndpoint(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let unit = "ou-ab12-live0001"
            let closed = ["222222222222": "SUSPENDED"]
            func leftOut() async throws -> [String] {
                try await bench.ledger.status().filter { !$0.leftOut.isEmpty }.map(\.endpoint).sorted()
            }
            try await bench.ledger.saw(closed, of: unit, for: ["demand", "other"], now: bench.now)
            #expect(try await leftOut() == ["demand", "other"])
            try await bench.ledger.keepUnits([unit: ["other"]])
            #expect(try await leftOut() == ["other"])
            #expect(try await bench.ledger.units() == [unit: closed])
            try await bench.ledger.keepUnits([:])
            #expect(try await leftOut() == [])
            #expect(try await bench.ledger.units() == [:])
        }
    }
}
