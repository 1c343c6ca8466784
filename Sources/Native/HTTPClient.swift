/// Whatever brings a request to a server and its response back.
public protocol HTTPSender: Sendable {
    /// Sends `request` and returns the response, whatever its status.
    ///
    /// Cancelling the task ends the exchange and throws `HTTPError.Code.cancelled`.
    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse
}

/// Sends HTTP requests over connections that are kept alive and reused.
///
/// All transfers of a client share one thread, on which libcurl's multi interface runs; a waiting request costs
/// memory and no thread. Dropping the last reference stops that thread and ends what is under way.
public final class HTTPClient: HTTPSender {
    /// What holds for all requests of a client.
    public struct Configuration: Sendable {
        /// A file of PEM certificates to trust instead of the system's, as in `AWS_CA_BUNDLE`.
        public var certificateAuthorities: String?
        /// The proxy's URL. Nil uses none: the environment's proxies are not consulted.
        public var proxy: String?
        /// The most idle connections kept open.
        public var maximumIdleConnections: Int
        /// How long a connection may have been idle to be used again; whole seconds.
        public var maximumIdleTime: Duration
        /// The value of the `User-Agent` header.
        public var userAgent: String

        public init(
            certificateAuthorities: String? = nil,
            proxy: String? = nil,
            maximumIdleConnections: Int = 128,
            maximumIdleTime: Duration = .seconds(118),
            userAgent: String = "sluice"
        ) {
            self.certificateAuthorities = certificateAuthorities
            self.proxy = proxy
            self.maximumIdleConnections = maximumIdleConnections
            self.maximumIdleTime = maximumIdleTime
            self.userAgent = userAgent
        }
    }

    private let loop: TransferLoop

    /// Starts a client and its thread.
    public init(_ configuration: Configuration = Configuration()) {
        loop = TransferLoop(configuration)
        loop.start()
    }

    deinit { loop.stop() }

    /// Sends `request` and returns the response, whatever its status.
    ///
    /// Cancelling the task aborts the transfer, closes its connection and throws `HTTPError.Code.cancelled`.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let ticket = loop.ticket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.submit(TransferLoop.Submission(ticket: ticket, request: request, reply: continuation))
            }
        } onCancel: {
            loop.cancel(ticket)
        }
        return try result.get()
    }

    /// Ends what is under way with `HTTPError.Code.cancelled`, closes all connections and returns once the
    /// thread has ended. Requests sent afterwards fail with `HTTPError.Code.shutDown`.
    public func shutdown() async {
        loop.stop()
        await loop.ended()
    }
}
