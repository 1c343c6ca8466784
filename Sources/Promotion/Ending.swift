/// How an attempt, a release or an approval ended. A failure that will be tried again is no ending.
public enum Ending: String, Sendable, Codable, CaseIterable {
    /// The release is verified in its last stage.
    case released
    /// A check said no.
    case failed
    /// Sluice or AWS broke and the retry budget is spent.
    case errored
    /// A person said no, or nobody said yes in time.
    case refused
    /// Withdrawn in the registry, or stopped by a person.
    case aborted
    /// A newer release took its place.
    case superseded
}

/// What one condition of a gate, or one check of an attempt, came to. Inconclusive never promotes.
public enum Verdict: String, Sendable, Codable {
    case passed, failed, inconclusive, errored
}
