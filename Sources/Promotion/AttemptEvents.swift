extension Attempt {
    /// What happened, in the past tense.
    public enum Event: Hashable, Sendable, Codable {
        case inspected(Inspection)
        case endpointDeleted
        case artifactsCopied
        case modelCreated(name: String)
        case endpointConfigCreated(name: String)
        case endpointUpdateAccepted
        case endpointSeen(EndpointSight)
        /// Every changed model answered as its checks ask; the evidence says what they were asked.
        case modelsAnswered(evidence: String)
        /// A check of the attempt said no.
        case checkFailed(blame: Blame, sentence: String)
        /// A version's status in the registry is not one the stage accepts.
        case withdrawn(sentence: String)
        case soakEnded
        /// Somebody who may override the next gate ended the soak before its time.
        case soakCut
        case effectFailed(Failure)
    }

    /// What is to be done next, in the imperative.
    public enum Effect: Hashable, Sendable, Codable {
        case inspect
        case deleteEndpoint
        case copyArtifacts
        case createModel
        case createEndpointConfig
        case createEndpoint(config: String)
        case updateEndpoint(config: String)
        /// Look whether the switch has ended; shared by all attempts of an account.
        case look
        case invoke(targets: [String])
        /// Nothing but time.
        case wait
    }

    /// Who is to blame for a failure, and so which versions are barred.
    public enum Blame: Hashable, Sendable, Codable {
        /// The versions of these target models, in order of their names.
        case targets([String])
        /// No culprit is known: every version that the release changed.
        case changes
        /// No version: settings, somebody else's endpoint, or AWS.
        case nobody
    }
}

/// The names under which events stand in the journal, in logs and in `sluice show`.
extension Attempt.Event {
    public var name: String {
        switch self {
        case .inspected: "inspected"
        case .endpointDeleted: "endpointDeleted"
        case .artifactsCopied: "artifactsCopied"
        case .modelCreated: "modelCreated"
        case .endpointConfigCreated: "endpointConfigCreated"
        case .endpointUpdateAccepted: "endpointUpdateAccepted"
        case .endpointSeen(let sight): sight.kind == .inService ? "endpointInService" : "endpointSeen"
        case .modelsAnswered: "modelsAnswered"
        case .checkFailed: "checkFailed"
        case .withdrawn: "withdrawn"
        case .soakEnded: "soakEnded"
        case .soakCut: "soakCut"
        case .effectFailed(let failure): failure.kind == .interrupted ? "interrupted" : "effectFailed"
        }
    }

    /// What the journal says besides the name; empty where the name says it all.
    public var text: String {
        switch self {
        case .inspected(let inspection):
            inspection.endpoint.map { "endpoint is \($0.status) on \($0.config)" }
                ?? "no endpoint of that name"
        case .modelCreated(let name), .endpointConfigCreated(let name): name
        case .endpointSeen(let sight):
            "\(sight.status) on \(sight.config)\(sight.failureReason.map { ": \($0)" } ?? "")"
        case .modelsAnswered(let evidence): evidence
        case .checkFailed(_, let sentence), .withdrawn(let sentence): sentence
        case .effectFailed(let failure): "\(failure.kind.rawValue): \(failure.sentence)"
        case .endpointDeleted, .artifactsCopied, .endpointUpdateAccepted, .soakEnded, .soakCut: ""
        }
    }
}

extension Attempt.Effect {
    public var name: String {
        switch self {
        case .inspect: "inspect"
        case .deleteEndpoint: "deleteEndpoint"
        case .copyArtifacts: "copyArtifacts"
        case .createModel: "createModel"
        case .createEndpointConfig: "createEndpointConfig"
        case .createEndpoint: "createEndpoint"
        case .updateEndpoint: "updateEndpoint"
        case .look: "look"
        case .invoke: "invoke"
        case .wait: "wait"
        }
    }
}
