import AWS
import Logging

/// Logs every request to AWS at the debug level, for whoever wants to see what the worker really asks.
struct CallLog: CallObserver {
    let log: Logger

    func attempted(_ attempt: CallAttempt) {
        var metadata: Logger.Metadata = [
            "step": "call", "call": "\(attempt.service) \(attempt.operation)",
            "milliseconds": "\(attempt.duration / .milliseconds(1))",
        ]
        metadata["awsAccount"] = attempt.account.map { "\($0)" }
        switch attempt.outcome {
        case .answered(let status): log.debug("attempt \(attempt.number): \(status)", metadata: metadata)
        case .failed(let sentence): log.debug("attempt \(attempt.number): \(sentence)", metadata: metadata)
        }
    }
}
