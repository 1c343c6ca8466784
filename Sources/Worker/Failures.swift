import AWS
import Promotion

extension Failure {
    /// The class of a failure and the sentence for people, from whatever an effect threw.
    init(_ error: any Error) {
        switch error {
        case let failure as FailureError:
            self = failure.failure
        case let error as AWSError:
            self.init(Self.kind(error.kind), "\(error)\(Self.advice(error.kind))")
        case let error as CredentialsError:
            self.init(error.isTransient ? .transient : .denied, "\(error)")
        case is CancellationError:
            self.init(.interrupted, "the worker was stopped")
        default:
            self.init(.transient, "\(error)")
        }
    }

    private static func kind(_ kind: AWSError.Kind) -> Class {
        switch kind {
        case .throttled: .throttled
        case .lapsed: .interrupted
        case .transient, .unknownOutcome, .unreadable, .limitExceeded, .conflict, .modelNotReady: .transient
        case .denied, .expiredCredentials: .denied
        case .inProgress: .inProgress
        case .notFound: .vanished
        case .alreadyExists, .preconditionFailed, .invalid, .modelError: .invalid
        }
    }

    private static func advice(_ kind: AWSError.Kind) -> String {
        switch kind {
        case .denied:
            ". Grant the action to the role, or mend its trust policy and ExternalId; the rollout then goes on by itself"
        case .limitExceeded: ". Raise the quota or free some of it; the rollout then goes on by itself"
        default: ""
        }
    }
}

/// A failure that an effect found out by itself.
struct FailureError: Error {
    let failure: Failure

    init(_ kind: Failure.Class, _ sentence: String) {
        failure = Failure(kind, sentence)
    }
}
