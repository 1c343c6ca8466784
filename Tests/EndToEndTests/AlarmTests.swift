import Testing

@Suite(.enabled(if: LocalAWS.url != nil))
struct AlarmTests {
    private static let key = "alarms: [\(World.alarm)]"

    /// Both accounts' alarms are quiet, and the endpoint's first release serves in both.
    private func begin(in world: World) async throws -> Beginning {
        try await world.alarm("OK", in: world.staging)
        try await world.alarm("OK", in: world.prod)
        try world.gate(Self.key)
        return try await world.begin()
    }

    /// What is red where a release would go keeps it out, whoever approved it, and is no fault of its own.
    @Test func aGreenThatTurnedRedCannotBeApprovedPast() async throws {
        try await World.with { world in
            let beginning = try await begin(in: world)
            let (de, second) = try await world.next(2, "demand-de", [2, 2, 2])
            let evidence = try await world.journal(of: beginning.first, "gateOpened").map(\.text).joined()
            #expect(evidence.contains("alarm \(World.alarm) is quiet in prod"))

            try await world.alarm("ALARM", in: world.prod)
            let red = try await world.release(2, "sees the alarm") { $0.waitingFor.contains("it is ALARM") }
            #expect(red.waitingFor.contains("alarm \(World.alarm) in prod to be quiet"))
            #expect(try await world.promote(second).status == 0, "the approval counts, and is not enough")
            let approved = try await world.release(2, "is approved") {
                !$0.waitingFor.contains("approval by a person")
            }
            #expect(approved.waits(at: "prod"))
            #expect(approved.waitingFor.contains("it is ALARM"))
            let status = try await world.sluice("status").output
            #expect(status.contains("waits for alarm \(World.alarm) in prod to be quiet: it is ALARM"))
            #expect(try await world.served(in: world.prod) == beginning.served)

            try await world.alarm("OK", in: world.prod)
            try await world.release(2, ends: "released")
            #expect(try await world.served(in: world.prod)[World.de] == de.sha256)
            #expect(try await world.status().bars.isEmpty, "the alarm of prod was not the release's doing")
        }
    }

    /// What goes red where a release serves already is its failure, also while a person is awaited.
    @Test func anAlarmInStagingEndsWhatWaitsForAPerson() async throws {
        try await World.with { world in
            let beginning = try await begin(in: world)
            let (de, _) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.alarm("ALARM", in: world.staging)
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("alarm \(World.alarm) in staging to be quiet: it is ALARM"))
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            try await world.eventually("staging serves what is acceptable again") {
                let served = try await world.served(in: world.staging)
                return (served == beginning.served ? true : nil, "\(served)")
            }
            #expect(try await world.served(in: world.prod) == beginning.served)
            #expect(try await world.endpoint(in: world.prod)?.updates == 0)
        }
    }

    /// A soak is there to be watched.
    @Test func anAlarmDuringTheSoakRestoresWhatServed() async throws {
        try await World.with { world in
            let beginning = try await begin(in: world)
            try world.edit("demand-forecast.yaml", "soak: 300ms", "soak: 1h")
            _ = try await world.restartWorker()
            let de = try await world.register("demand-de", [2, 2, 2])
            try await world.release(2, "soaks") { $0.waitingFor.contains("the soak, until") }
            try await world.alarm("ALARM", in: world.staging)
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("alarm \(World.alarm) went off in account staging during the soak"))
            #expect(failed.stage("staging")?.accounts == [.init(name: "staging", state: "rolled-back")])
            #expect(try await world.status().bars.map(\.package) == [de.arn])
            #expect(try await world.served(in: world.staging) == beginning.served)
            #expect(try await world.served(in: world.prod) == beginning.served)
        }
    }

    /// An alarm that nobody made says nothing, and so never that all is well.
    @Test func anAlarmThatIsMissingNeverOpensAGate() async throws {
        try await World.with { world in
            try await world.alarm("OK", in: world.staging)
            try world.gate(approvals: 0, Self.key)
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, "misses the alarm") {
                $0.waitingFor.contains("does not exist")
            }
            #expect(
                waiting.waitingFor.contains(
                    "alarm \(World.alarm) in prod, which does not exist there: create it, or take it out of the gate"
                )
            )
            #expect(waiting.waits(at: "prod"))
            #expect(try await world.endpoint(in: world.prod) == nil)
            try await world.alarm("OK", in: world.prod)
            try await world.release(1, ends: "released")
        }
    }

    /// What an alarm without data counts as is written in the gate, and is waited for where nothing is.
    @Test func anAlarmWithoutDataCountsAsWritten() async throws {
        try await World.with { world in
            try await world.alarm("INSUFFICIENT_DATA", in: world.staging)
            try await world.alarm("INSUFFICIENT_DATA", in: world.prod)
            try world.gate(approvals: 0, Self.key)
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, "lacks data") {
                $0.waitingFor.contains("too little data")
            }
            #expect(waiting.waits(at: "prod"))
            try world.edit("demand-forecast.yaml", Self.key, Self.key + "\n      insufficientData: ok")
            _ = try await world.restartWorker()
            try await world.release(1, ends: "released")

            try world.edit("demand-forecast.yaml", "insufficientData: ok", "insufficientData: alarm")
            _ = try await world.restartWorker()
            try await world.register("demand-de", [2, 2, 2])
            // It has lacked data since before the release came, which blames nobody and lets nothing in either.
            try await world.release(2, "waits for what was so before it") {
                $0.waitingFor.contains("it is INSUFFICIENT_DATA, since before the release came there")
            }
            try await world.alarm("OK", in: world.staging)
            try await world.alarm("INSUFFICIENT_DATA", in: world.staging)
            let failed = try await world.release(2, ends: "failed")
            #expect(failed.why.contains("it is INSUFFICIENT_DATA"))
        }
    }

    /// A role that may not look at alarms is told of, and is no reason to go on without them.
    @Test func alarmsThatMayNotBeLookedAtAreWaitedFor() async throws {
        try await World.with { world in
            try await world.alarm("OK", in: world.staging)
            try await world.alarm("OK", in: world.prod)
            let fault = try await world.fault("cloudwatch.DescribeAlarms", "AccessDenied", in: world.prod)
            try world.gate(approvals: 0, Self.key)
            try await world.register("demand-de")
            _ = try await world.startWorker()
            let waiting = try await world.release(1, "is denied a look") {
                $0.waitingFor.contains("AccessDenied")
            }
            #expect(waiting.waits(at: "prod"))
            #expect(waiting.waitingFor.contains("a look at the alarms of prod"))
            #expect(waiting.waitingFor.contains("DescribeAlarms"))
            let status = try await world.sluice("status").output
            #expect(status.contains("cannot read prod"))
            try await world.mend(fault)
            try await world.release(1, ends: "released")
        }
    }
}
