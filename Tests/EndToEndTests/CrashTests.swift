import Testing

/// `kill -9` at any instant, then start again, ends in the same place: nothing is done twice and nothing
/// is lost, because only the ledger and AWS remember.
@Suite(.enabled(if: LocalAWS.url != nil))
struct CrashTests {
    /// What the other tests compare with is what happens where nobody interferes.
    @Test(arguments: Story.allCases)
    func anUninterruptedRun(_ story: Story) async throws {
        try await World.with { try await story.tell(in: $0) }
    }

    @Test(arguments: Crash.inStaging)
    func aWorkerKilledInStaging(_ crash: Crash) async throws {
        try await World.with { try await crash.story.tell(in: $0, staging: crash.trouble) }
    }

    @Test(arguments: Crash.inProd)
    func aWorkerKilledInProd(_ crash: Crash) async throws {
        try await World.with { try await crash.story.tell(in: $0, prod: crash.trouble) }
    }

    @Test(arguments: Crash.back)
    func aWorkerKilledOnTheWayBack(_ crash: Crash) async throws {
        try await World.with { try await crash.story.tell(in: $0, staging: crash.trouble) }
    }

    /// A worker that never gets far still gets there: no step needs more than what the ledger and AWS know.
    @Test func aWorkerKilledAgainAndAgain() async throws {
        let first = Crash("sagemaker.DescribeModelPackage", .afterwards, account: .registry)
        let others: [Crash] = [
            .init("s3.CopyObject", .afterwards),
            .init("sagemaker.CreateModel", .before),
            .init("sagemaker.CreateEndpointConfig", .afterwards),
            .init("sagemaker.UpdateEndpoint", .afterwards),
            .init("sagemaker.DescribeEndpoint", .before),
            .init("sagemaker-runtime.InvokeEndpoint", .before),
        ]
        try await World.with { world in
            try await Story.update.tell(
                in: world,
                staging: { world in
                    let begun = try await first.hold(in: world)
                    return .init(underWay: {
                        var hold = begun
                        for crash in others {
                            try await world.killWorker(at: hold)
                            hold = try await crash.hold(in: world)
                            _ = try await world.startWorker()
                        }
                        try await world.killWorker(at: hold)
                        _ = try await world.startWorker()
                    })
                }
            )
        }
    }

    /// The promotion that the killed worker had taken in comes once more, and finds everything done.
    @Test func aMessageThatWasNotDeletedComesAgain() async throws {
        let crash = Crash("sqs.DeleteMessageBatch", .before, story: .creation, account: .registry)
        try await World.with { world in
            try await crash.story.tell(
                in: world,
                prod: { world in
                    var trouble = try await crash.trouble(in: world)
                    trouble.atTheEnd = { try await world.eventuallyIdle() }
                    return trouble
                }
            )
            let decisions = try await world.show(try #require(try await world.releases().first)).decisions
            #expect(decisions?.map(\.verdict) == ["accepted"])
        }
    }

    /// A reply that is lost while the worker lives is settled by looking, never by a second create.
    @Test(arguments: Crash.losses)
    func aLostReply(_ lost: Crash) async throws {
        try await World.with { try await lost.story.tell(in: $0, staging: lost.loss) }
    }
}
