/// What kind of failure a service's answer is.
///
/// Codes come first, then SageMaker's message texts, then the status.
enum Classification {
    static func kind(of reply: ErrorReply, service: Service) -> AWSError.Kind {
        if let kind = byCode(reply) { return kind }
        if service == .sageMaker, reply.code == "ValidationException" {
            return bySageMakerMessage(reply.message)
        }
        // S3 answers a HEAD whose session has ended with a bare 400: there is no body to say so in.
        if service == .s3, reply.code == "HTTP 400" { return .expiredCredentials }
        return byStatus(reply.status, service: service)
    }

    /// The throttling codes of the SDKs' standard retry mode, and SQS's key management throttle, which that
    /// list lacks. `LimitExceededException` is on it; `ResourceLimitExceeded` is a quota.
    static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException",
        "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
        "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
        "EC2ThrottledException", "KmsThrottled", "KMS.ThrottlingException",
    ]

    private static func byCode(_ reply: ErrorReply) -> AWSError.Kind? {
        if throttlingCodes.contains(reply.code) { return .throttled }
        return switch reply.code {
        case "RequestTimeout", "RequestTimeoutException", "IDPCommunicationError", "InternalError",
            "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException",
            "InternalDependencyException", "InternalServerError":
            .transient
        case "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
            "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken":
            .expiredCredentials
        case "AccessDenied", "AccessDeniedException", "AuthorizationError", "InvalidSecurity",
            "NotAuthorized", "SignatureDoesNotMatch", "InvalidSignatureException",
            "RequestTimeTooSkewed", "MissingAuthenticationToken", "KmsAccessDenied",
            "KMS.AccessDeniedException", "OptInRequired", "RegionDisabledException":
            .denied
        case "NoSuchBucket": .notFound(.bucket)
        case "NoSuchKey", "NoSuchVersion": .notFound(.object)
        case "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue": .notFound(.queue)
        case "ResourceNotFound", "ResourceNotFoundException", "NoSuchUpload", "NoSuchEntity",
            "NotFoundException", "ParentNotFoundException", "RepositoryNotFoundException",
            "ImageNotFoundException":
            .notFound(.other)
        case "PreconditionFailed": .preconditionFailed
        case "ConditionalRequestConflict", "OperationAborted", "ConflictException": .conflict
        case "ResourceInUse", "BucketAlreadyExists": .alreadyExists
        case "ResourceLimitExceeded", "OverLimit": .limitExceeded
        case "ModelError": .modelError
        case "ModelNotReadyException": .modelNotReady
        default: nil
        }
    }

    /// SageMaker answers most mistakes with one code and tells them apart by these texts alone. An endpoint
    /// configuration is looked for first: the text for an endpoint begins the same way.
    private static let sageMakerMessages: [(text: String, kind: AWSError.Kind)] = [
        ("could not find endpoint configuration", .notFound(.endpointConfig)),
        ("could not find endpoint", .notFound(.endpoint)),
        ("could not find model package group", .notFound(.modelPackageGroup)),
        ("could not find model package", .notFound(.modelPackage)),
        ("could not find model", .notFound(.model)),
        ("requested resource not found", .notFound(.other)),
        ("could not find requested job", .notFound(.other)),
        ("cannot create already existing", .alreadyExists),
        ("cannot update in-progress endpoint", .inProgress),
        ("rate exceeded", .throttled),
    ]

    private static func bySageMakerMessage(_ message: String) -> AWSError.Kind {
        let message = message.lowercased()
        // The name stands in the middle of these: `ModelPackage arn:… does not exist.`
        if message.contains("does not exist") {
            if message.starts(with: /model ?package ?group\b/) { return .notFound(.modelPackageGroup) }
            if message.starts(with: /model ?package\b/) { return .notFound(.modelPackage) }
        }
        return sageMakerMessages.first { message.contains($0.text) }?.kind ?? .invalid
    }

    private static func byStatus(_ status: Int, service: Service) -> AWSError.Kind {
        switch status {
        case 401, 403: .denied
        // HEAD has no body to name a code in.
        case 404: .notFound(service == .s3 ? .object : .other)
        case 409: .conflict
        case 412: .preconditionFailed
        case 429: .throttled
        case 500...: .transient
        default: .invalid
        }
    }
}
