import AWS
import ArgumentParser
import Foundation
import Ledger
import Worker

/// What every deciding command shares: the reason, where the queue is, and whether to wait.
struct PostingOptions: ParsableArguments {
    @Option(help: "Why, in 1 to 1,000 characters. It is kept with the decision.")
    var reason: String

    @OptionGroup var accounts: AccountsOption
    @OptionGroup var ledger: LedgerOption

    @Flag(help: "Wait until the worker has decided, by reading its ledger; exit 1 if it refuses.")
    var wait = false

    @Option(help: "How many seconds to wait at the most.")
    var timeout = 60

    func validate() throws {
        guard reason.contains(where: { !$0.isWhitespace }), reason.count <= 1000 else {
            throw ValidationError("--reason has to have 1 to 1,000 characters.")
        }
        guard timeout > 0 else { throw ValidationError("--timeout has to be at least 1 second.") }
    }

    /// Posts a message as the caller to the queue of every worker that is to decide about it, says what was
    /// posted, and waits if asked to.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint the message is about, which the accounts folder must have; nil for all.
    ///   - stage: The stage whose accounts' workers decide; nil for all of the endpoint's.
    ///   - composes: Whether only those decide who compose releases, which drive the first stage.
    ///   - account: An account that the endpoint must be deployed to.
    ///   - follows: What to look at once it is accepted, to say what happens next; nil where nothing does.
    func post(
        _ action: String,
        _ fields: [String: Field],
        endpoint: String?,
        stage: String?,
        composes: Bool = false,
        account: String? = nil,
        follows: Follows? = nil
    ) async throws {
        let folder = try accounts.load()
        try check(endpoint, stage, account, in: folder)
        let requestID = UUID().uuidString.lowercased()
        var message = fields
        message["sluice"] = .version
        message["action"] = .text(action)
        message["reason"] = .text(reason)
        message["requestId"] = .text(requestID)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = String(decoding: try encoder.encode(message), as: UTF8.self)

        let aws = try OwnAWS(ProcessInfo.processInfo.environment, region: folder.registry.region)
        let client = aws.client
        let caller = try await STS(client).callerIdentity()
        var messages: [String] = []
        let first = endpoint.flatMap { folder.endpoint(named: $0)?.stages.first?.name }
        for queue in folder.queues(endpoint, stage: composes ? first : stage, account: account) {
            let message = try await SQS(client).sendMessage(queueURL: queue, body: body)
            print("posted as \(caller.userID) to \(queue), message \(message):")
            messages.append(message)
        }
        await aws.close()
        print(Screen.escaped(body))
        guard wait else { return }
        let ledger = try await ledger.open()
        try await verdict(on: "request \(caller.userID) \(requestID)", messages, in: ledger)
        if let follows, let endpoint { try await follows.say(endpoint, in: ledger) }
    }

    private func check(
        _ endpoint: String?,
        _ stage: String?,
        _ account: String?,
        in folder: AccountsFolder
    ) throws {
        guard let endpoint else { return }
        guard let document = folder.endpoints.first(where: { $0.name == endpoint }) else {
            let known = folder.endpoints.map(\.name).sorted().joined(separator: ", ")
            throw WrongCommand(sentence: "the accounts folder has no endpoint \(endpoint); it has \(known)")
        }
        if let stage, document.stage(named: stage) == nil {
            let known = document.stages.map(\.name).joined(separator: ", ")
            throw WrongCommand(sentence: "endpoint \(endpoint) has no stage \(stage); it has \(known)")
        }
        if let account, document.stage(ofAccount: account) == nil {
            let known = document.stages.flatMap(\.accounts).map(\.name).joined(separator: ", ")
            throw WrongCommand(
                sentence: "endpoint \(endpoint) is not deployed to \(account); its accounts are \(known)"
            )
        }
    }

    private func verdict(on key: String, _ messages: [String], in ledger: Ledger) async throws {
        let deadline = ContinuousClock.now + .seconds(timeout)
        while ContinuousClock.now < deadline {
            if let decision = try await ledger.verdict(on: key) {
                print("\(decision.verdict): \(Screen.escaped(decision.why))")
                if decision.verdict == "refused" { throw Failed(sentence: "") }
                return
            }
            for message in messages {
                guard let reason = try await ledger.quarantine(of: message) else { continue }
                throw Failed(sentence: "the message was quarantined: \(Screen.escaped(reason))")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Failed(
            sentence:
                "no verdict within \(timeout) s. The message is on the queue; is a worker running on this ledger?"
        )
    }

    /// A value in a message.
    enum Field: Encodable {
        case version
        case flag(Bool)
        case text(String)
        case texts([String: String])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .version: try container.encode(1)
            case .flag(let flag): try container.encode(flag)
            case .text(let text): try container.encode(text)
            case .texts(let texts): try container.encode(texts)
            }
        }
    }
}

/// The endpoint in a release's id, `<endpoint>.<ten hex digits>`.
func endpoint(ofRelease id: String) throws -> String {
    guard let dot = id.lastIndex(of: "."), dot != id.startIndex, id[id.index(after: dot)...].count == 10
    else {
        throw WrongCommand(
            sentence: "\(id) is no release; a release is <endpoint>.<ten hex digits>, see `sluice releases`"
        )
    }
    return String(id[..<dot])
}
