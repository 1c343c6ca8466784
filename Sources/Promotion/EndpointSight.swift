/// What DescribeEndpoint showed of an endpoint at one moment.
public struct EndpointSight: Hashable, Sendable, Codable {
    /// SageMaker's nine statuses in the four kinds that matter here.
    public enum Kind: String, Sendable, Codable {
        /// `InService`.
        case inService
        /// `Creating`, `Updating`, `SystemUpdating`, `RollingBack`, `Deleting`: it accepts no change.
        case inProgress
        /// `Failed`: it can only be deleted.
        case failed
        /// `OutOfService`, `UpdateRollbackFailed` and whatever AWS adds.
        case impaired
    }

    public let kind: Kind
    /// The status in AWS's own word.
    public let status: String
    /// The config that is live. While an update runs this is still the old one.
    public let config: String
    /// The endpoint's LastModifiedTime.
    public let modifiedAt: Moment
    /// AWS's FailureReason, often absent even after a failure.
    public let failureReason: String?
    /// How the last update moved the traffic, as LastDeploymentConfig has it; nil where it says nothing.
    public let traffic: String?

    public init(
        kind: Kind,
        status: String,
        config: String,
        modifiedAt: Moment,
        failureReason: String?,
        traffic: String? = nil
    ) {
        self.kind = kind
        self.status = status
        self.config = config
        self.modifiedAt = modifiedAt
        self.failureReason = failureReason
        self.traffic = traffic
    }

    /// Whether the FailureReason names capacity, a quota or a fault of the service rather than the model.
    var blamesAWS: Bool {
        guard let reason = failureReason?.lowercased() else { return false }
        return ["capacity", "resourcelimit", "quota", "limit exceeded", "internal", "service unavailable"]
            .contains { reason.contains($0) }
    }
}

/// What an attempt found before it changes anything.
public struct Inspection: Hashable, Sendable, Codable {
    /// The endpoint, or nil where the account has none of that name.
    public let endpoint: EndpointSight?
    /// Whether the endpoint carries Sluice's tag or serves a config that the ledger knows.
    public let isOurs: Bool

    public init(endpoint: EndpointSight?, isOurs: Bool) {
        self.endpoint = endpoint
        self.isOurs = isOurs
    }
}
