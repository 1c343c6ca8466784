import Native

/// The call made to Amazon SageMaker Runtime.
///
/// See [InvokeEndpoint](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html).
public struct SageMakerRuntime: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) {
        self.client = client
    }

    /// Asks an endpoint for one prediction.
    ///
    /// Throws `AWSError`: of kind `modelError` where the container answered with an error, `modelNotReady`
    /// while the model is loading. The first invocation of a model on an instance loads it.
    ///
    /// - Parameters:
    ///   - targetModel: On a multi-model endpoint, the artifact's key below the model prefix.
    ///   - body: At most 6 MiB.
    public func invokeEndpoint(
        name: String,
        targetModel: String? = nil,
        contentType: String,
        accept: String? = nil,
        body: [UInt8]
    ) async throws -> Invocation {
        let subject = targetModel.map { "\(name) (\($0))" } ?? name
        var call = AWSCall(.invokeEndpoint, subject: subject)
        call.path = "/endpoints/\(URIEncoding.encode(name))/invocations"
        call.headers = [HTTPHeader("Content-Type", contentType)]
        if let accept { call.headers.append(HTTPHeader("Accept", accept)) }
        if let targetModel { call.headers.append(HTTPHeader("X-Amzn-SageMaker-Target-Model", targetModel)) }
        call.body = body
        // The container has 60 s; AWS asks clients to wait 70.
        call.timeouts.total = .seconds(75)
        return try await client.send(call) { response in
            Invocation(
                status: response.status,
                contentType: response.header("Content-Type"),
                body: response.body,
                variant: response.header("x-Amzn-Invoked-Production-Variant"),
                duration: response.duration
            )
        }
    }
}

/// What a model answered.
public struct Invocation: Sendable {
    public let status: Int
    public let contentType: String?
    public let body: [UInt8]
    /// The production variant that answered.
    public let variant: String?
    /// How long the request took that was answered, those sent before it not counted.
    public let duration: Duration
}
