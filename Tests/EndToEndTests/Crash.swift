import Testing

/// One instant of a rollout at which a worker is killed.
struct Crash: Sendable, CustomTestStringConvertible {
    enum Moment: Sendable {
        /// The call has arrived, and nothing ever comes of it.
        case before
        /// The call has taken effect, and nobody has read the reply.
        case afterwards
        /// The call is still on its way, and arrives when all is over.
        case long
        /// The call is still on its way, and arrives just before the next worker's own.
        case meanwhile
    }

    enum Account: Sendable {
        case registry, staging, prod

        func number(in world: World) -> String {
            switch self {
            case .registry: world.registry
            case .staging: world.staging
            case .prod: world.prod
            }
        }
    }

    let operation: String
    let moment: Moment
    let story: Story
    let account: Account
    /// A call that comes before, where the operation is called earlier too.
    let predecessor: String?

    init(
        _ operation: String,
        _ moment: Moment,
        story: Story = .update,
        account: Account = .staging,
        after predecessor: String? = nil
    ) {
        self.operation = operation
        self.moment = moment
        self.story = story
        self.account = account
        self.predecessor = predecessor
    }

    var testDescription: String {
        let place = predecessor.map { " after \($0)" } ?? ""
        return "\(operation)\(place) of \(story) in \(account), \(moment)"
    }

    static let inStaging: [Crash] =
        [
            crashes("sagemaker.DescribeModelPackage", [.before, .afterwards], account: .registry),
            crashes("sts.AssumeRole", [.before, .afterwards], story: .creation, account: .registry),
            crashes("s3.HeadObject", [.before, .afterwards]),
            crashes("s3.CopyObject", [.before, .afterwards, .long, .meanwhile]),
            crashes("sagemaker.CreateModel", [.before, .afterwards, .long, .meanwhile]),
            crashes("sagemaker.CreateEndpointConfig", [.before, .afterwards, .long, .meanwhile]),
            crashes(
                "sagemaker.CreateEndpoint",
                [.before, .afterwards, .long, .meanwhile],
                story: .creation
            ),
            crashes("sagemaker.UpdateEndpoint", [.before, .afterwards, .long, .meanwhile]),
            crashes("sagemaker.ListEndpoints", [.before, .afterwards]),
            crashes("sagemaker.DescribeEndpoint", [.before, .afterwards], after: "sagemaker.UpdateEndpoint"),
            crashes("sagemaker-runtime.InvokeEndpoint", [.before, .afterwards]),
            crashes("sqs.DeleteMessageBatch", [.before, .afterwards], account: .registry),
            crashes(
                "sagemaker.UpdateEndpoint",
                [.before, .afterwards, .long, .meanwhile],
                story: .restoration,
                after: "sagemaker-runtime.InvokeEndpoint"
            ),
        ].flatMap(\.self)

    static let inProd: [Crash] =
        [
            crashes("s3.CopyObject", [.afterwards], account: .prod),
            crashes("sagemaker.CreateEndpoint", [.before, .afterwards], account: .prod),
            crashes("sagemaker-runtime.InvokeEndpoint", [.before], account: .prod),
            crashes(
                "sagemaker.UpdateEndpoint",
                [.before, .afterwards, .meanwhile],
                story: .promotedUpdate,
                account: .prod
            ),
            crashes("sqs.DeleteMessageBatch", [.afterwards], story: .creation, account: .registry),
        ].flatMap(\.self)

    /// On the way back after a rejection.
    static let back: [Crash] =
        [
            crashes(
                "sagemaker.DescribeModelPackage",
                [.before, .afterwards],
                story: .wayBack,
                account: .registry
            ),
            crashes(
                "sagemaker.UpdateEndpoint",
                [.before, .afterwards, .long, .meanwhile],
                story: .wayBack,
                account: .prod
            ),
            crashes(
                "sagemaker.UpdateEndpoint",
                [.before, .afterwards, .meanwhile],
                story: .wayBack,
                account: .staging
            ),
            crashes("sagemaker-runtime.InvokeEndpoint", [.before], story: .wayBack, account: .prod),
        ].flatMap(\.self)

    /// Calls whose replies are lost although nobody is killed.
    static let losses: [Crash] = [
        Crash("s3.CopyObject", .afterwards),
        Crash("sagemaker.CreateModel", .afterwards),
        Crash("sagemaker.CreateEndpointConfig", .afterwards),
        Crash("sagemaker.CreateEndpoint", .afterwards, story: .creation),
        Crash("sagemaker.UpdateEndpoint", .afterwards),
        Crash(
            "sagemaker.UpdateEndpoint",
            .afterwards,
            story: .restoration,
            after: "sagemaker-runtime.InvokeEndpoint"
        ),
        Crash("sagemaker.UpdateEndpoint", .afterwards, story: .wayBack),
    ]

    private static func crashes(
        _ operation: String,
        _ moments: [Moment],
        story: Story = .update,
        account: Account = .staging,
        after predecessor: String? = nil
    ) -> [Crash] {
        moments.map { Crash(operation, $0, story: story, account: account, after: predecessor) }
    }

    // MARK: The crash

    /// Holds the call, kills the worker once the call hangs, and starts another.
    func trouble(in world: World) async throws -> Story.Trouble {
        let straggler = Straggler()
        return try await prepare(in: world, ordering: hold) { hold in
            try await world.killWorker()
            try await succeed(hold, in: world, straggler)
        } atTheEnd: {
            if let hold = await straggler.hold { try await world.letGo(hold) }
        }
    }

    /// Lets the reply be lost instead, and the worker live.
    func loss(in world: World) async throws -> Story.Trouble {
        try await prepare(in: world) { world in
            try await world.loseReply(to: operation, in: number(in: world), subject: subject(in: world))
        }
    }

    /// - Parameter order: Orders what is to happen to the call.
    private func prepare(
        in world: World,
        ordering order: @escaping @Sendable (World) async throws -> Hold,
        whenItArrives act: @escaping @Sendable (Hold) async throws -> Void = { _ in },
        atTheEnd: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> Story.Trouble {
        guard let predecessor else {
            let hold = try await order(world)
            return .init(
                underWay: {
                    try await world.arrives(hold)
                    try await act(hold)
                },
                atTheEnd: atTheEnd
            )
        }
        // Until a call that comes before is held up, the one that is meant cannot be told from earlier ones.
        let first = try await world.hold(predecessor, in: number(in: world), .delayed)
        return .init(
            underWay: {
                try await world.arrives(first)
                let hold = try await order(world)
                try await world.letGo(first)
                try await world.arrives(hold)
                try await act(hold)
            },
            atTheEnd: atTheEnd
        )
    }

    /// A call of a killed worker that is still on its way when all is over.
    private actor Straggler {
        private(set) var hold: Hold?

        func keep(_ hold: Hold) { self.hold = hold }
    }

    /// Starts the next worker, and lets the call of the one before do what the moment says.
    private func succeed(_ hold: Hold, in world: World, _ straggler: Straggler) async throws {
        switch moment {
        case .before, .afterwards:
            try await world.letGo(hold)
            _ = try await world.startWorker()
        case .long:
            await straggler.keep(hold)
            _ = try await world.startWorker()
        case .meanwhile:
            let own = try await self.hold(in: world)
            _ = try await world.startWorker()
            try await world.arrives(own)
            try await world.letGo(hold)
            try await world.letGo(own)
        }
    }

    func hold(in world: World) async throws -> Hold {
        let way: Hold.Way =
            switch moment {
            case .before: .unanswered
            case .afterwards: .done
            case .long, .meanwhile: .delayed
            }
        return try await world.hold(operation, in: number(in: world), way, subject: subject(in: world))
    }

    private func number(in world: World) -> String { account.number(in: world) }

    /// What the call is about, where several of one operation are made at once or for both accounts.
    private func subject(in world: World) -> String? {
        switch operation {
        case "s3.CopyObject": "\(World.de) from "
        case "sts.AssumeRole": ":\(world.staging):"
        default: nil
        }
    }
}
