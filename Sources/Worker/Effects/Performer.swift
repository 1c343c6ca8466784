import AWS
import Ledger
import Logging
import Promotion

/// Performs effects: each one small, named, and harmless to repeat.
///
/// A performer never decides what comes next. It answers with what happened and what it learned.
struct Performer: Sendable {
    let settings: Settings
    let sessions: Sessions
    let ledger: Ledger
    var limits = CopyLimits()
    let log: Logger

    var now: Moment { sessions.timing.moment }

    /// Performs one effect. Whatever it throws is a failure of the effect, with a class and a sentence.
    func perform(_ work: Work, under lease: Lease) async -> Outcome {
        var facts: [Fact] = []
        do {
            let event = try await event(of: work, under: lease, learning: &facts)
            return .attempt(work.claim, facts, event)
        } catch {
            return .attempt(work.claim, facts, .effectFailed(Failure(error)))
        }
    }

    private func event(
        of work: Work,
        under lease: Lease,
        learning facts: inout [Fact]
    ) async throws -> Attempt.Event {
        switch work.effect {
        case .inspect:
            return try await Inspector(performer: self, work: work).inspect(learning: &facts)
        case .copyArtifacts:
            return try await ArtifactCopier(performer: self, work: work).copy(learning: &facts)
        case .deleteEndpoint, .createModel, .createEndpointConfig, .createEndpoint, .updateEndpoint:
            return try await roller(of: work, under: lease).roll()
        case .invoke(let targets):
            let (endpoint, session) = try await place(of: work)
            let tester = SmokeTester(
                endpoint: endpoint,
                stage: work.attempt.stage,
                account: session.account.name,
                calls: SmokeCalls(endpoint, session, sessions.timing)
            )
            let event = try await tester.test(targets)
            if case .modelsAnswered = event { try await roller(of: work, under: lease).claimAdopted() }
            return event
        case .look, .wait:
            // Looks are shared by the attempts of an account, and time passes by itself.
            throw FailureError(.interrupted, "nothing to perform")
        }
    }

    private func roller(of work: Work, under lease: Lease) async throws -> EndpointRoller {
        let (endpoint, session) = try await place(of: work)
        return EndpointRoller(
            performer: self,
            endpoint: endpoint,
            session: session,
            work: work,
            lease: lease
        )
    }

    /// The endpoint as the accounts folder has it, and the account it is worked on in.
    private func place(of work: Work) async throws -> (EndpointDocument, Sessions.Session) {
        guard let endpoint = settings.endpoint(work.attempt.endpoint) else {
            throw FailureError(
                .invalid,
                "endpoint \(work.attempt.endpoint) is no longer in the accounts folder"
            )
        }
        return (endpoint, try await sessions.session(work.attempt.account))
    }

    /// Looks at all endpoints of an account that attempts wait for: one paged ListEndpoints says which of
    /// them are still changing, and only the others are described.
    func look(at works: [Work], in account: String) async -> [Outcome] {
        do {
            let session = try await sessions.session(account)
            // A listing from before the switch would miss the endpoint, and clocks may differ.
            let since = (works.map(\.attempt.startedAt).min() ?? now) - .seconds(3600)
            let names = Set(works.map { session.account.liveName(of: $0.attempt.endpoint) })
            var changing: [String: EndpointSummary] = [:]
            var token: String?
            repeat {
                let page = try await SageMaker(session.client).listEndpoints(
                    lastModifiedAfter: since.date,
                    nextToken: token
                )
                for summary in page.items
                where names.contains(summary.name) && summary.status.kind == .inProgress {
                    changing[summary.name] = summary
                }
                token = page.nextToken
            } while token != nil
            var outcomes: [Outcome] = []
            for work in works {
                outcomes.append(.attempt(work.claim, [], await event(of: work, changing, session)))
            }
            return outcomes
        } catch {
            let failure = Failure(error)
            return works.map { .attempt($0.claim, [], .effectFailed(failure)) }
        }
    }

    private func event(
        of work: Work,
        _ changing: [String: EndpointSummary],
        _ session: Sessions.Session
    ) async -> Attempt.Event {
        let name = session.account.liveName(of: work.attempt.endpoint)
        if let summary = changing[name] {
            return .endpointSeen(
                EndpointSight(
                    kind: .inProgress,
                    status: summary.status.rawValue,
                    config: "",
                    modifiedAt: Moment(summary.lastModifiedTime),
                    failureReason: nil
                )
            )
        }
        do {
            return .endpointSeen(
                EndpointSight(try await SageMaker(session.client).describeEndpoint(name: name))
            )
        } catch {
            return .effectFailed(Failure(error))
        }
    }
}

extension EndpointStatus {
    var kind: EndpointSight.Kind {
        switch self {
        case .inService: .inService
        case .creating, .updating, .systemUpdating, .rollingBack, .deleting: .inProgress
        case .failed: .failed
        default: .impaired
        }
    }
}

extension EndpointSight {
    init(_ endpoint: EndpointDescription) {
        self.init(
            kind: endpoint.status.kind,
            status: endpoint.status.rawValue,
            config: endpoint.configName ?? "",
            modifiedAt: Moment(endpoint.lastModifiedTime),
            failureReason: endpoint.failureReason,
            traffic: endpoint.lastTraffic
        )
    }
}
