import Testing

/// Workers on a PostgreSQL ledger, which may die and whose server may die.
@Suite(.enabled(if: LocalAWS.url != nil && PostgresServer.isPossible))
struct SharedLedgerTests {
    /// Two workers take turns as they come; one dies in the middle of an update, and the other ends it.
    @Test func theOtherWorkerTakesOver() async throws {
        try await World.with(postgres: true) { world in
            let beginning = try await world.begin()
            let workers = [beginning.worker, try await world.startWorker()]
            _ = try await world.next(2, "demand-de", [2, 2, 2])

            let hold = try await world.hold("sagemaker.UpdateEndpoint", in: world.staging, .done)
            let version = try await world.register("demand-de", [2, 2, 3])
            try await world.arrives(hold)
            await (try await Self.claimant(among: workers, in: world)).kill()
            let start = ContinuousClock.now
            try await world.letGo(hold)
            let third = try await world.release(3, waitsAt: "prod")
            // The term is thirty seconds; the rest is what the rollout takes.
            #expect(.now - start < .seconds(50))
            try await world.promote(third)
            try await world.release(3, ends: "released")

            for account in [world.staging, world.prod] {
                #expect(try await world.served(in: account)[World.de] == version.sha256)
            }
            #expect(try await world.endpoint(in: world.staging)?.updates == 2)
            #expect(try await world.endpoint(in: world.prod)?.updates == 1)
            let journal = try await world.show(third).journal ?? []
            #expect(journal.contains { $0.name == "updateEndpoint" && $0.text.hasSuffix("begun once more") })
        }
    }

    /// A worker that stood still past its term comes back too late: what it has to say is written down and
    /// changes nothing, and what it did was seen by the other and not done again.
    @Test func aPausedWorkerComesBackTooLate() async throws {
        try await World.with(postgres: true) { world in
            let beginning = try await world.begin()
            let workers = [beginning.worker, try await world.startWorker()]
            let hold = try await world.hold("sagemaker.UpdateEndpoint", in: world.staging, .done)
            let version = try await world.register("demand-de", [2, 2, 2])
            try await world.arrives(hold)
            let paused = try await Self.claimant(among: workers, in: world)
            paused.pause()
            let second = try await world.release(2, waitsAt: "prod")
            paused.wake()
            try await world.letGo(hold)
            try await world.eventually("the late report is written down") {
                let journal = try await world.show(second).journal ?? []
                let isThere = journal.contains { $0.name == "late report: endpointUpdateAccepted" }
                return (isThere ? true : nil, "\(journal.map(\.name))")
            }
            try await world.promote(second)
            try await world.release(2, ends: "released")
            for account in [world.staging, world.prod] {
                #expect(try await world.served(in: account)[World.de] == version.sha256)
                #expect(try await world.endpoint(in: account)?.updates == 1)
            }
            for worker in workers { await worker.stop() }
        }
    }

    /// The worker that has work in hand.
    private static func claimant(among workers: [Worker], in world: World) async throws -> Worker {
        let name = try #require(try await world.server.claimants().first)
        return try #require(workers.first { $0.log.contains("\"\(name)\"") }, "\(name) has a log")
    }

    /// The server goes away at three instants of a rollout. The worker stays, and goes on when it is back.
    @Test func theServerIsKilledInTheMiddleOfARollout() async throws {
        try await World.with(postgres: true) { world in
            let beginning = try await world.begin()
            let holds = [
                try await world.hold(
                    "s3.CopyObject",
                    in: world.staging,
                    .delayed,
                    subject: "\(World.de) from "
                ),
                try await world.hold("sagemaker.UpdateEndpoint", in: world.staging, .done),
                try await world.hold("sagemaker-runtime.InvokeEndpoint", in: world.staging, .delayed),
            ]
            let version = try await world.register("demand-de", [2, 2, 2])
            for hold in holds {
                try await world.arrives(hold)
                try world.server.crash()
                let before = beginning.worker.complaints
                try await world.letGo(hold)
                try await world.eventually("the worker says that it cannot write") {
                    (beginning.worker.complaints > before ? true : nil, beginning.worker.log)
                }
                try world.server.comeBack()
                try await world.eventually("the server is back") {
                    (try? await world.server.claimants(), "no answer")
                }
            }
            try await world.promote(try await world.release(2, waitsAt: "prod"))
            try await world.release(2, ends: "released")

            #expect(try await world.served(in: world.prod)[World.de] == version.sha256)
            for account in [world.staging, world.prod] {
                #expect(try await world.endpoint(in: account)?.updates == 1)
            }
            await beginning.worker.stop()
            #expect(try !world.everythingWritten().contains(PostgresServer.password))
        }
    }
}

extension Worker {
    /// How often it said that it could not record what it did.
    fileprivate var complaints: Int { log.split(separator: "the ledger cannot be written").count - 1 }
}
