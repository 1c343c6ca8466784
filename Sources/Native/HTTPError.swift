/// Why no complete response came.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        case couldNotResolve
        case couldNotConnect
        /// The TLS handshake failed or the certificate was not accepted.
        case tls
        case timedOut(Phase)
        /// The connection ended before or during the response's headers, or was reset.
        case reset
        /// The response's body ended early.
        case truncated
        /// The response is larger than the request allows.
        case tooLarge
        /// The task was cancelled.
        case cancelled
        /// The client was shut down.
        case shutDown
        /// The request cannot be sent as it is written.
        case invalidRequest
        case other
    }

    /// Which of `HTTPTimeouts` ran out.
    public enum Phase: String, Sendable {
        case connect, idle, total
    }

    public let code: Code
    /// False only where not one byte of the request was sent.
    public let mayHaveReachedServer: Bool
    /// Host and port, empty where the URL has none.
    public let host: String
    /// The URL's path, without its query.
    public let path: String
    /// What libcurl said, for TLS and unclassified failures.
    public let detail: String

    package init(_ code: Code, url: String, mayHaveReachedServer: Bool, detail: String = "") {
        let address = HTTPAddress(url)
        self.code = code
        self.mayHaveReachedServer = mayHaveReachedServer
        host = address?.authority ?? ""
        path = address?.path ?? ""
        self.detail = detail
    }

    /// A sentence without query, headers and body, which may hold secrets.
    public var description: String {
        let place = host.isEmpty ? "the server" : host
        let said = detail.isEmpty ? "" : ": \(detail)"
        return switch code {
        case .couldNotResolve: "could not find the host \(place)"
        case .couldNotConnect: "could not connect to \(place)"
        case .tls: "no trusted connection to \(place)\(said)"
        case .timedOut(.connect): "no connection to \(place) in time"
        case .timedOut(.idle): "\(place) fell silent while answering \(path)"
        case .timedOut(.total): "\(place) did not answer \(path) in time"
        case .reset: "\(place) closed the connection without answering \(path)"
        case .truncated: "\(place) ended its answer to \(path) too early"
        case .tooLarge: "the answer of \(place) to \(path) is too large"
        case .cancelled: "the request to \(place) for \(path) was cancelled"
        case .shutDown: "the HTTP client is shut down; nothing was sent to \(place)"
        case .invalidRequest: "the request to \(place) for \(path) cannot be sent\(said)"
        case .other: "the request to \(place) for \(path) failed\(said)"
        }
    }
}
