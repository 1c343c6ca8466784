/// Every operation of AWS that this program calls; an `AWSCall` cannot be made of any other.
///
/// What a caller needs for one is its `needs`, from which policies are written and which `sluice doctor` checks.
public enum AWSOperation: String, Sendable, CaseIterable {
    case receiveMessage = "ReceiveMessage"
    case deleteMessageBatch = "DeleteMessageBatch"
    case sendMessage = "SendMessage"

    case assumeRole = "AssumeRole"
    case assumeRoleWithWebIdentity = "AssumeRoleWithWebIdentity"
    case getCallerIdentity = "GetCallerIdentity"

    case headObject = "HeadObject"
    case getObject = "GetObject"
    case copyObject = "CopyObject"
    case createMultipartUpload = "CreateMultipartUpload"
    case uploadPartCopy = "UploadPartCopy"
    case completeMultipartUpload = "CompleteMultipartUpload"
    case abortMultipartUpload = "AbortMultipartUpload"
    case listParts = "ListParts"
    case listMultipartUploads = "ListMultipartUploads"
    case listObjects = "ListObjectsV2"
    case deleteObjects = "DeleteObjects"

    case describeModelPackage = "DescribeModelPackage"
    case listModelPackages = "ListModelPackages"
    case createModel = "CreateModel"
    case describeModel = "DescribeModel"
    case deleteModel = "DeleteModel"
    case createEndpointConfig = "CreateEndpointConfig"
    case describeEndpointConfig = "DescribeEndpointConfig"
    case deleteEndpointConfig = "DeleteEndpointConfig"
    case createEndpoint = "CreateEndpoint"
    case describeEndpoint = "DescribeEndpoint"
    case updateEndpoint = "UpdateEndpoint"
    case deleteEndpoint = "DeleteEndpoint"
    case listEndpoints = "ListEndpoints"
    case listTags = "ListTags"
    case addTags = "AddTags"
    case invokeEndpoint = "InvokeEndpoint"
    case listModels = "ListModels"
    case listEndpointConfigs = "ListEndpointConfigs"

    case describeAlarms = "DescribeAlarms"
    case putEvents = "PutEvents"
    case listAccountsForParent = "ListAccountsForParent"
    case listOrganizationalUnitsForParent = "ListOrganizationalUnitsForParent"

    // What `sluice doctor` alone asks.
    case getQueueAttributes = "GetQueueAttributes"
    case listRuleNamesByTarget = "ListRuleNamesByTarget"
    case describeRule = "DescribeRule"
    case describeEventBus = "DescribeEventBus"
    case headBucket = "HeadBucket"
    case getRole = "GetRole"
    case listRoles = "ListRoles"
    case simulatePrincipalPolicy = "SimulatePrincipalPolicy"
    case batchGetImage = "BatchGetImage"
    case describeKey = "DescribeKey"
    case getKeyPolicy = "GetKeyPolicy"
    case listServiceQuotas = "ListServiceQuotas"

    /// AWS's name for it.
    public var name: String { rawValue }

    /// Whether `sluice doctor` alone asks it, so that a rollout needs no permission for it.
    public var isDoctors: Bool {
        switch self {
        case .getQueueAttributes, .listRuleNamesByTarget, .describeRule, .describeEventBus, .headBucket,
            .getRole, .listRoles, .simulatePrincipalPolicy, .batchGetImage, .describeKey, .getKeyPolicy,
            .listServiceQuotas:
            true
        default: false
        }
    }

    /// Whether `sluice teardown` alone asks it, so that a rollout needs no permission for it.
    public var isTeardowns: Bool { self == .listModels || self == .listEndpointConfigs }

    var service: Service {
        switch self {
        case .receiveMessage, .deleteMessageBatch, .sendMessage, .getQueueAttributes: .sqs
        case .assumeRole, .assumeRoleWithWebIdentity, .getCallerIdentity: .sts
        case .headObject, .getObject, .copyObject, .createMultipartUpload, .uploadPartCopy,
            .completeMultipartUpload, .abortMultipartUpload, .listParts, .listMultipartUploads, .listObjects,
            .deleteObjects, .headBucket:
            .s3
        case .describeModelPackage, .listModelPackages, .createModel, .describeModel, .deleteModel,
            .createEndpointConfig, .describeEndpointConfig, .deleteEndpointConfig, .createEndpoint,
            .describeEndpoint, .updateEndpoint, .deleteEndpoint, .listEndpoints, .listTags, .addTags,
            .listModels, .listEndpointConfigs:
            .sageMaker
        case .invokeEndpoint: .sageMakerRuntime
        case .describeAlarms: .cloudWatch
        case .putEvents, .listRuleNamesByTarget, .describeRule, .describeEventBus: .eventBridge
        case .getRole, .listRoles, .simulatePrincipalPolicy: .iam
        case .batchGetImage: .ecr
        case .describeKey, .getKeyPolicy: .kms
        case .listServiceQuotas: .serviceQuotas
        case .listAccountsForParent, .listOrganizationalUnitsForParent: .organizations
        }
    }
}
