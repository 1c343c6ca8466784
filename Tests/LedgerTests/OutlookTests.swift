import Promotion
import Testing

@testable import Ledger

/// What `plan` foresees. It is asked of a ledger that a worker works on, and changes nothing there.
@Suite struct OutlookTests {
    @Test(arguments: Engine.allCases)
    func anEndpointThatNoWorkerKnowsIsSaidToBeUnknown(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let reader = try await Ledger.open(bench.place.url, plans: [try Bench.plan("other")])
            let outlook = try #require(try await reader.outlook(now: bench.now).first)
            #expect(outlook.verdict == .unknown)
            #expect(outlook.text.contains("no worker has run on this ledger"))
        }
    }

    /// While one approval is still looked at, another that was is foreseen and not composed yet.
    @Test(arguments: Engine.allCases)
    func aReleaseIsForeseenBeforeItIsComposed(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.release(bench)
            let de = try await bench.approve("demand-de", 2)
            try await bench.approve("demand-fr", 2)
            let turn = try await bench.turn()
            _ = try await bench.turn(
                bench.perform(turn).filter { outcome in
                    if case .looked(let look, _) = outcome { look.package == de } else { true }
                }
            )

            let outlook = try await Self.outlook(bench)
            #expect(outlook.verdict == .composes)
            #expect((outlook.number, outlook.models["de.tar.gz"]) == (2, de))
            for stage in outlook.stages {
                let account = try #require(stage.accounts.first)
                #expect(account.settings == .unchanged)
                #expect(account.changes.map(\.target) == ["de.tar.gz"])
                #expect(account.changes.map(\.from) == [World.arn("demand-de", 1)])
                #expect(account.changes.map(\.to) == [de])
            }

            // What was foreseen is what comes, where the other version goes on being unreadable.
            let denied = Failure(.denied, "no")
            var next = try await bench.turn(
                turn.looks.filter { $0.package != de }.map { .lookFailed($0, denied) }
            )
            while next.work.isEmpty {
                bench.now = try #require(next.nextDue)
                let looks = try await bench.turn().looks
                next = try await bench.turn(looks.map { .lookFailed($0, denied) })
            }
            #expect(Set(next.work.map(\.release.id)) == [outlook.release])
        }
    }

    @Test(arguments: Engine.allCases)
    func approvalsDuringARolloutWaitForTheNextRelease(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.release(bench)
            try await bench.approve("demand-de", 2)
            try await bench.work(within: .seconds(300))
            try await bench.approve("demand-fr", 2)
            try await bench.work(within: .seconds(60))
            let outlook = try await Self.outlook(bench)
            #expect(outlook.verdict == .folds)
            #expect(outlook.text.contains("release 2 rolls in staging"))
            #expect(outlook.models["fr.tar.gz"] == World.arn("demand-fr", 2))
        }
    }

    /// The gate where a release stands says what it has found; those it is past say nothing.
    @Test(arguments: Engine.allCases)
    func aGateIsShownAsItWasFound(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            let outlook = try await Self.outlook(bench)
            #expect(outlook.verdict == .underWay)
            #expect(outlook.release == release.id)
            #expect(outlook.stages.first?.gate.isEmpty == true)
            let gate = try #require(outlook.stages.last?.gate)
            #expect(gate.filter { $0.met == false }.map(\.name) == ["approved"])
            let expiry = Ledger.text(bench.now + .seconds(7 * 24 * 3600))
            #expect(gate.first { $0.name == "approved" }?.until == expiry)
            #expect(outlook.stages.last?.accounts.map(\.settings) == [.new])
        }
    }

    @Test(arguments: Engine.allCases)
    func nothingIsToDoWhereEverythingServes(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.release(bench)
            let outlook = try await Self.outlook(bench)
            #expect(outlook.verdict == .nothing)
            #expect(outlook.text.contains("every account serves release 1"))
            #expect(outlook.passedOver.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func nothingIsToDoWhereNothingIsAcceptable(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            bench.world.set("demand-de", 1, .pending, at: bench.now)
            try await bench.resync()
            try await bench.work()
            let outlook = try await Self.outlook(bench)
            #expect(outlook.verdict == .nothing)
            #expect(outlook.text.contains("no version is acceptable to staging"))
            #expect(outlook.passedOver.map(\.package) == [World.arn("demand-de", 1)])
            #expect(outlook.passedOver.first?.why.contains("PendingManualApproval") == true)
        }
    }

    /// What is barred is passed over with who barred it and why.
    @Test(arguments: Engine.allCases)
    func aBarIsShownWithItsReason(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.release(bench)
            let de = try await bench.approve("demand-de", 2)
            try await bench.work()
            let second = try #require(try await bench.ledger.releases().first)
            let reject = bench.request(
                "reject",
                .reject(release: second.id, stage: "prod"),
                .release(second.id),
                key: "no"
            )
            _ = try await bench.ledger.record([reject], now: bench.now)
            try await bench.work()
            let outlook = try await Self.outlook(bench)
            #expect(outlook.models["de.tar.gz"] == World.arn("demand-de", 1))
            let over = try #require(outlook.passedOver.first)
            #expect((over.target, over.package) == ("de.tar.gz", de))
            #expect(over.why.contains("barred") && over.why.contains("AIDAMANAGER: because"))
            #expect(over.at != nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func whatExpiredIsForARetry(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            let release = try await bench.reachGate()
            try await bench.work(within: .seconds(8 * 24 * 3600))
            let outlook = try await Self.outlook(bench)
            #expect(outlook.verdict == .needsPerson)
            #expect(outlook.text.contains("ended refused: nobody approved it for prod in time"))
            #expect(outlook.text.contains("`sluice retry \(release.id)`"))
        }
    }

    /// A change of the accounts folder is seen before a worker is started with it, and decides nothing.
    @Test(arguments: Engine.allCases)
    func aChangedFolderIsForAPersonToCarryThrough(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.release(bench)
            let before = (try await bench.ledger.journalEnd(), try await bench.count("releases"))

            let settings = try await Self.outlook(bench, Self.plan(settings: "others"))
            #expect(settings.verdict == .needsPerson)
            #expect(settings.text.contains("only settings differ"))
            #expect(settings.text.contains("`sluice deploy demand`"))
            #expect(settings.stages.map { $0.accounts.map(\.settings) } == [[.changed], [.changed]])
            #expect(settings.stages.allSatisfy { $0.accounts.allSatisfy(\.changes.isEmpty) })

            let dropped = try await Self.outlook(bench, Self.plan(targets: ["de.tar.gz": "demand-de"]))
            #expect(dropped.verdict == .needsPerson)
            let change = try #require(dropped.stages.first?.accounts.first?.changes.first)
            #expect((change.target, change.from, change.to) == ("fr.tar.gz", World.arn("demand-fr", 1), nil))

            #expect(try await bench.ledger.journalEnd() == before.0)
            #expect(try await bench.count("releases") == before.1)
        }
    }

    /// A gate that is still to come is told in words, every condition of it.
    @Test(arguments: Engine.allCases)
    func aGateToComeIsToldInWords(_ engine: Engine) async throws {
        try await Bench.run(engine) { bench in
            try await Self.release(bench)
            _ = try await bench.ledger.record([bench.hold("prod", key: "1")], now: bench.now)
            let plan = Self.plan(
                settings: "others",
                gate: GatePlan(
                    approvals: 2,
                    approvers: [try SenderPattern("AROAMANAGERS:*")],
                    requiredGroup: [try SenderPattern("AIDABOSS")],
                    notRequester: true,
                    instructions: "look at the holdout week",
                    expires: .seconds(3600),
                    alarms: ["demand-5xx"],
                    // Bench.start is Thursday 2026-05-28 20:26:40 UTC.
                    windows: Windows(
                        zone: "UTC",
                        offsets: [.init(from: Moment(milliseconds: 0), seconds: 0)],
                        allow: [.init(days: [0, 3], from: 540, until: 960)],
                        deny: [],
                        denyDays: [20_600...20_600]
                    ),
                    mayOverride: [try SenderPattern("AIDAONCALL")],
                    checks: [CheckPlan(name: "integration", senders: [try SenderPattern("AROACIPIPE:*")])]
                )
            )
            let outlook = try await Self.outlook(bench, plan)
            let stage = try #require(outlook.stages.last)
            #expect(stage.traffic == "CANARY")
            let words = Dictionary(stage.gate.map { ($0.name, $0.text) }) { first, _ in first }
            #expect(words["verified"] == "verified in staging")
            #expect(words["soaked"] == "soaked for 10m in staging")
            #expect(words["lag"] == "at the earliest 1h after its verification in staging")
            #expect(words["accepted"] == "every version is Approved")
            #expect(words["not held"]?.contains("held by AIDAMANAGER since 2026-") == true)
            #expect(words["alarms"]?.contains("alarms demand-5xx quiet in staging, prod") == true)
            #expect(words["checks"] == "check integration passed, attested by AROACIPIPE:*")
            #expect(
                words["approved"]
                    == "approved by 2 people of AROAMANAGERS:*, among them one of AIDABOSS, and not by whoever "
                    + "asked for it"
            )
            #expect(words["in time"] == "within 1h, or the release is refused")
            #expect(words["override"]?.contains("AIDAONCALL") == true)
            #expect(words["instructions"] == "look at the holdout week")
            let window = try #require(stage.gate.first { $0.name == "window" })
            #expect(window.text.hasPrefix("open Mon,Thu 09:00-16:00, but not 2026-05-27 (UTC); closed now"))
            #expect(window.met == false)
            #expect(window.until == "2026-06-01T09:00:00.000Z")
        }
    }

    private static func release(_ bench: Bench) async throws {
        let release = try await bench.reachGate()
        _ = try await bench.ledger.record([bench.promotion(of: release.id)], now: bench.now)
        try await bench.work()
        #expect(try await bench.ledger.releases().first?.state == "released")
    }

    /// What a reader of the ledger foresees under a plan, the worker's own where none is given.
    private static func outlook(_ bench: Bench, _ plan: EndpointPlan? = nil) async throws -> Outlook {
        let plan = try plan ?? Bench.plan()
        let reader = try await Ledger.open(bench.place.url, plans: [plan])
        return try #require(try await reader.outlook(on: plan.name, now: bench.now).first)
    }

    private static func plan(
        targets: [String: String] = ["de.tar.gz": "demand-de", "fr.tar.gz": "demand-fr"],
        settings: String = "settings",
        gate: GatePlan = GatePlan()
    ) -> EndpointPlan {
        EndpointPlan(
            name: "demand",
            targets: targets,
            image: nil,
            stages: [
                StagePlan(
                    name: "staging",
                    accounts: ["staging": "\(settings) of staging"],
                    accepts: [.approved],
                    soak: .seconds(600)
                ),
                StagePlan(
                    name: "prod",
                    accounts: ["prod": "\(settings) of prod"],
                    accepts: [.approved],
                    soak: .zero,
                    lag: .seconds(3600),
                    traffic: "CANARY",
                    gate: gate
                ),
            ],
            operators: []
        )
    }
}
