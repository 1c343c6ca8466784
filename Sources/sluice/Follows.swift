import Ledger

/// What follows from an accepted decision, looked up in the ledger right after the verdict.
enum Follows {
    /// What becomes of this release.
    case release(String)
    /// Whatever is then under way on the endpoint.
    case endpoint

    /// Says what is under way now, and how to watch it.
    func say(_ endpoint: String, in ledger: Ledger) async throws {
        let deadline = ContinuousClock.now + .seconds(3)
        while true {
            let parts = try await ledger.underWay().filter { part in
                switch self {
                case .release(let id): part.release == id
                case .endpoint: part.endpoint == endpoint
                }
            }
            parts.map(Self.sentence).forEach { print($0) }
            if let newest = parts.last?.release {
                return print("follow with `sluice show \(newest) --follow`")
            }
            // A release that was just asked for waits up to two seconds for looks at the registry.
            guard .now < deadline else { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        print("nothing is under way there yet; `sluice status \(endpoint)` says what serves and what waits")
    }

    private static func sentence(_ part: UnderWay) -> String {
        guard let account = part.account else {
            let waits = part.waitsFor.map(Screen.escaped).joined(separator: "; ")
            return "\(part.release) waits at the gate of \(part.stage)"
                + (waits.isEmpty ? "" : " for \(waits)")
        }
        let waits = part.waitsFor.first.map { ", waits for \(Screen.escaped($0))" } ?? ""
        if part.rollback {
            return "\(account) goes back to \(part.release): \(part.state)\(waits)"
        }
        return "\(part.release) rolls in \(part.stage), \(account): \(part.state)\(waits)"
    }
}
