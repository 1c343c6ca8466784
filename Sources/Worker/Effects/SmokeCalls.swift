import AWS

/// What smoke tests do to the world around them; unit tests put their own in.
struct SmokeCalls: Sendable {
    struct Reply: Sendable {
        let body: [UInt8]
        /// How long the model took for it, without what went wrong before.
        let took: Duration
    }

    /// What a model is asked.
    struct Question: Sendable {
        let contentType: String
        let accept: String?
        let body: [UInt8]
    }

    /// Asks a target model once. Throws `AWSError`, or `CancellationError`.
    var invoke: @Sendable (_ target: String, _ question: Question) async throws -> Reply
    /// Reads an object of at most so many bytes. Throws `AWSError`, or `CancellationError`.
    var read: @Sendable (_ object: SmokeTest.S3Object, _ maximumBytes: Int) async throws -> [UInt8]
    var timing = Timing()

    /// As long as SageMaker goes on loading a model.
    static let patience = Duration.seconds(360)

    /// Asks a target model, and waits for one that is still being loaded.
    func ask(_ target: String, _ question: Question) async throws -> Reply {
        let begun = timing.elapsed()
        var pause = Duration.seconds(1)
        while true {
            do {
                return try await invoke(target, question)
            } catch let error as AWSError where error.kind == .modelNotReady {
                guard timing.elapsed() + pause - begun <= Self.patience else {
                    throw Disappointment(
                        "was not ready after \(Self.patience.components.seconds / 60) minutes: "
                            + error.message.quoted
                    )
                }
            } catch let error as AWSError where error.kind == .modelError {
                throw Disappointment("failed: \(error.message.quoted)")
            } catch let error as AWSError where error.kind == .invalid || error.isMissing {
                throw Disappointment("could not be invoked: \(error.message.quoted)")
            }
            try await timing.sleep(pause)
            pause = min(pause * 2, .seconds(10))
        }
    }
}

extension SmokeCalls {
    init(_ endpoint: EndpointDocument, _ session: Sessions.Session, _ timing: Timing) {
        self.init(
            invoke: { target, question in
                let answer = try await SageMakerRuntime(session.client).invokeEndpoint(
                    name: session.account.liveName(of: endpoint.name),
                    // An endpoint with one model refuses to be asked for a target.
                    targetModel: endpoint.serves == .singleModel ? nil : target,
                    contentType: question.contentType,
                    accept: question.accept,
                    body: question.body
                )
                return Reply(body: answer.body, took: answer.duration)
            },
            read: { object, maximumBytes in
                try await S3(session.client).getObject(
                    bucket: object.bucket,
                    key: object.key,
                    maximumBytes: maximumBytes
                )
            },
            timing: timing
        )
    }
}

extension String {
    /// What a container or AWS said, as a sentence quotes it: printable, on one line and not too long.
    var quoted: String {
        let start = String(UnicodeScalarView(unicodeScalars.prefix(400)))
        return "\(start.printable)\(unicodeScalars.count > 400 ? "…" : "")"
    }
}
