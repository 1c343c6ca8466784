/// One permission that a call of an operation needs.
public struct Need: Sendable, Hashable {
    /// IAM's name of the action, such as `s3:GetObject`, which is not always the operation's.
    public let action: String
    /// What the action has to be allowed on.
    public let resource: Resource

    /// What kind of thing an action is allowed on, as seen from the call.
    public enum Resource: Sendable, Hashable, CaseIterable {
        case queue
        case eventBus
        case rule
        case repository
        /// The role that is assumed.
        case role
        case modelPackage
        case modelPackageGroup
        case model
        case endpointConfig
        case endpoint
        /// The role that is handed to SageMaker.
        case executionRole
        /// The key that encrypts the instances' volumes.
        case volumeKey
        case bucket
        case object
        /// The object that a copy is made of, where no version of it is named.
        case source
        /// The object that a copy is made of, where a version of it is named.
        case sourceVersion
        /// The key that encrypts the object, where a key does.
        case objectKey
        /// The key that encrypts what a copy is made of, where a key does.
        case sourceKey
        /// Nothing narrower than everything can be named.
        case everything
    }

    init(_ action: String, _ resource: Resource) {
        self.action = action
        self.resource = resource
    }
}

extension AWSOperation {
    /// What a caller has to be allowed for any call of it that this program makes.
    ///
    /// See the [Service Authorization Reference](https://docs.aws.amazon.com/service-authorization/latest/reference/).
    public var needs: [Need] {
        switch self {
        case .receiveMessage: [Need("sqs:ReceiveMessage", .queue)]
        // SQS authorizes a batch by the action for one.
        case .deleteMessageBatch: [Need("sqs:DeleteMessage", .queue)]
        case .sendMessage: [Need("sqs:SendMessage", .queue)]
        case .assumeRole: [Need("sts:AssumeRole", .role)]
        // Whoever has a token needs no policy of their own: the role's trust policy decides.
        case .assumeRoleWithWebIdentity, .getCallerIdentity: []
        case .describeAlarms: [Need("cloudwatch:DescribeAlarms", .everything)]
        case .putEvents: [Need("events:PutEvents", .eventBus)]
        // Which units are below one, and of which account they are, only Organizations knows.
        case .listAccountsForParent, .listOrganizationalUnitsForParent:
            [Need("organizations:\(name)", .everything)]
        case .headObject, .getObject, .copyObject, .createMultipartUpload, .uploadPartCopy,
            .completeMultipartUpload, .abortMultipartUpload, .listParts, .listMultipartUploads, .listObjects,
            .deleteObjects:
            objectNeeds
        case .getQueueAttributes: [Need("sqs:GetQueueAttributes", .queue)]
        case .listRuleNamesByTarget: [Need("events:ListRuleNamesByTarget", .everything)]
        case .describeRule: [Need("events:DescribeRule", .rule)]
        case .describeEventBus: [Need("events:DescribeEventBus", .eventBus)]
        case .headBucket: [Need("s3:ListBucket", .bucket)]
        case .getRole: [Need("iam:GetRole", .executionRole)]
        case .listRoles: [Need("iam:ListRoles", .everything)]
        case .simulatePrincipalPolicy: [Need("iam:SimulatePrincipalPolicy", .role)]
        case .batchGetImage: [Need("ecr:BatchGetImage", .repository)]
        case .describeKey, .getKeyPolicy:
            [Need("kms:\(name)", .objectKey), Need("kms:\(name)", .volumeKey)]
        case .listServiceQuotas: [Need("servicequotas:ListServiceQuotas", .everything)]
        default: sageMakerNeeds
        }
    }

    /// Copies send no tags and an empty replacement for the source's, so no tagging action is among these.
    ///
    /// See [Required permissions](https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html).
    private var objectNeeds: [Need] {
        // Who may not list a bucket is told that an object is forbidden where it is not there.
        let lookingFor = Need("s3:ListBucket", .bucket)
        let writing = Need("s3:PutObject", .object)
        let copied = [Need("s3:GetObject", .source), Need("s3:GetObjectVersion", .sourceVersion)]
        let decrypting = Need("kms:Decrypt", .objectKey)
        let encrypting = Need("kms:GenerateDataKey", .objectKey)
        let decryptingSource = Need("kms:Decrypt", .sourceKey)
        return switch self {
        case .headObject, .getObject: [Need("s3:GetObject", .object), lookingFor, decrypting]
        case .copyObject: copied + [writing, decryptingSource, encrypting]
        case .createMultipartUpload: [writing, encrypting]
        // A part is encrypted with the upload's data key, which has to be decrypted for it.
        case .uploadPartCopy: copied + [writing, decryptingSource, encrypting, decrypting]
        case .completeMultipartUpload: [writing, decrypting]
        case .abortMultipartUpload: [Need("s3:AbortMultipartUpload", .object)]
        case .listParts: [Need("s3:ListMultipartUploadParts", .object)]
        case .listMultipartUploads: [Need("s3:ListBucketMultipartUploads", .bucket)]
        case .listObjects: [lookingFor]
        case .deleteObjects: [Need("s3:DeleteObject", .object)]
        default: []
        }
    }

    private var sageMakerNeeds: [Need] {
        func need(_ resources: Need.Resource...) -> [Need] { resources.map { Need("sagemaker:\(name)", $0) } }
        // Whatever is created is tagged in the same call.
        func tagged(_ resource: Need.Resource) -> [Need] { [Need("sagemaker:AddTags", resource)] }
        // SageMaker asks for a grant on the volumes' key in the caller's name.
        let grant = Need("kms:CreateGrant", .volumeKey)
        return switch self {
        case .describeModelPackage: need(.modelPackage)
        case .listModelPackages: need(.modelPackageGroup)
        case .createModel: need(.model) + tagged(.model) + [Need("iam:PassRole", .executionRole)]
        case .describeModel, .deleteModel: need(.model)
        case .createEndpointConfig: need(.endpointConfig) + tagged(.endpointConfig)
        case .describeEndpointConfig, .deleteEndpointConfig: need(.endpointConfig)
        case .createEndpoint: need(.endpoint, .endpointConfig) + tagged(.endpoint) + [grant]
        case .updateEndpoint: need(.endpoint, .endpointConfig) + [grant]
        case .describeEndpoint, .deleteEndpoint, .invokeEndpoint: need(.endpoint)
        case .listEndpoints, .listModels, .listEndpointConfigs: need(.everything)
        case .listTags: need(.model, .endpointConfig, .endpoint)
        // What is adopted gets its tag once it is verified.
        case .addTags: need(.endpoint)
        default: []
        }
    }
}
