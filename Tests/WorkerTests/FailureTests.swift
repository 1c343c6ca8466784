import Native
import Promotion
import Testing

@testable import AWS
@testable import Worker

/// The class of every failure, by which it is decided what is done about it.
@Suite struct FailureTests {
    @Test(arguments: [
        (AWSError.Kind.throttled, Failure.Class.throttled), (.transient, .transient),
        (.unknownOutcome, .transient), (.denied, .denied), (.expiredCredentials, .denied),
        (.notFound(.endpoint), .vanished), (.notFound(.object), .vanished), (.alreadyExists, .invalid),
        (.inProgress, .inProgress), (.preconditionFailed, .invalid), (.conflict, .transient),
        (.limitExceeded, .transient), (.invalid, .invalid), (.modelError, .invalid),
        (.modelNotReady, .transient), (.unreadable, .transient),
    ])
    func everyKindHasItsClass(_ kind: AWSError.Kind, _ expected: Failure.Class) {
        let failure = Failure(Self.error(kind))
        #expect(failure.kind == expected)
        // What was tried, on what, where, and what AWS said, whatever the kind.
        for part in ["SageMaker UpdateEndpoint", "demand-forecast", "222222222222", "Code: AWS says so"] {
            #expect(failure.sentence.contains(part))
        }
    }

    @Test func whatAPersonCanMendSaysHow() {
        #expect(
            Failure(Self.error(.denied)).sentence
                == "SageMaker UpdateEndpoint of demand-forecast in account 222222222222 was denied: Code: AWS says "
                + "so (request r1). Grant the action to the role, or mend its trust policy and ExternalId; the "
                + "rollout then goes on by itself"
        )
        #expect(
            Failure(Self.error(.limitExceeded)).sentence.hasSuffix(
                ". Raise the quota or free some of it; the rollout then goes on by itself"
            )
        )
        #expect(Failure(Self.error(.transient)).sentence.hasSuffix("(request r1)"))
    }

    @Test func whatIsNotOfAWSHasItsClassToo() {
        let missing = CredentialsError(source: "the environment", reason: "there are none")
        #expect(Failure(missing).kind == .denied)
        #expect(
            Failure(missing).sentence == "no AWS credentials from the environment: there are none"
        )
        let late = CredentialsError(source: "the container", reason: "it timed out", isTransient: true)
        #expect(Failure(late).kind == .transient)
        #expect(Failure(CancellationError()).kind == .interrupted)
        let own = FailureError(.vanished, "the pin is gone")
        #expect(Failure(own) == Failure(.vanished, "the pin is gone"))
        #expect(Failure(JSONError(.malformed, at: 3)) == Failure(.transient, "not valid JSON at byte 3"))
    }

    private static func error(_ kind: AWSError.Kind) -> AWSError {
        AWSError(
            kind: kind,
            code: "Code",
            message: "AWS says so",
            status: 400,
            requestID: "r1",
            service: "SageMaker",
            operation: "UpdateEndpoint",
            subject: "demand-forecast",
            account: "222222222222"
        )
    }
}
