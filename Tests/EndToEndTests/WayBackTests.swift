import Native
import Testing

/// What the registry rejects after it was released goes back by itself, at once, and wherever it serves.
@Suite(.enabled(if: LocalAWS.url != nil))
struct WayBackTests {
    @Test func aRejectedVersionGoesBackEverywhereAndProductionFirst() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let accounts = [world.staging, world.prod]
            let answers = try await accounts.asyncMap { try await world.answer(of: World.de, in: $0) }
            let (de, second) = try await world.releaseEverywhere(2, "demand-de", [2, 2, 2])
            let effects = try await accounts.asyncMap { try await world.effects(in: $0) }
            let first = try #require(try await world.releases().last)

            try await world.set(de, "Rejected")
            try await world.release(2, ends: "aborted")
            let returned = try await world.release(1, serves: ["prod", "staging"])
            let left = try await world.show(second)
            let updates = try await accounts.asyncMap {
                try await world.lastCall(of: "UpdateEndpoint", in: $0)
            }
            #expect(updates[1] < updates[0], "production waits for nobody")
            for (index, account) in accounts.enumerated() {
                // No copy, no model and no config: the one switch is all there is to do.
                let one = effects[index].merging(["UpdateEndpoint": 2]) { $1 }
                #expect(try await world.effects(in: account) == one)
                #expect(try await world.served(in: account) == beginning.served)
                #expect(try await world.answer(of: World.de, in: account) == answers[index])
            }

            #expect(left.why.contains("demand-de version 2 was rejected in the registry"))
            #expect(left.stages.flatMap(\.accounts).map(\.state) == ["rolled-back", "rolled-back"])
            #expect(left.serving.isEmpty)
            #expect(returned.state == "released")
            let before = try await world.show(first).decisions?.count
            try await world.eventuallyIdle()
            #expect(try await world.states() == ["1 released", "2 aborted"])
            #expect(try await world.show(returned).decisions?.count == before, "nobody was asked")

            let story = try await world.sluice("show", second.id).output
            #expect(story.contains("\(second.id) is aborted"))
            #expect(story.contains(/because .*demand-de version 2 was rejected in the registry/))
            #expect(story.contains("went back to \(first.id) by attempt 2: verified"))
            #expect(story.contains(/demand-de\/2  decided \S+.*, now Rejected by \S+, released/))
            let status = try await world.sluice("status", World.endpoint).output
            #expect(status.contains(/release +demand-forecast/))
            #expect(!status.contains(second.id))
            #expect(status.contains("nothing is under way"))
        }
    }

    /// What nobody rejected does not go back for good with what somebody did.
    @Test func whatIsStillAcceptableIsReleasedAnewThroughEveryGate() async throws {
        try await World.with { world in
            let twice = try await world.beginTwice()
            let (fr, _) = try await world.releaseEverywhere(3, "demand-fr", [0, 3, 3])
            try await world.set(twice.de, "Rejected")
            try await world.release(3, ends: "aborted")
            let fourth = try await world.release(4, waitsAt: "prod")
            #expect(fourth.models == [World.de: twice.beginning.de.arn, World.fr: fr.arn])
            #expect(fourth.waitingFor.contains("approval by a person"))
            #expect(fourth.stage("staging")?.state == "verified")
            try await world.eventually(world.prod, serves: twice.beginning.served)
            #expect(try await world.served(in: world.staging)[World.fr] == fr.sha256)

            try await world.promote(fourth)
            try await world.release(4, ends: "released")
            let wanted = [World.de: twice.beginning.de.sha256, World.fr: fr.sha256]
            #expect(try await world.served(in: world.prod) == wanted)
        }
    }

    @Test func whereThereIsNothingToGoBackToItStaysAndIsSaidLoudly() async throws {
        try await World.with { world in
            let de = try await world.register("demand-de")
            _ = try await world.startWorker()
            let first = try await world.release(1, waitsAt: "prod")
            try await world.set(de, "Rejected")
            try await world.release(1, ends: "aborted")
            try await world.eventuallyIdle()
            #expect(try await world.served(in: world.staging) == [World.de: de.sha256])
            let said = try await world.told(of: first, "nothingToGoBackTo")
            #expect(said.count == 1, "once, however often the registry is looked at")
            #expect(said.first?.contains("Approve another version, or delete the endpoint.") == true)
            let status = try await world.sluice("status", World.endpoint).output
            #expect(status.contains("staging serves a rejected version in \(first.id) and has nothing to go"))
            #expect(try await world.status().serving.map(\.stranded) == [true])

            // The next acceptable version puts an end to it.
            let next = try await world.register("demand-de", [2, 2, 2])
            try await world.release(2, waitsAt: "prod")
            #expect(try await world.served(in: world.staging) == [World.de: next.sha256])
            #expect(try await world.status().serving.map(\.stranded) == [false])
        }
    }

    /// Where an attempt is when its version is rejected.
    enum Instant: String, CaseIterable, Sendable {
        case beforeTheSwitch, duringTheSwitch, duringTheSoak

        /// How often the endpoint changes on account of it.
        var updates: Int { self == .beforeTheSwitch ? 0 : 2 }
    }

    @Test(arguments: Instant.allCases)
    func aVersionRejectedUnderWayIsTakenBack(_ instant: Instant) async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let sign: String
            switch instant {
            case .beforeTheSwitch:
                _ = try await world.fault("sagemaker.CreateModel", "AccessDenied", in: world.staging)
                sign = "CreateModel"
            case .duringTheSwitch:
                try await world.order(in: world.staging, seconds: 8)
                sign = "to be in service on"
            case .duringTheSoak:
                try world.edit("demand-forecast.yaml", "soak: 300ms", "soak: 10m")
                _ = try await world.restartWorker()
                sign = "the soak"
            }
            let de = try await world.register("demand-de", [2, 2, 2])
            let second = try await world.release(2, "is at \(sign)") { $0.waitingFor.contains(sign) }
            try await world.set(de, "Rejected")
            let ended = try await world.release(2, ends: "aborted")
            #expect(ended.why.contains("demand-de version 2 was rejected in the registry"))
            try await world.eventually(world.staging, serves: beginning.served)
            try await world.release(1, serves: ["prod", "staging"])
            try await world.eventuallyIdle()
            #expect(try await world.states() == ["1 released", "2 aborted"])
            #expect(try await world.endpoint(in: world.staging)?.updates == instant.updates)
            #expect(try await world.endpoint(in: world.prod)?.updates == 0)
            let endings = try await world.told(of: second, "approvalEnded")
            #expect(endings.count == 1 && endings[0].contains("\(de.arn) for \(World.de): aborted"))
        }
    }

    /// A hold that stopped it would keep a rejected model serving.
    @Test func aHoldDoesNotKeepARejectedVersionServing() async throws {
        try await World.with { world in
            let twice = try await world.beginTwice()
            try await world.decide("hold", World.endpoint, "--stage", "prod", "--reason", "stocktaking")
            try await world.set(twice.de, "Rejected")
            try await world.release(1, serves: ["prod", "staging"])
            try await world.eventually(world.prod, serves: twice.beginning.served)
            #expect(try await world.status().holds.map(\.reason) == ["stocktaking"])
        }
    }

    @Test func onRejectionHoldLeavesItToAPerson() async throws {
        try await World.with { world in
            try world.edit(
                "demand-forecast.yaml",
                "serves: multi-model",
                "serves: multi-model\nonRejection: hold"
            )
            let twice = try await world.beginTwice()
            try await world.set(twice.de, "Rejected")
            try await world.eventually("both stages are held") {
                let holds = try await world.status().holds
                let isHeld = Set(holds.map(\.stage)) == ["staging", "prod"]
                return (isHeld ? true : nil, "\(holds)")
            }
            try await world.eventuallyIdle()
            let holds = try await world.status().holds
            #expect(holds.allSatisfy { $0.by == "sluice" && $0.reason.contains(twice.de.arn) })
            #expect(try await world.served(in: world.prod) == twice.served)
            #expect(try await world.served(in: world.staging) == twice.served)

            #expect(try await world.rollback("prod").status == 0)
            try await world.eventually(world.prod, serves: twice.beginning.served)
            try await world.release(2, ends: "aborted")
            #expect(try await world.served(in: world.staging) == twice.served, "one account, and no more")
        }
    }

    /// A rollback is never rolled back: where it fails, a person decides.
    @Test func aWayBackThatFailsAsksAPerson() async throws {
        try await World.with { world in
            let twice = try await world.beginTwice()
            try await world.order(in: world.prod, outcome: "rollback")
            try await world.set(twice.de, "Rejected")
            try await world.eventually("prod's stage is held") {
                let holds = try await world.status().holds
                return (holds.isEmpty ? nil : true, "\(holds)")
            }
            try await world.eventually(world.staging, serves: twice.beginning.served)
            try await world.eventuallyIdle()
            let hold = try #require(try await world.status().holds.first)
            #expect((hold.stage, hold.by) == ("prod", "sluice"))
            #expect(hold.reason.contains("the way back failed in prod"))
            let history = try #require(try await world.endpoint(in: world.prod)).history
            #expect(history.map(\.kind) == ["create", "update", "update"], "no second try by itself")
            #expect(try await world.served(in: world.prod) == twice.served)

            let story = try await world.sluice("show", twice.second.id).output
            #expect(story.contains("went back to \(twice.beginning.first.id) by attempt 2: errored"))
            #expect(story.contains("because the update in account prod was rolled back to"))
            let status = try await world.sluice("status", World.endpoint).output
            #expect(status.contains("held: stage prod, by sluice since "))

            // The person looks, and tries again on purpose.
            #expect(try await world.rollback("prod").status == 0)
            try await world.release(1, serves: ["prod", "staging"])
            #expect(try await world.served(in: world.prod) == twice.beginning.served)
        }
    }
}

extension Sequence where Self: Sendable, Element: Sendable {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
