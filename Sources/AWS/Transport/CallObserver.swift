/// Is told about every attempt, so that calls can be counted and measured.
public protocol CallObserver: Sendable {
    /// Called once after each attempt, on whatever task made the call; it must not block.
    func attempted(_ attempt: CallAttempt)
}

/// One request that was sent, or that could not be.
public struct CallAttempt: Sendable {
    public enum Outcome: Sendable, Equatable {
        /// An answer came, with this HTTP status.
        case answered(status: Int)
        /// No answer came; a sentence without secrets says why.
        case failed(String)
    }

    /// The service as AWS's SDKs name it, such as `SageMaker`.
    public let service: String
    public let operation: String
    /// The account the caller works in, where the client was told.
    public let account: String?
    /// Which attempt of the call this was, from 1.
    public let number: Int
    /// The size of the request's body, in bytes.
    public let requestBytes: Int
    public let duration: Duration
    public let outcome: Outcome
}
