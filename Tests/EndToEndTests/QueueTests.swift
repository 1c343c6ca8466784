import Native
import Testing

/// What happens to messages between the queue and the ledger.
@Suite(.enabled(if: LocalAWS.url != nil))
struct QueueTests {
    /// How deleting goes wrong.
    enum Trouble: String, CaseIterable, Sendable {
        /// SQS takes the call and refuses an entry.
        case refusedEntry
        /// The call fails as a whole.
        case failedCall
        /// It is done, and nobody hears of it.
        case lostReply
        /// The message came to somebody else meanwhile, and the handle names an earlier receipt.
        case staleHandle
    }

    /// What cannot be deleted comes again and does nothing.
    @Test(arguments: Trouble.allCases)
    func whatCannotBeDeletedComesAgainAndDoesNothing(_ trouble: Trouble) async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            try await world.eventuallyIdle()
            let fault = try await world.fault(trouble)
            let de = try await world.register("demand-de", [2, 2, 2])
            let hold = """
                {"sluice": 1, "action": "hold", "endpoint": "demand-forecast", "stage": "prod", "reason": "wait",
                 "requestId": "once"}
                """
            for body in [hold, "this means nothing", hold] {
                try await world.send(body, from: world.releaseManager)
            }
            if trouble == .staleHandle {
                try await world.arrives(fault)
                try await world.returnMessages(elsewhere: true)
                try await world.letGo(fault)
            }
            let second = try await world.release(2, "is at the gate") { $0.waitingFor.contains("held") }
            try await world.eventually("the messages came again") {
                try await world.returnMessages()
                let queue = try await world.messages()
                return (queue.isEmpty ? true : nil, "\(queue)")
            }
            #expect(second.models[World.de] == de.arn)
            #expect(try await world.releases().count == 2)
            #expect(try await world.quarantine().map(\.body) == ["this means nothing"])
            #expect(try await world.status().holds.count == 1)
            let log = beginning.worker.log
            switch trouble {
            case .refusedEntry:
                #expect(log.contains("a message could not be deleted: ReceiptHandleIsInvalid"))
            case .failedCall: #expect(log.contains("DeleteMessageBatch"))
            case .lostReply, .staleHandle: #expect(!log.contains("could not be deleted"))
            }
        }
    }

    /// A message that cannot be recorded stays on the queue. While nothing can be recorded nothing is received
    /// either, because every receive brings a message nearer to the dead-letter queue.
    @Test(.enabled(if: PostgresServer.isPossible))
    func aMessageThatCannotBeRecordedGoesBack() async throws {
        try await World.with(postgres: true) { world in
            let beginning = try await world.begin()
            let (_, second) = try await world.next(2, "demand-de", [2, 2, 2])
            try await world.eventuallyIdle()
            try world.server.crash()
            let promote = """
                {"sluice": 1, "action": "promote", "release": "\(second.id)", "stage": "prod", "reason": "fine"}
                """
            try await world.send(promote, from: world.releaseManager)
            try await world.eventually("it cannot be recorded, twice over") {
                let told = beginning.worker.log.split(separator: "\n").filter {
                    $0.contains("\"step\":\"receive\"")
                }
                // Back at once, as if half a minute were over.
                try await world.returnMessages()
                return (told.count >= 3 ? true : nil, "\(told)")
            }
            let queue = try await world.messages()
            #expect(queue.map(\.body) == [promote])
            #expect(queue.map(\.receives) == [1])
            try world.server.comeBack()
            try await world.eventually("the server is back") {
                (try? await world.server.claimants(), "no answer")
            }
            try await world.release(2, ends: "released")
            try await world.eventually("it is taken off the queue") {
                let queue = try await world.messages()
                return (queue.isEmpty ? true : nil, "\(queue)")
            }
        }
    }

    /// What comes back from the dead letters tells of the past, and is judged by the present.
    @Test func aRedrivenMessageIsJudgedByWhatIsSoNow() async throws {
        try await World.with { world in
            let beginning = try await world.begin()
            let de = try await world.register("demand-de", [2, 2, 2], approve: false)
            // A look that its registration owes must not fall into the moment in which it is approved.
            let seen = try await world.eventually("the new version was looked at") {
                let looks = try await world.looks(at: de)
                return (looks > 0 ? looks : nil, "\(looks)")
            }
            for status in ["Approved", "Rejected"] { try await world.set(de, status, quietly: true) }
            let approval = """
                {"version": "0", "id": "1", "detail-type": "SageMaker Model Package State Change",
                 "source": "aws.sagemaker", "account": "\(world.registry)", "region": "eu-west-1",
                 "detail": {"ModelPackageArn": "\(de.arn)", "ModelPackageGroupName": "demand-de",
                            "ModelApprovalStatus": "Approved"}}
                """
            let promotion = """
                {"sluice": 1, "action": "promote", "release": "\(beginning.first.id)", "stage": "prod",
                 "reason": "of last week", "requestId": "old"}
                """
            for _ in 1...2 {
                try await world.send(approval)
                try await world.send(promotion, from: world.releaseManager)
            }
            try await world.eventually("what the messages tell of was looked at") {
                let looks = try await world.looks(at: de)
                return (looks > seen ? true : nil, "\(looks)")
            }
            try await world.eventuallyIdle()
            #expect(try await world.releases().count == 1)
            let decisions = try await world.show(beginning.first).decisions ?? []
            #expect(decisions.filter { $0.reason == "of last week" }.map(\.verdict) == ["refused"])
            #expect(try await world.served(in: world.prod) == beginning.served)
        }
    }

    /// Ten thousand messages that change nothing come in while a release is under way. It does not wait for
    /// them: it is through staging while they are still being taken off the queue.
    @Test func tenThousandEventsDoNotDelayARollout() async throws {
        try await World.with { world in
            _ = try await world.begin()
            try await world.eventuallyIdle()
            let hold = try await world.hold("sagemaker.CreateModel", in: world.staging, .delayed)
            let de = try await world.register("demand-de", [2, 2, 2])
            try await world.arrives(hold)
            try await world.flood(with: de, times: 1000)
            try await world.eventually("the worker takes them in") {
                let left = try await world.messages().count
                return (left < 9900 ? true : nil, "\(left) messages")
            }
            try await world.letGo(hold)
            try await world.release(2, waitsAt: "prod")
            try await world.eventually("the queue is empty", within: .seconds(300)) {
                let left = try await world.messages().count
                return (left == 0 ? true : nil, "\(left) messages")
            }
            // In the order in which the calls came: the release's last one in staging, and the flood's last one.
            let calls = try await world.aws.get("calls?account=\(world.staging)").array ?? []
            let tested = try #require(calls.last { $0["operation"] == "InvokeEndpoint" }?["n"]?.int)
            let taken = try await world.aws.get("calls?account=\(world.registry)").array ?? []
            let deleted = taken.filter { $0["operation"] == "DeleteMessageBatch" }.compactMap { $0["n"]?.int }
            let after = deleted.count { $0 > tested }
            #expect(after > 100, "\(after) of \(deleted.count) batches came after the release was tested")
            #expect(try await world.endpoint(in: world.staging)?.updates == 1)
            #expect(try await world.releases().count == 2)
        }
    }
}

extension World {
    /// A message as it lies on the queue.
    fileprivate struct Message {
        let body: String
        /// How often it was received.
        let receives: Int64
    }

    fileprivate func messages() async throws -> [Message] {
        let queue = try await aws.get("queues?queueUrl=\(queue)")
        return try (queue["messages"]?.array ?? []).map {
            Message(body: $0["body"]?.string ?? "", receives: try #require($0["receives"]?.int))
        }
    }

    /// Lets what is in flight come back, as if its time were over.
    ///
    /// - Parameter elsewhere: And as if somebody else had then received it too, so that its handle is stale.
    fileprivate func returnMessages(elsewhere: Bool = false) async throws {
        try await aws.post("messages/return", ["queueUrl": .string(queue), "elsewhere": .bool(elsewhere)])
    }

    fileprivate func fault(_ trouble: QueueTests.Trouble) async throws -> Hold {
        let operation = "sqs.DeleteMessageBatch"
        switch trouble {
        case .lostReply: return try await loseReply(to: operation, in: registry)
        case .staleHandle: return try await hold(operation, in: registry, .delayed)
        case .refusedEntry, .failedCall:
            let made = try await aws.post(
                "faults",
                [
                    "match": .string("^\(operation)$"), "account": .string(registry), "times": 3,
                    "when": trouble == .refusedEntry ? "entry" : "instead",
                    "code": trouble == .refusedEntry ? "ReceiptHandleIsInvalid" : "InvalidAddress",
                    "status": trouble == .refusedEntry ? 404 : 400,
                ]
            )
            return Hold(id: try #require(made["id"]?.string), operation: operation, account: registry)
        }
    }

    /// Puts messages on the queue that change nothing: of each ten, a version's own event seven times, an
    /// endpoint's, one about a group that nobody serves, and one that means nothing.
    fileprivate func flood(with version: Version, times: Int64) async throws {
        func event(_ type: String, _ detail: String) -> JSONValue {
            .string(
                #"{"detail-type": "SageMaker \#(type) State Change", "account": "\#(registry)", "detail": \#(detail)}"#
            )
        }
        func package(_ arn: String, _ group: String) -> JSONValue {
            event(
                "Model Package",
                #"{"ModelPackageArn": "\#(arn)", "ModelPackageGroupName": "\#(group)"}"#
            )
        }
        let other = "arn:aws:sagemaker:eu-west-1:\(registry):model-package/weather/1"
        let bodies =
            Array(repeating: package(version.arn, "demand-de"), count: 7) + [
                event("Endpoint", #"{"EndpointName": "demand-forecast"}"#), package(other, "weather"),
                "nothing",
            ]
        try await aws.post(
            "messages",
            ["queueUrl": .string(queue), "bodies": .array(bodies), "times": .int(times)]
        )
    }
}
