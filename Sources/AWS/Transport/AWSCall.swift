import Native

/// One call of one operation, before it is addressed and signed.
struct AWSCall: Sendable {
    let operation: AWSOperation
    /// What the call is about, for errors.
    let subject: String
    var method = "POST"
    /// The bucket, for S3: it decides the host or the path's beginning.
    var bucket: String?
    /// The percent-encoded path below the endpoint.
    var path = "/"
    var query: [(String, String)] = []
    var headers: [HTTPHeader] = []
    var body: [UInt8] = []
    var timeouts = HTTPTimeouts()
    /// The largest answer accepted, in bytes.
    var maximumResponseBytes = 16 << 20
    /// False where a second arrival of the same request would do, or say, something else.
    var isRepeatable = true
    /// Whether the caller may still ask for it, if the answer takes as long as that; nil where it always may.
    var mayBegin: (@Sendable (Duration) -> Bool)?
    /// The region, where it is not the client's.
    var region: String?
    /// False for a call that carries its own proof of who makes it.
    var isSigned = true
    /// What the call carries that no message may hold.
    var secrets: [String] = []

    var service: Service { operation.service }

    init(_ operation: AWSOperation, subject: String) {
        self.operation = operation
        self.subject = subject
    }

    /// A call in AWS JSON: the operation in a header, the input in the body.
    static func json(
        _ operation: AWSOperation,
        target: String,
        version: String,
        subject: String,
        input: some Encodable
    ) throws -> AWSCall {
        var call = AWSCall(operation, subject: subject)
        call.headers = [
            HTTPHeader("X-Amz-Target", "\(target).\(operation.name)"),
            HTTPHeader("Content-Type", "application/x-amz-json-\(version)"),
        ]
        call.body = try AWSJSON.encode(input)
        return call
    }

    func notRepeatable() -> AWSCall {
        var call = self
        call.isRepeatable = false
        return call
    }

    func error(_ kind: AWSError.Kind, _ reply: ErrorReply, account: String?) -> AWSError {
        AWSError(
            kind: kind,
            code: reply.code,
            message: reply.message,
            status: reply.status,
            requestID: reply.requestID,
            service: service.name,
            operation: operation.name,
            subject: subject,
            account: account
        )
    }

    /// An error no answer stands behind.
    func error(
        _ kind: AWSError.Kind,
        code: String,
        message: String,
        account: String?,
        answer: HTTPResponse? = nil
    ) -> AWSError {
        AWSError(
            kind: kind,
            code: code,
            message: message,
            status: answer?.status,
            requestID: answer.flatMap(ErrorReply.requestID),
            service: service.name,
            operation: operation.name,
            subject: subject,
            account: account
        )
    }
}
