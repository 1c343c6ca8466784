import Native
import Testing

@testable import AWS

@Suite struct ClassificationTests {
    /// SageMaker says all of these with one code; names come back in ARNs and in any case.
    @Test(arguments: [
        (
            #"Could not find endpoint configuration "arn:aws:sagemaker:eu-west-1:1:endpoint-config/x"."#,
            AWSError.Kind.notFound(.endpointConfig)
        ),
        (#"Could not find endpoint "arn:aws:sagemaker:eu-west-1:1:endpoint/x"."#, .notFound(.endpoint)),
        (#"COULD NOT FIND ENDPOINT "x""#, .notFound(.endpoint)),
        (#"Could not find model "arn:aws:sagemaker:eu-west-1:1:model/x"."#, .notFound(.model)),
        (#"Could not find model package "x""#, .notFound(.modelPackage)),
        (
            "ModelPackage arn:aws:sagemaker:eu-west-1:1:model-package/x/1 does not exist.",
            .notFound(.modelPackage)
        ),
        ("Model package x/1 does not exist", .notFound(.modelPackage)),
        (
            "ModelPackageGroup arn:aws:sagemaker:eu-west-1:1:model-package-group/x does not exist.",
            .notFound(.modelPackageGroup)
        ),
        (#"Cannot create already existing endpoint "arn""#, .alreadyExists),
        (#"Cannot create already existing endpoint configuration "arn""#, .alreadyExists),
        (#"Cannot create already existing model "arn""#, .alreadyExists),
        (#"Cannot update in-progress endpoint "arn""#, .inProgress),
        ("Requested resource not found.", .notFound(.other)),
        ("1 validation error detected", .invalid),
        ("", .invalid),
    ])
    func sageMakerTexts(_ message: String, _ kind: AWSError.Kind) {
        let reply = ErrorReply(status: 400, code: "ValidationException", message: message, requestID: nil)
        #expect(Classification.kind(of: reply, service: .sageMaker) == kind)
    }

    @Test(arguments: [
        (400, "ThrottlingException", AWSError.Kind.throttled), (503, "SlowDown", .throttled),
        (400, "RequestThrottled", .throttled), (400, "KmsThrottled", .throttled),
        (429, "HTTP 429", .throttled),
        (500, "HTTP 500", .transient), (503, "ServiceUnavailable", .transient),
        (400, "RequestTimeout", .transient),
        (530, "InternalDependencyException", .transient), (400, "IDPCommunicationError", .transient),
        (403, "AccessDenied", .denied), (403, "HTTP 403", .denied), (403, "SignatureDoesNotMatch", .denied),
        (403, "ExpiredToken", .expiredCredentials), (400, "ExpiredTokenException", .expiredCredentials),
        (403, "InvalidClientTokenId", .expiredCredentials), (404, "NoSuchKey", .notFound(.object)),
        (404, "NoSuchBucket", .notFound(.bucket)),
        (400, "QueueDoesNotExist", .notFound(.queue)),
        (400, "AWS.SimpleQueueService.NonExistentQueue", .notFound(.queue)),
        (400, "ResourceNotFound", .notFound(.other)), (412, "PreconditionFailed", .preconditionFailed),
        (412, "HTTP 412", .preconditionFailed), (409, "ConditionalRequestConflict", .conflict),
        (400, "ConflictException", .conflict), (400, "ResourceLimitExceeded", .limitExceeded),
        (400, "ResourceInUse", .alreadyExists), (424, "ModelError", .modelError),
        (429, "ModelNotReadyException", .modelNotReady), (400, "MalformedPolicyDocument", .invalid),
    ])
    func codes(_ status: Int, _ code: String, _ kind: AWSError.Kind) {
        let reply = ErrorReply(status: status, code: code, message: "", requestID: nil)
        for service in [Service.s3, .sqs, .sts, .sageMakerRuntime] {
            #expect(Classification.kind(of: reply, service: service) == kind)
        }
    }

    /// A HEAD has no body, so a session that has ended looks like nothing but a 400.
    @Test func aBare400OfS3IsAnEndedSession() {
        let reply = ErrorReply(HTTPResponse(status: 400))
        #expect(Classification.kind(of: reply, service: .s3) == .expiredCredentials)
        #expect(Classification.kind(of: reply, service: .sqs) == .invalid)
    }

    @Test(
        arguments: [
            ("", [:], "HTTP 418", ""),
            ("<html><body>Bad gateway</body></html>", [:], "HTTP 418", ""),
            ("not anything", [:], "HTTP 418", ""),
            (
                #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#, [:],
                "QueueDoesNotExist", "gone"
            ),
            (#"{"__type":"QueueDoesNotExist:http://x","Message":"gone"}"#, [:], "QueueDoesNotExist", "gone"),
            (#"{"__type":"a#B"}"#, ["x-amzn-query-error": "C.D;Sender"], "C.D", ""),
            (#"{"__type":"a#B"}"#, ["x-amzn-query-error": "garbage"], "B", ""),
            (#"{"message":"slow"}"#, ["x-amzn-ErrorType": "E:http://internal/"], "E", "slow"),
            (#"{"Code":1}"#, [:], "HTTP 418", ""),
            (
                "\n<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>a &amp; b</Message></Error>",
                [:],
                "NoSuchKey", "a & b"
            ),
            (
                "<ErrorResponse xmlns=\"u\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message>"
                    + "</Error></ErrorResponse>", [:], "AccessDenied", "no"
            ),
        ] as [(String, [String: String], String, String)]
    )
    func readsErrors(_ body: String, _ headers: [String: String], _ code: String, _ message: String) {
        let reply = ErrorReply(
            HTTPResponse(
                status: 418,
                headers: headers.map { HTTPHeader($0.key, $0.value) },
                body: Array(body.utf8)
            )
        )
        #expect(reply.code == code)
        #expect(reply.message == message)
    }

    @Test func aDoubtedSignatureIsNotQuoted() {
        let body =
            #"{"__type":"A","message":"Does not match.\n\nThe Canonical String for this request: POST"}"#
        #expect(ErrorReply(HTTPResponse(status: 403, body: Array(body.utf8))).message == "Does not match.")
    }

    @Test func keepsRequestIDsAndBoundsMessages() {
        let long = String(repeating: "x", count: 5000)
        let reply = ErrorReply(
            HTTPResponse(
                status: 400,
                headers: [HTTPHeader("x-amzn-RequestId", "r1")],
                body: Array(#"{"__type":"A","message":"\#(long)"}"#.utf8)
            )
        )
        #expect(reply.requestID == "r1")
        #expect(reply.message.count == 1024)
        let xml = "<Error><Code>A</Code><RequestId>r2</RequestId></Error>"
        #expect(ErrorReply(HTTPResponse(status: 400, body: Array(xml.utf8))).requestID == "r2")
    }
}
