/// The names under which events and effects stand in the journal, in logs and in `sluice show`.
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
        case .checkFailed(_, let sentence), .withdrawn(let sentence): sentence
        case .effectFailed(let failure): "\(failure.kind.rawValue): \(failure.sentence)"
        case .endpointDeleted, .artifactsCopied, .endpointUpdateAccepted, .modelsAnswered, .soakEnded: ""
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
