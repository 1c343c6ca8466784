/// What one CloudWatch alarm of an account was seen to be.
public struct AlarmSight: Hashable, Sendable, Codable {
    public enum State: String, Sendable, Codable {
        case ok = "OK"
        case alarm = "ALARM"
        case insufficientData = "INSUFFICIENT_DATA"
        /// The account has no alarm of that name.
        case missing
    }

    public let account: String
    public let name: String
    public let state: State
    /// CloudWatch's StateTransitionedTimestamp: since when it is in the state; nil where CloudWatch says none.
    public let since: Moment?
    /// When it was looked at.
    public let seenAt: Moment

    public init(account: String, name: String, state: State, since: Moment?, seenAt: Moment) {
        self.account = account
        self.name = name
        self.state = state
        self.since = since
        self.seenAt = seenAt
    }
}
