/// A service as it is addressed, signed for and spoken of.
struct Service: Sendable, Equatable {
    /// The name in errors and counts.
    let name: String
    /// What follows `AWS_ENDPOINT_URL_` in the environment.
    let variable: String
    /// The host's first labels.
    let host: String
    /// The name in the signature's scope.
    let signing: String

    static let sqs = Service(name: "SQS", variable: "SQS", host: "sqs", signing: "sqs")
    static let sts = Service(name: "STS", variable: "STS", host: "sts", signing: "sts")
    static let s3 = Service(name: "S3", variable: "S3", host: "s3", signing: "s3")
    static let sageMaker = Service(
        name: "SageMaker",
        variable: "SAGEMAKER",
        host: "api.sagemaker",
        signing: "sagemaker"
    )
    static let sageMakerRuntime = Service(
        name: "SageMakerRuntime",
        variable: "SAGEMAKER_RUNTIME",
        host: "runtime.sagemaker",
        signing: "sagemaker"
    )
    static let eventBridge = Service(
        name: "EventBridge",
        variable: "EVENTBRIDGE",
        host: "events",
        signing: "events"
    )
    static let cloudWatch = Service(
        name: "CloudWatch",
        variable: "CLOUDWATCH",
        host: "monitoring",
        signing: "monitoring"
    )
    static let iam = Service(name: "IAM", variable: "IAM", host: "iam", signing: "iam")
    static let ecr = Service(name: "ECR", variable: "ECR", host: "api.ecr", signing: "ecr")
    static let kms = Service(name: "KMS", variable: "KMS", host: "kms", signing: "kms")
    static let serviceQuotas = Service(
        name: "ServiceQuotas",
        variable: "SERVICE_QUOTAS",
        host: "servicequotas",
        signing: "servicequotas"
    )
    static let organizations = Service(
        name: "Organizations",
        variable: "ORGANIZATIONS",
        host: "organizations",
        signing: "organizations"
    )
}
