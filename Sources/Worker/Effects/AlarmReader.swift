import AWS
import Promotion

/// Reads what CloudWatch alarms of an account are in, for the gates that want them quiet.
struct AlarmReader {
    let sessions: Sessions

    /// One sight of every name asked for, in that order; `missing` where the account has no such alarm.
    ///
    /// - Parameter account: The account's name in the accounts folder.
    func look(at names: [String], in account: String) async throws -> [AlarmSight] {
        let session = try await sessions.session(account)
        let found = try await CloudWatch(session.client).describeAlarms(names: Array(Set(names)).sorted())
        let alarms = Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let now = sessions.timing.moment
        return names.map { name in
            AlarmSight(
                account: account,
                name: name,
                state: alarms[name].map { AlarmSight.State($0.state) } ?? .missing,
                since: alarms[name]?.since.map { Moment($0) },
                seenAt: now
            )
        }
    }
}

extension AlarmSight.State {
    init(_ state: AlarmDescription.State) {
        self =
            switch state {
            case .ok: .ok
            case .alarm: .alarm
            case .insufficientData: .insufficientData
            }
    }
}
