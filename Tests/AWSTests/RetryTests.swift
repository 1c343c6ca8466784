import Foundation
import Native
import TestTools
import Testing

@testable import AWS

@Suite struct RetryTests {
    private static let throttled = TestReply(
        400,
        #"{"__type":"ThrottlingException","message":"Rate exceeded"}"#
    )
    private static let identity = TestReply(
        200,
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId>"
            + "<Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )

    @Test func everyAttemptIsSignedAnew() async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(503), TestReply(500), Self.identity)
        #expect(try await STS(bench.client).callerIdentity().account == "1")
        let requests = try await bench.server.requests()
        #expect(Set(requests.flatMap { $0.header("X-Amz-Date") }).count == 3)
        #expect(Set(requests.flatMap { $0.header("Authorization") }).count == 3)
        #expect(bench.pauses.all == [.seconds(1), .seconds(2)])
    }

    @Test func givesUpAfterTheLastAttempt() async throws {
        let bench = try Bench(attempts: 4)
        for _ in 0..<5 { try await bench.server.reply(TestReply(500, "<html><h1>Oops</h1></html>")) }
        let error = await fails { _ = try await STS(bench.client).callerIdentity() }
        #expect(error?.kind == .transient)
        #expect(error?.status == 500)
        #expect(error?.description.contains("html") == false)
        #expect(bench.observer.attempts.map(\.number) == [1, 2, 3, 4])
        #expect(bench.observer.attempts.allSatisfy { $0.outcome == .answered(status: 500) })
        #expect(bench.observer.attempts[0].operation == "GetCallerIdentity")
        #expect(bench.observer.attempts[0].account == "222222222222")
        #expect(bench.observer.attempts[0].requestBytes == 43)
    }

    @Test func expiredCredentialsAreReplacedOnce() async throws {
        let bench = try Bench(attempts: 1)
        let expired = TestReply(
            403,
            "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>"
        )
        try await bench.server.reply(expired, Self.identity)
        _ = try await STS(bench.client).callerIdentity()
        let tokens = try await bench.server.requests().flatMap { $0.header("X-Amz-Security-Token") }
        #expect(tokens == ["sesame-token1", "sesame-token2"])
        #expect(bench.pauses.all.isEmpty)

        try await bench.server.reply(expired, expired)
        let error = await fails { _ = try await STS(bench.client).callerIdentity() }
        #expect(error?.kind == .expiredCredentials)
        #expect(try await bench.server.requests().count == 4)
    }

    @Test func whatIsWrongIsNotRepeated() async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(400, #"{"__type":"x#ValidationException:","message":"bad"}"#))
        let error = await fails { _ = try await SageMaker(bench.client).describeEndpoint(name: "ep") }
        #expect(error?.kind == .invalid)
        #expect(error?.code == "ValidationException")
        #expect(error?.subject == "ep")
        #expect(try await bench.server.requests().count == 1)
    }

    /// Whoever creates something must learn that it may exist, instead of a second request finding out.
    @Test(arguments: [
        TestReply(500), TestReply(503, #"{"__type":"InternalFailure"}"#), TestReply(action: .reset),
        TestReply(action: .close), TestReply(200, #"{"ModelArn": "arn:aws:x"}"#, action: .half),
    ])
    func anUnansweredCreationIsNotRepeated(_ reply: TestReply) async throws {
        let bench = try Bench()
        try await bench.server.reply(reply)
        let error = await fails { try await create(bench.client) }
        #expect(error?.kind == .unknownOutcome)
        #expect(try await bench.server.requests().count == 1)
        #expect(bench.observer.attempts.count == 1)
    }

    @Test func aThrottledCreationIsRepeated() async throws {
        let bench = try Bench()
        try await bench.server.reply(Self.throttled, TestReply(200, #"{"ModelArn": "arn"}"#))
        try await create(bench.client)
        #expect(try await bench.server.requests().count == 2)
    }

    /// The right to ask is looked at before every sending, however long the one before took.
    @Test func aCallWhoseRightHasLapsedIsNotSent() async throws {
        let bench = try Bench()
        try await bench.server.reply(Self.throttled, TestReply(200, #"{"EndpointArn": "arn"}"#))
        let asked = Recorder<Duration>()
        let sageMaker = SageMaker(bench.client) { answer in
            asked.add(answer)
            return asked.all.count < 2
        }
        let error = await fails {
            try await sageMaker.updateEndpoint(name: "ep", configName: "c", retainAllVariantProperties: true)
        }
        #expect(error?.kind == .lapsed)
        #expect(try await bench.server.requests().count == 1)
        #expect(asked.all == [.seconds(15), .seconds(15)])
        // What changes nothing needs no right.
        try await bench.server.reply(TestReply(200, #"{"EndpointConfigs": []}"#))
        _ = try? await sageMaker.describeEndpoint(name: "ep")
        #expect(asked.all.count == 2)
        #expect(try await bench.server.requests().count == 2)
    }

    @Test func aCreationThatReachedNobodyIsRepeated() async throws {
        let bench = try Bench(["AWS_ENDPOINT_URL": "http://127.0.0.1:1"])
        let error = await fails { try await create(bench.client) }
        #expect(error?.kind == .transient)
        #expect(error?.code == "CouldNotConnect")
        #expect(bench.observer.attempts.count == 3)
    }

    @Test(arguments: [TestReply.Action.reset, .close, .half])
    func aLostReadingIsRepeated(_ action: TestReply.Action) async throws {
        let bench = try Bench()
        var lost = Self.identity
        lost.action = action
        try await bench.server.reply(lost, Self.identity)
        _ = try await STS(bench.client).callerIdentity()
        #expect(try await bench.server.requests().count == 2)
    }

    /// 500 tokens pay for a hundred retries, whichever calls need them.
    @Test func retriesAreRationed() async throws {
        let bench = try Bench(attempts: 1000)
        for _ in 0..<102 { try await bench.server.reply(Self.throttled) }
        await fails { _ = try await SageMaker(bench.client).describeEndpoint(name: "ep") }
        #expect(try await bench.server.requests().count == 101)
        // Nothing is left for the next call.
        await fails { _ = try await SageMaker(bench.client).describeEndpoint(name: "ep") }
        #expect(try await bench.server.requests().count == 102)
    }

    @Test func aSuccessPaysItsRetryBack() {
        let quota = RetryQuota()
        for _ in 0..<100 { #expect(quota.take(RetryQuota.cost)) }
        #expect(!quota.take(RetryQuota.cost))
        quota.give(RetryQuota.cost)
        #expect(!quota.take(RetryQuota.timeoutCost))
        #expect(quota.take(RetryQuota.cost))
        quota.give(10_000)
        #expect(!quota.take(RetryQuota.capacity + 1))
    }

    @Test func pausesGrowToTwentySeconds() {
        let policy = RetryPolicy(maximumAttempts: 3)
        let full = (1...8).map { policy.pause(after: $0, random: 1) }
        #expect(full == [1, 2, 4, 8, 16, 20, 20, 20].map { .seconds($0) })
        #expect(policy.pause(after: 3, random: 0.5) == .seconds(2))
        #expect(policy.pause(after: 90, random: 0) == .zero)
    }

    @Test func cancellationIsNoError() async throws {
        let bench = try Bench()
        try await bench.server.reply(TestReply(action: .hold))
        let task = Task { try await STS(bench.client).callerIdentity() }
        try await bench.server.waitUntilHeld(1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func noCredentialsSendNothing() async throws {
        let bench = try Bench()
        let client = AWSClient(
            http: bench.http,
            credentials: NoCredentials(),
            region: "eu-west-1",
            environment: AWSEnvironment(["AWS_ENDPOINT_URL": bench.server.url])
        )
        let error = await fails { _ = try await STS(client).callerIdentity() }
        #expect(error?.kind == .denied)
        #expect(error?.code == "NoCredentials")
        #expect(try await bench.server.requests().isEmpty)
    }

    private func create(_ client: AWSClient) async throws {
        try await SageMaker(client).createModel(
            name: "m",
            containerImage: "i",
            modelDataURL: "s3://b/p/",
            multiModel: true,
            executionRoleARN: "r"
        )
    }
}

private struct NoCredentials: CredentialProvider {
    func credentials() async throws -> Credentials {
        throw CredentialsError(source: "a test", reason: "none")
    }
    func invalidate(_ used: Credentials) {}
}

/// Runs a call that must fail and returns its error.
@discardableResult
func fails(
    _ body: () async throws -> Void,
    at location: SourceLocation = #_sourceLocation
) async -> AWSError? {
    await #expect(throws: AWSError.self, sourceLocation: location) { try await body() }
}
