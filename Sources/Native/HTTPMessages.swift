/// One header field.
public struct HTTPHeader: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// How long a request may take.
public struct HTTPTimeouts: Sendable, Equatable {
    /// Name resolution, TCP and TLS together.
    public var connect: Duration
    /// The whole exchange; nil sets no limit.
    public var total: Duration?
    /// The longest time in which no byte moves in either direction; nil sets no limit.
    public var idle: Duration?

    public init(connect: Duration = .seconds(5), total: Duration? = .seconds(30), idle: Duration? = nil) {
        self.connect = connect
        self.total = total
        self.idle = idle
    }
}

/// One request, sent exactly as written: the path and query are not normalised, redirects are not followed
/// and no header is added besides `Host`, `Content-Length` and `User-Agent`.
public struct HTTPRequest: Sendable {
    public var method: String
    /// An absolute `http` or `https` URL, already percent-encoded.
    public var url: String
    public var headers: [HTTPHeader]
    /// The body. POST and PUT always say its length, also when it is empty.
    public var body: [UInt8]
    public var timeouts: HTTPTimeouts
    /// The largest body accepted in the response, in bytes.
    public var maximumResponseBytes: Int
    /// Whether libcurl may send the request again when a kept-alive connection turns out to have been closed
    /// before the first byte of a response. False for a request whose second arrival would do something else.
    public var isRepeatable: Bool

    public init(
        method: String = "GET",
        url: String,
        headers: [HTTPHeader] = [],
        body: [UInt8] = [],
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        maximumResponseBytes: Int = 16 << 20,
        isRepeatable: Bool = true
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.maximumResponseBytes = maximumResponseBytes
        self.isRepeatable = isRepeatable
    }
}

/// One complete response, whatever its status.
public struct HTTPResponse: Sendable {
    public let status: Int
    /// The header fields in the order they came.
    public let headers: [HTTPHeader]
    public let body: [UInt8]
    /// Whether the request travelled on a connection that was already open.
    public let connectionReused: Bool
    /// How long the exchange took.
    public let duration: Duration

    public init(
        status: Int,
        headers: [HTTPHeader] = [],
        body: [UInt8] = [],
        connectionReused: Bool = false,
        duration: Duration = .zero
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.connectionReused = connectionReused
        self.duration = duration
    }

    /// The value of the first header field of that name; case does not matter.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}
