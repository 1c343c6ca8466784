/// A release as `releases --json` and `show --json` print it; the names are a contract.
struct Release: Decodable, Sendable {
    struct Stage: Decodable, Sendable {
        struct Account: Decodable, Sendable, Equatable {
            let name: String
            let state: String
        }

        let stage: String
        let state: String
        let accounts: [Account]
        let waitingFor: [String]
    }

    struct Decision: Decodable, Sendable {
        let action: String
        let stage: String?
        let sender: String
        let reason: String
        let verdict: String
        let why: String
        let at: String
    }

    struct Line: Decodable, Sendable {
        let at: String
        let kind: String
        let name: String
        let account: String?
        let text: String
    }

    let id: String
    let number: Int
    let endpoint: String
    let state: String
    let models: [String: String]
    let serving: [String]
    let stages: [Stage]
    let reason: String?
    let journal: [Line]?
    let decisions: [Decision]?

    func stage(_ name: String) -> Stage? { stages.first { $0.stage == name } }

    /// Why it ended as it did.
    var why: String { reason ?? "" }

    /// Whether it waits at the gate of a stage.
    func waits(at stage: String) -> Bool { state == "waiting" && self.stage(stage)?.state == "waiting" }

    /// What it waits for, all stages together.
    var waitingFor: String { stages.flatMap(\.waitingFor).joined(separator: "\n") }
}

/// A message as `quarantine --json` prints it.
struct Quarantined: Decodable, Sendable {
    let id: String
    let receivedAt: String
    let sender: String?
    let reason: String
    let body: String
}
