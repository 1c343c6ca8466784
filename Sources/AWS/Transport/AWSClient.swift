import Foundation
public import Native
import Synchronization

/// Makes calls to AWS as one identity in one region: signs them, sends them again where that helps, and turns
/// answers that are no success into `AWSError`.
///
/// Every attempt is signed anew with the credentials and the time of that moment.
public final class AWSClient: Sendable {
    public let region: String
    /// The account the credentials belong to, where it is known; it appears in errors and counts.
    public let account: String?
    let environment: AWSEnvironment

    private let http: any HTTPSender
    private let credentials: any CredentialProvider
    private let observer: (any CallObserver)?
    private let policy: RetryPolicy
    private let quota = RetryQuota()
    private let keys = SigningKeys()
    let timing: Timing
    /// The time that requests are signed with.
    let clock: ServerClock
    private let pacers = Mutex<[String: Pacer]>([:])

    /// - Parameters:
    ///   - http: May be shared by any number of clients.
    ///   - account: Twelve digits, for errors and counts.
    ///   - observer: Told about every attempt.
    ///   - timing: For pauses and durations.
    ///   - clock: Shared by the clients of one machine, so that one refusal corrects them all.
    public init(
        http: any HTTPSender,
        credentials: any CredentialProvider,
        region: String,
        environment: AWSEnvironment,
        account: String? = nil,
        observer: (any CallObserver)? = nil,
        timing: Timing = Timing(),
        clock: ServerClock = ServerClock()
    ) {
        self.http = http
        self.credentials = credentials
        self.region = region
        self.environment = environment
        self.account = account
        self.observer = observer
        self.timing = timing
        self.clock = clock
        policy = RetryPolicy(maximumAttempts: environment.maximumAttempts)
    }

    /// Makes a call and reads its answer with `decode`, which runs for every 2xx answer.
    ///
    /// `decode` may throw `ErrorReply` for an error hidden in a success, or `TruncatedReply` for one that ended
    /// too early; both count as an attempt that failed. Throws `AWSError`, or `CancellationError`.
    func send<Reply>(_ call: AWSCall, decode: (HTTPResponse) throws -> Reply) async throws -> Reply {
        var number = 1
        var paid = 0
        var hasRenewed = false
        var hasSetClock = false
        let ticket = pacers.withLock { $0[call.service.name, default: Pacer()].ticket() }
        while true {
            try await waitForTurn(of: ticket, call)
            let used = call.isSigned ? try await currentCredentials(call) : nil
            let failure: Failure
            switch try await attempt(call, number: number, credentials: used, decode: decode) {
            case .success(let reply):
                quota.give(paid > 0 ? paid : 1)
                pacers.withLock { $0[call.service.name]?.succeeded() }
                return reply
            case .failure(let value): failure = value
            }
            if failure.hasSetClock, !hasSetClock {
                hasSetClock = true
                continue
            }
            if failure.error.kind == .throttled {
                let elapsed = timing.elapsed()
                pacers.withLock { $0[call.service.name, default: Pacer()].wasThrottled(at: elapsed) }
            }
            if failure.error.kind == .expiredCredentials, let used, !hasRenewed {
                hasRenewed = true
                await credentials.invalidate(used)
                continue
            }
            guard failure.mayRetry, number < policy.maximumAttempts, quota.take(failure.cost) else {
                throw failure.error
            }
            paid = failure.cost
            // Whoever was throttled waits for a turn, and keeps its place in the line.
            if failure.error.kind != .throttled {
                try await timing.sleep(policy.pause(after: number, random: timing.random()))
            }
            number += 1
        }
    }

    /// Waits for the call's turn where the account has shown how much it takes.
    private func waitForTurn(of ticket: Pacer.Ticket, _ call: AWSCall) async throws {
        try Task.checkCancellation()
        while let pause = turn(of: ticket, call) {
            do {
                try await timing.sleep(pause)
            } catch {
                pacers.withLock { $0[call.service.name]?.leave(ticket) }
                throw error
            }
        }
    }

    private func turn(of ticket: Pacer.Ticket, _ call: AWSCall) -> Duration? {
        let elapsed = timing.elapsed()
        return pacers.withLock { $0[call.service.name, default: Pacer()].turn(of: ticket, at: elapsed) }
    }

    private struct Failure: Error {
        let error: AWSError
        var mayRetry = false
        var cost = RetryQuota.cost
        /// Whether the refusal showed that this machine's clock is wrong.
        var hasSetClock = false
    }

    private func attempt<Reply>(
        _ call: AWSCall,
        number: Int,
        credentials: Credentials?,
        decode: (HTTPResponse) throws -> Reply
    ) async throws -> Result<Reply, Failure> {
        let request = try request(call, credentials)
        // As late as can be: whatever was waited for above may have taken the right to ask.
        if let mayBegin = call.mayBegin, !mayBegin(call.timeouts.total ?? .zero) {
            throw call.error(
                .lapsed,
                code: "Lapsed",
                message: "not sent, because by the time it is answered somebody else may be about the same",
                account: account
            )
        }
        let begun = timing.elapsed()
        do throws(HTTPError) {
            let response = try await http.send(request)
            note(call, number, begun, .answered(status: response.status))
            return read(call, response, credentials, decode: decode)
        } catch {
            note(call, number, begun, .failed(error.description))
            if error.code == .cancelled { throw CancellationError() }
            return .failure(failure(call, error))
        }
    }

    private func read<Reply>(
        _ call: AWSCall,
        _ response: HTTPResponse,
        _ credentials: Credentials?,
        decode: (HTTPResponse) throws -> Reply
    ) -> Result<Reply, Failure> {
        guard (200..<300).contains(response.status) else {
            let reply = ErrorReply(response, hiding: call.secrets + (credentials?.secrets ?? []))
            var failure = failure(call, reply)
            failure.hasSetClock = clock.learns(from: response, code: reply.code)
            return .failure(failure)
        }
        do {
            return .success(try decode(response))
        } catch let reply as HiddenError {
            return .failure(failure(call, reply.reply))
        } catch is TruncatedReply {
            let error = call.error(
                .transient,
                code: "TruncatedReply",
                message: "the answer is not complete",
                account: account,
                answer: response
            )
            return .failure(Failure(error: error, mayRetry: call.isRepeatable))
        } catch {
            // The decoder's own words quote the answer, which may hold credentials.
            let error = call.error(
                .unreadable,
                code: "UnreadableReply",
                message: "the answer has another shape than expected",
                account: account,
                answer: response
            )
            return .failure(Failure(error: error))
        }
    }

    /// Judges an error AWS answered with.
    private func failure(_ call: AWSCall, _ reply: ErrorReply) -> Failure {
        let kind = Classification.kind(of: reply, service: call.service)
        switch kind {
        case .throttled: return Failure(error: call.error(kind, reply, account: account), mayRetry: true)
        case .transient:
            guard call.isRepeatable else {
                return Failure(error: call.error(.unknownOutcome, reply, account: account))
            }
            return Failure(error: call.error(kind, reply, account: account), mayRetry: true)
        default: return Failure(error: call.error(kind, reply, account: account))
        }
    }

    /// Judges a request that got no answer.
    private func failure(_ call: AWSCall, _ error: HTTPError) -> Failure {
        let isUncertain = error.mayHaveReachedServer && !call.isRepeatable
        let kind: AWSError.Kind
        switch error.code {
        case .invalidRequest: kind = .invalid
        case .tooLarge: kind = isUncertain ? .unknownOutcome : .unreadable
        default: kind = isUncertain ? .unknownOutcome : .transient
        }
        var failure = Failure(
            error: call.error(kind, code: Self.name(error.code), message: error.description, account: account)
        )
        failure.mayRetry = kind == .transient && error.code != .shutDown
        if case .timedOut = error.code { failure.cost = RetryQuota.timeoutCost }
        return failure
    }

    private static func name(_ code: HTTPError.Code) -> String {
        switch code {
        case .couldNotResolve: "CouldNotResolve"
        case .couldNotConnect: "CouldNotConnect"
        case .tls: "TLS"
        case .timedOut: "TimedOut"
        case .reset: "ConnectionReset"
        case .truncated: "TruncatedReply"
        case .tooLarge: "ReplyTooLarge"
        case .cancelled: "Cancelled"
        case .shutDown: "ShutDown"
        case .invalidRequest: "InvalidRequest"
        case .other: "TransportError"
        }
    }

    private func currentCredentials(_ call: AWSCall) async throws -> Credentials {
        do {
            return try await credentials.credentials()
        } catch let error as CredentialsError {
            throw call.error(
                error.isTransient ? .transient : .denied,
                code: "NoCredentials",
                message: error.description,
                account: account
            )
        }
    }

    private func request(_ call: AWSCall, _ credentials: Credentials?) throws -> HTTPRequest {
        let region = call.region ?? region
        guard var endpoint = Endpoint(call.service, region: region, environment: environment) else {
            throw call.error(
                .invalid,
                code: "InvalidEndpoint",
                message: "AWS_ENDPOINT_URL is not an http or https URL",
                account: account
            )
        }
        var path = call.path
        if let bucket = call.bucket {
            let place = endpoint.addressing(bucket: bucket)
            endpoint = place.endpoint
            path = place.path + call.path
        }
        path = endpoint.basePath + path
        let query = URIEncoding.query(call.query)
        let signer = SigV4(service: call.service.signing, region: region, keys: keys)
        let signature = try credentials.map { credentials in
            try signer.sign(
                method: call.method,
                authority: endpoint.authority,
                path: path,
                query: query,
                headers: call.headers,
                body: call.body,
                credentials: credentials,
                at: clock.now()
            )
        }
        return HTTPRequest(
            method: call.method,
            url: "\(endpoint.scheme)://\(endpoint.authority)\(path)\(query.isEmpty ? "" : "?\(query)")",
            headers: call.headers + (signature ?? []),
            body: call.body,
            timeouts: call.timeouts,
            maximumResponseBytes: call.maximumResponseBytes,
            isRepeatable: call.isRepeatable
        )
    }

    private func note(
        _ call: AWSCall,
        _ number: Int,
        _ begun: Duration,
        _ outcome: CallAttempt.Outcome
    ) {
        observer?.attempted(
            CallAttempt(
                service: call.service.name,
                operation: call.operation.name,
                account: account,
                number: number,
                requestBytes: call.body.count,
                duration: timing.elapsed() - begun,
                outcome: outcome
            )
        )
    }
}

/// A reply with a success's status and an error's body.
struct HiddenError: Error {
    let reply: ErrorReply
}

/// A reply with a success's status whose body breaks off.
struct TruncatedReply: Error {}
