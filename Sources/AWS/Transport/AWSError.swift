/// What a call to AWS came to, when it did not come to its answer.
public struct AWSError: Error, Sendable, CustomStringConvertible {
    /// What a caller can do about the failure.
    public enum Kind: Sendable, Equatable {
        /// Too many calls; the same call succeeds later.
        case throttled
        /// AWS or the network failed; the call had no effect or may be repeated.
        case transient
        /// Nobody knows whether a call that must not be repeated blindly took effect: look before repeating it.
        case unknownOutcome
        /// The caller may not do this, or has no credentials.
        case denied
        /// The credentials are expired or unknown, also after fetching new ones.
        case expiredCredentials
        /// What the call names does not exist.
        case notFound(AWSResource)
        /// What the call creates exists already.
        case alreadyExists
        /// The call was not sent, because its caller may no longer make it.
        case lapsed
        /// The endpoint is being changed by an earlier call; try again in minutes.
        case inProgress
        /// A condition the call made (`If-None-Match`, `copy-source-if-match`) does not hold.
        case preconditionFailed
        /// Another change of the same thing came between; try again.
        case conflict
        /// A quota of the account is used up.
        case limitExceeded
        /// The call is wrong as it is written.
        case invalid
        /// The model's container answered an invocation with an error.
        case modelError
        /// The endpoint is still loading the model.
        case modelNotReady
        /// AWS answered with something this program cannot read.
        case unreadable
    }

    public let kind: Kind
    /// AWS's own code, such as `ValidationException`; a status or a word of ours where there is none.
    public let code: String
    /// AWS's message, cut to 1,024 characters.
    public let message: String
    /// The HTTP status; nil where no answer came.
    public let status: Int?
    public let requestID: String?
    /// The service as AWS's SDKs name it, such as `SageMaker`.
    public let service: String
    public let operation: String
    /// What the call was about: the name of an endpoint, the ARN of a package, a bucket and key.
    public let subject: String
    /// The account the caller works in, where the client was told.
    public let account: String?

    public init(
        kind: Kind,
        code: String,
        message: String,
        status: Int? = nil,
        requestID: String? = nil,
        service: String,
        operation: String,
        subject: String = "",
        account: String? = nil
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.status = status
        self.requestID = requestID
        self.service = service
        self.operation = operation
        self.subject = subject
        self.account = account
    }

    /// A sentence for people. It never holds credentials, tokens, signatures or queries of URLs.
    public var description: String {
        let place = account.map { " in account \($0)" } ?? ""
        let object = subject.isEmpty ? "" : " of \(subject)"
        let said = message.isEmpty ? "" : ": \(message)"
        let trace = requestID.map { " (request \($0))" } ?? ""
        return "\(service) \(operation)\(object)\(place) \(Self.verb(kind)): \(code)\(said)\(trace)"
    }

    private static func verb(_ kind: Kind) -> String {
        switch kind {
        case .throttled: "was throttled"
        case .transient: "failed for now"
        case .unknownOutcome: "may or may not have taken effect"
        case .denied: "was denied"
        case .expiredCredentials: "was refused with credentials that have expired or are not known"
        case .notFound(let resource): "found no such \(resource.rawValue)"
        case .alreadyExists: "found that it exists already"
        case .lapsed: "came too late"
        case .inProgress: "must wait for a change in progress"
        case .preconditionFailed: "found its condition not met"
        case .conflict: "met another change"
        case .limitExceeded: "is beyond the account's limits"
        case .invalid: "was refused"
        case .modelError: "failed in the model"
        case .modelNotReady: "came before the model was ready"
        case .unreadable: "answered something unreadable"
        }
    }
}

/// What a `notFound` did not find.
public enum AWSResource: String, Sendable {
    case bucket
    case endpoint
    case endpointConfig = "endpoint config"
    case model
    case modelPackage = "model package"
    case modelPackageGroup = "model package group"
    case object
    case queue
    case other = "resource"
}
